"""The ``cocoseg`` command: one module a command, each a few lines over a tool."""

from cocoseg.cli.guard import main

__all__ = ["main"]
