"""The native part, if it is there: label pictures to runs and back, polygons, and masks one over another (``c/``).

It is built with the package where there is a C compiler. ``COCOSEG_NATIVE=0`` turns it off. Without it everything works
and gives the same results, more slowly.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

SWITCH = "COCOSEG_NATIVE"

native: ModuleType | None = None
missing = ""
if os.environ.get(SWITCH) == "0":
    missing = f"is turned off by {SWITCH}=0"
else:
    try:
        native = import_module("cocoseg._native")
    except ImportError:
        missing = "was not built"


def in_words() -> str:
    """Whether the native part is used, as ``cocoseg --version`` says it."""
    return f"without its native part, which {missing}" if missing else "with its native part"
