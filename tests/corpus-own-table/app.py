"""Calls to a provider of which there is a table."""
from acme import Client

DEFAULT = "atlas-4-turbo"
MODELS = ["atlas-5", "atlas-5-mini", "atlas-5-mimi", "atlas-5-nano", "o1", "o3"]
PREFIXED = "openrouter/atlas-4-turbo", "text-atlas-003-x", "data/text-atlas-003.json"

client = Client()
o1 = client.chat(model="o1", prompt="a command")
o1 = client.chat(model="atlas-4-0613")
