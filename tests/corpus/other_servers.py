"""Model IDs of other servers: nothing is reported."""
from groq import Groq

model = "qwen2.5-72b-instruct"
model = "Qwen2-7B-Instruct"
model = "deepseek-r1"
model = "qwen-2.5-32b"
model = "gpt-4o"
