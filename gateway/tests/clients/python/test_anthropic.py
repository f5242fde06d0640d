"""The package `anthropic`."""

import unittest

import anthropic
from settings import ANSWER, BASE_URL, KEY, MODEL, PROMPT, REPLACEMENT, RETIRED_MODEL, counts, wait_until

CALL = {"model": MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": PROMPT}]}
TOOLS = [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}]


class Anthropic(unittest.TestCase):
    def setUp(self):
        self.client = anthropic.Anthropic(base_url=BASE_URL, api_key=KEY, max_retries=0)
        self.addCleanup(self.client.close)

    def test_message(self):
        answer = self.client.messages.create(**CALL)
        self.assertEqual(answer.content[0].text, ANSWER)
        self.assertEqual(answer.usage.output_tokens, 6)

    def test_the_base_url_with_the_path_of_the_provider(self):
        client = self.client.with_options(base_url=BASE_URL + "/apps/anthropic")
        self.assertEqual(client.messages.create(**CALL).content[0].text, ANSWER)

    def test_stream(self):
        with self.client.messages.stream(**CALL) as stream:
            words = "".join(stream.text_stream)
            answer = stream.get_final_message()
        self.assertEqual(words, ANSWER)
        self.assertEqual(answer.usage.output_tokens, 6)
        self.assertEqual(answer.stop_reason, "end_turn")

    def test_tools(self):
        answer = self.client.messages.create(**CALL, tools=TOOLS)
        call = answer.content[0]
        self.assertEqual(call.name, "weather")
        result = [{"type": "tool_result", "tool_use_id": call.id, "content": "Rain"}]
        messages = [
            *CALL["messages"],
            {"role": "assistant", "content": answer.content},
            {"role": "user", "content": result},
        ]
        answer = self.client.messages.create(**CALL | {"messages": messages}, tools=TOOLS)
        self.assertEqual(answer.content[0].text, ANSWER)

    def test_a_client_that_leaves_ends_the_stream(self):
        cancelled = counts(MODEL)["cancelled"]
        messages = [{"role": "user", "content": "[output_tokens=100000]"}]
        call = CALL | {"messages": messages, "max_tokens": 100_000}
        with self.client.messages.stream(**call) as stream:
            next(stream.text_stream)
        wait_until(lambda: counts(MODEL)["cancelled"] == cancelled + 1)

    def test_a_wrong_key(self):
        with self.assertRaises(anthropic.AuthenticationError):
            self.client.with_options(api_key="sk-wrong").messages.create(**CALL)

    def test_a_retired_model(self):
        with self.assertRaises(anthropic.NotFoundError) as caught:
            self.client.messages.create(**CALL | {"model": RETIRED_MODEL})
        self.assertIn(REPLACEMENT, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
