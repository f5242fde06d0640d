import { generateText } from "ai";

const model: string = "qwen-plus-latset";
await generateText({ model: provider("qwen3-coder-plus"), prompt: `Use 'qwen-vl-plus-latest'.` });
// A part of a longer name, a path and a file are not model IDs.
const others = ["my-qwen3-max", "qwen/qwen3-max", "qwen3-max.json", "qwen3-max:free"];
