#!/bin/sh
chat --model qwen3-vl-plus-2025-09-23 --model=qwen3.7-puls
curl "https://example.com/?model=qwen-max-latest&stream=true"
