// The package `openai` for Node.

import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";

// `.ci/gateway-clients` starts the servers. The Python tests explain the settings.
const { BASE_URL, MOCK_URL, API_KEY } = process.env;

const MODEL = "qwen3.7-plus";
const FAST_MODEL = "qwen3.7-flash-2026-07-15";
const SLOW_MODEL = "qwen3.7-max-2026-06-08";
const messages = [{ role: "user", content: "Say something. [output_tokens=6]" }];
const ANSWER = "one two six ten one two ";
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];

// Without retries, a test fails if any call is refused.
const client = new OpenAI({ baseURL: `${BASE_URL}/v1`, apiKey: API_KEY, maxRetries: 0 });
const chat = (fields, options) => client.chat.completions.create({ model: MODEL, messages, ...fields }, options);

async function counts(model) {
  const all = await (await fetch(`${MOCK_URL}/mock/counts`)).json();
  return all[model] ?? { accepted: 0, running: 0, cancelled: 0 };
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const text = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");

test("chat", async () => {
  const answer = await chat();
  assert.equal(answer.choices[0].message.content, ANSWER);
  assert.equal(answer.usage.completion_tokens, 6);
});

test("a stream with usage", async () => {
  const chunks = await collect(await chat({ stream: true, stream_options: { include_usage: true } }));
  assert.equal(text(chunks), ANSWER);
  assert.equal(chunks.at(-1).usage.completion_tokens, 6);
});

test("a stream has no usage unless the client asks for it", async () => {
  const chunks = await collect(await chat({ stream: true }));
  assert.equal(text(chunks), ANSWER);
  for (const chunk of chunks) {
    assert.equal(chunk.choices.length, 1);
    assert.ok(!chunk.usage);
  }
});

test("tools", async () => {
  const { message } = (await chat({ tools })).choices[0];
  assert.equal(message.tool_calls[0].function.name, "weather");
  const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "Rain" };
  const answer = await chat({ tools, messages: [...messages, message, result] });
  assert.equal(answer.choices[0].message.content, ANSWER);
});

test("embeddings", async () => {
  // The package asks for Base64.
  const answer = await client.embeddings.create({ model: "text-embedding-v4", input: ["a", "b"], dimensions: 64 });
  assert.deepEqual(answer.data.map(({ embedding }) => embedding.length), [64, 64]);
  assert.equal(answer.data[0].embedding[0], 1 / 32);
});

test("responses", async () => {
  const answer = await client.responses.create({ model: MODEL, input: messages[0].content });
  assert.equal(answer.output_text, ANSWER);
  const events = await collect(await client.responses.create({ model: MODEL, input: messages[0].content, stream: true }));
  const deltas = events.filter(({ type }) => type === "response.output_text.delta");
  assert.equal(deltas.map(({ delta }) => delta).join(""), ANSWER);
  assert.equal(events.at(-1).response.usage.output_tokens, 6);
});

test("a wrong key", async () => {
  const other = client.withOptions({ apiKey: "sk-wrong" });
  await assert.rejects(other.chat.completions.create({ model: MODEL, messages }), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError, error);
    return error.code === "invalid_api_key";
  });
});

test("a client that leaves ends the stream", async () => {
  const before = await counts(MODEL);
  const long = [{ role: "user", content: "Tell a story. [output_tokens=100000]" }];
  const stream = await chat({ messages: long, stream: true });
  for await (const chunk of stream) break;
  const deadline = Date.now() + 10_000;
  while ((await counts(MODEL)).cancelled === before.cancelled) {
    assert.ok(Date.now() < deadline, "the stream has not ended within 10 seconds");
  }
  assert.equal((await chat()).choices[0].message.content, ANSWER);
});

test("a retired model", async () => {
  await assert.rejects(chat({ model: "qwen-plus-2024-11-27" }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError, error);
    assert.equal(error.code, "model_not_found");
    assert.match(error.message, /qwen-plus-2025-12-01/);
    return true;
  });
});

test("a call that cannot start in time is refused at once", async () => {
  await chat({ model: SLOW_MODEL });
  const start = Date.now();
  await assert.rejects(chat({ model: SLOW_MODEL }, { timeout: 2_000 }), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError, error);
    const seconds = Number(error.headers.get("retry-after"));
    return seconds > 2 && seconds <= 40;
  });
  assert.ok(Date.now() - start < 1_000);
});

test("more calls than the limit wait", async () => {
  const before = await counts(FAST_MODEL);
  const start = Date.now();
  const answers = await Promise.all(Array.from({ length: 100 }, () => chat({ model: FAST_MODEL })));
  // 20 calls per second. Nobody else calls this model.
  assert.ok(Date.now() - start > 3_000);
  for (const answer of answers) assert.equal(answer.choices[0].message.content, ANSWER);
  const after = await counts(FAST_MODEL);
  assert.equal(after.accepted, before.accepted + 100);
});
