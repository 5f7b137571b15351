"""How a command runs, from its options."""

from __future__ import annotations

from cocoseg.options import Running, part
from cocoseg.runs.run import How


def running(options: Running) -> How:
    """How the options ask for the run to be done. Raises UsageError."""
    return How(**part(Running, options))
