"""What the tests know about the servers. `.ci/gateway-clients` starts them."""

import json
import os
import time
import urllib.request

# The gateway.
BASE_URL = os.environ["BASE_URL"]
# The mock provider, which counts what arrives.
MOCK_URL = os.environ["MOCK_URL"]
# The API key that the mock provider accepts.
KEY = os.environ["API_KEY"]

# Models of the region whose table the gateway uses.
MODEL = "qwen3.7-plus"
EMBEDDING_MODEL = "text-embedding-v4"
IMAGE_MODEL = "wan2.2-t2i-flash"
RETIRED_MODEL, REPLACEMENT = "qwen-plus-2024-11-27", "qwen-plus-2025-12-01"
# 20 requests per second, by the configuration.
FAST_MODEL = "qwen3.7-flash"
# 1 request in 30 seconds.
SLOW_MODEL = "qwen3.7-max-2026-05-20"

# What the mock provider answers.
PROMPT = "Say something. [output_tokens=6]"
ANSWER = "one two six ten one two "


def counts(model):
    """Returns what the mock provider has counted for a model."""
    with urllib.request.urlopen(MOCK_URL + "/mock/counts") as response:
        return json.load(response).get(model, {"accepted": 0, "running": 0, "cancelled": 0})


def wait_until(condition):
    """Waits for something that happens soon."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it has not happened within 10 seconds"
        time.sleep(0.01)
