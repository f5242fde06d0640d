"""A chat client."""
from openai import OpenAI

DEFAULT_MODEL = "qwen3-max"
MODELS = ["qwen3.7-plus", "qwen-turbo-latest", "qwen3.7-pluss"]
FALLBACK: str = "qwen-vl-max-latest"  # model-studio-limits: allow

client = OpenAI(base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1")


def ask(question: str, model: str = "qwen-turbo") -> str:
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}])
    return answer.choices[0].message.content


# A shared ID, in a file that uses Model Studio.
REASONER = "deepseek-r1"
