"""Codecs turn arrays into arrays; nothing here opens a file."""
