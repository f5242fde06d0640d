"""The package `openai`."""

import asyncio
import time
import unittest

import openai
from settings import (
    ANSWER,
    BASE_URL,
    EMBEDDING_MODEL,
    FAST_MODEL,
    KEY,
    MODEL,
    PROMPT,
    REPLACEMENT,
    RETIRED_MODEL,
    SLOW_MODEL,
    counts,
    wait_until,
)

# Without retries, a test fails if any call is refused.
SETTINGS = {"base_url": BASE_URL + "/v1", "api_key": KEY, "max_retries": 0}
MESSAGES = [{"role": "user", "content": PROMPT}]
LONG = [{"role": "user", "content": "Tell a story. [output_tokens=100000]"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


class OpenAI(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(**SETTINGS)
        self.addCleanup(self.client.close)

    def chat(self, **arguments):
        arguments = {"model": MODEL, "messages": MESSAGES} | arguments
        return self.client.chat.completions.create(**arguments)

    def test_chat(self):
        answer = self.chat()
        self.assertEqual(answer.choices[0].message.content, ANSWER)
        self.assertEqual(answer.usage.completion_tokens, 6)

    def test_stream_with_usage(self):
        chunks = list(self.chat(stream=True, stream_options={"include_usage": True}))
        self.assertEqual(text(chunks), ANSWER)
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.completion_tokens, 6)

    def test_a_stream_has_no_usage_unless_the_client_asks_for_it(self):
        chunks = list(self.chat(stream=True))
        self.assertEqual(text(chunks), ANSWER)
        for chunk in chunks:
            self.assertEqual(len(chunk.choices), 1, chunk)
            self.assertIsNone(chunk.usage)
        self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")

    def test_tools(self):
        message = self.chat(tools=TOOLS).choices[0].message
        call = message.tool_calls[0]
        self.assertEqual(call.function.name, "weather")
        result = {"role": "tool", "tool_call_id": call.id, "content": "Rain"}
        answer = self.chat(tools=TOOLS, messages=[*MESSAGES, message, result])
        self.assertEqual(answer.choices[0].message.content, ANSWER)

    def test_tools_in_a_stream(self):
        chunks = list(self.chat(tools=TOOLS, stream=True))
        names = [call.function.name for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
        self.assertEqual(names, ["weather"])
        self.assertEqual(chunks[-1].choices[0].finish_reason, "tool_calls")

    def test_completions(self):
        answer = self.client.completions.create(model=MODEL, prompt=PROMPT)
        self.assertEqual(answer.choices[0].text, ANSWER)
        chunks = self.client.completions.create(model=MODEL, prompt=PROMPT, stream=True)
        self.assertEqual("".join(chunk.choices[0].text for chunk in chunks), ANSWER)

    def test_embeddings(self):
        answer = self.client.embeddings.create(model=EMBEDDING_MODEL, input=["a", "b"], dimensions=64)
        self.assertEqual([len(item.embedding) for item in answer.data], [64, 64])
        self.assertEqual(answer.data[0].embedding[0], 1 / 32)

    def test_responses(self):
        answer = self.client.responses.create(model=MODEL, input=PROMPT)
        self.assertEqual(answer.output_text, ANSWER)
        self.assertEqual(answer.usage.output_tokens, 6)

    def test_responses_in_a_stream(self):
        with self.client.responses.stream(model=MODEL, input=PROMPT) as stream:
            deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
            answer = stream.get_final_response()
        self.assertEqual("".join(deltas), ANSWER)
        self.assertEqual(answer.output_text, ANSWER)

    def test_models(self):
        names = [model.id for model in self.client.models.list()]
        self.assertIn(MODEL, names)

    def test_a_wrong_key(self):
        client = self.client.with_options(api_key="sk-wrong")
        with self.assertRaises(openai.AuthenticationError) as caught:
            client.chat.completions.create(model=MODEL, messages=MESSAGES)
        self.assertEqual(caught.exception.code, "invalid_api_key")

    def test_a_client_that_leaves_ends_the_stream(self):
        cancelled = counts(MODEL)["cancelled"]
        stream = self.chat(messages=LONG, stream=True)
        next(iter(stream))
        stream.close()
        wait_until(lambda: counts(MODEL)["cancelled"] == cancelled + 1)
        self.test_chat()

    def test_a_retired_model(self):
        before = counts(RETIRED_MODEL)
        with self.assertRaises(openai.NotFoundError) as caught:
            self.chat(model=RETIRED_MODEL)
        self.assertEqual(caught.exception.code, "model_not_found")
        self.assertIn(REPLACEMENT, str(caught.exception))
        self.assertEqual(counts(RETIRED_MODEL), before)

    def test_an_unknown_model(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.chat(model="qwen3.7-puls")
        self.assertIn("qwen3.7-plus", str(caught.exception))

    def test_a_call_that_cannot_start_in_time_is_refused_at_once(self):
        self.chat(model=SLOW_MODEL)
        start = time.monotonic()
        with self.assertRaises(openai.RateLimitError) as caught:
            self.client.with_options(timeout=2).chat.completions.create(model=SLOW_MODEL, messages=MESSAGES)
        self.assertLess(time.monotonic() - start, 1)
        seconds = int(caught.exception.response.headers["retry-after"])
        self.assertTrue(2 < seconds <= 40, seconds)

    def test_more_calls_than_the_limit_wait(self):
        async def call_all():
            async with openai.AsyncOpenAI(**SETTINGS) as client:
                create = client.chat.completions.create
                calls = [create(model=FAST_MODEL, messages=MESSAGES) for _ in range(100)]
                return await asyncio.gather(*calls)

        before = counts(FAST_MODEL)
        start = time.monotonic()
        answers = asyncio.run(call_all())
        # 20 calls per second. Nobody else calls this model.
        self.assertGreater(time.monotonic() - start, 3)
        self.assertEqual({answer.choices[0].message.content for answer in answers}, {ANSWER})
        after = counts(FAST_MODEL)
        self.assertEqual(after["accepted"], before["accepted"] + 100)


def text(chunks):
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


if __name__ == "__main__":
    unittest.main()
