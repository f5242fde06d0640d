"""Lists of model IDs, in a file that names Model Studio and vLLM."""
import argparse
import logging

parser = argparse.ArgumentParser()
parser.add_argument("--model", type=str, default="qwen2.5-72b-instruct", choices=["qwen-pluss"])
parser.add_argument("--fallback", choices=["qwen3.7-plus", "qwen2.5-7b-instruct"])
logging.info("other models: qwen3.7-plus, qwen2.5-32b-instruct")

# The name of a configuration, not of a model.
model_config_name = "qwen_max"
