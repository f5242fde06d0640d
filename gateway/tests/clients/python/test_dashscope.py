"""The package `dashscope`."""

import unittest

import dashscope
from settings import (
    ANSWER,
    BASE_URL,
    EMBEDDING_MODEL,
    IMAGE_MODEL,
    KEY,
    MODEL,
    PROMPT,
    REPLACEMENT,
    RETIRED_MODEL,
    counts,
)

dashscope.base_http_api_url = BASE_URL + "/api/v1"
dashscope.api_key = KEY

MESSAGES = [{"role": "user", "content": PROMPT}]


def generate(**arguments):
    arguments = {"model": MODEL, "messages": MESSAGES, "result_format": "message"} | arguments
    return dashscope.Generation.call(**arguments)


class DashScope(unittest.TestCase):
    def test_generation(self):
        answer = generate()
        self.assertEqual(answer.status_code, 200, answer)
        self.assertEqual(answer.output.choices[0].message.content, ANSWER)
        self.assertEqual(answer.usage.output_tokens, 6)

    def test_stream(self):
        parts = list(generate(stream=True, incremental_output=True))
        texts = [part.output.choices[0].message.content for part in parts]
        self.assertGreater(len(texts), 1)
        self.assertEqual("".join(texts), ANSWER)
        self.assertEqual(parts[-1].usage.output_tokens, 6)

    def test_stream_of_whole_texts(self):
        parts = list(generate(stream=True))
        self.assertEqual(parts[-1].output.choices[0].message.content, ANSWER)

    def test_images_as_input(self):
        content = [{"image": "https://images.example/cat.png"}, {"text": PROMPT}]
        messages = [{"role": "user", "content": content}]
        answer = dashscope.MultiModalConversation.call(model=MODEL, messages=messages)
        self.assertEqual(answer.status_code, 200, answer)
        self.assertEqual(answer.output.choices[0].message.content, [{"text": ANSWER}])

    def test_embeddings(self):
        answer = dashscope.TextEmbedding.call(model=EMBEDDING_MODEL, input=["a", "b"], dimension=64)
        self.assertEqual(answer.status_code, 200, answer)
        self.assertEqual([len(item["embedding"]) for item in answer.output["embeddings"]], [64, 64])

    def test_a_task(self):
        before = counts(IMAGE_MODEL)
        task = dashscope.ImageSynthesis.async_call(model=IMAGE_MODEL, prompt="A cat")
        self.assertEqual(task.status_code, 200, task)
        self.assertEqual(task.output.task_status, "PENDING")
        result = dashscope.ImageSynthesis.wait(task)
        self.assertEqual(result.output.task_status, "SUCCEEDED")
        self.assertTrue(result.output.results[0].url)
        after = counts(IMAGE_MODEL)
        self.assertEqual(after["accepted"], before["accepted"] + 1)

    def test_tasks_that_have_ended_make_room_for_others(self):
        # Two may run at the same time.
        before = counts(IMAGE_MODEL)["accepted"]
        for _ in range(2):
            tasks = [dashscope.ImageSynthesis.async_call(model=IMAGE_MODEL, prompt="A cat") for _ in range(2)]
            for task in tasks:
                self.assertEqual(task.status_code, 200, task)
                self.assertEqual(dashscope.ImageSynthesis.wait(task).output.task_status, "SUCCEEDED")
        self.assertEqual(counts(IMAGE_MODEL)["accepted"] - before, 4)

    def test_a_wrong_key(self):
        answer = generate(api_key="sk-wrong")
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.code, "InvalidApiKey")

    def test_a_retired_model(self):
        answer = generate(model=RETIRED_MODEL)
        self.assertEqual(answer.status_code, 404)
        self.assertIn(REPLACEMENT, answer.message)

    def test_a_retired_model_in_a_stream(self):
        (answer,) = generate(model=RETIRED_MODEL, stream=True)
        self.assertEqual(answer.status_code, 404)
        self.assertIn(REPLACEMENT, answer.message)


if __name__ == "__main__":
    unittest.main()
