"""Bytes to disk and back: names, JSON, PNG, and files that appear whole or not at all."""
