"""Whether the native part is there: it reads label pictures as runs, and makes the rows of class maps from runs.

It is built with the package where there is a C compiler. ``COCOSEG_NATIVE=0`` turns it off. Without it everything works
and gives the same results, more slowly.
"""

from __future__ import annotations

import os
from types import ModuleType

SWITCH = "COCOSEG_NATIVE"

native: ModuleType | None = None
missing = ""
if os.environ.get(SWITCH) == "0":
    missing = f"is turned off by {SWITCH}=0"
else:
    try:
        from cocoseg.files import _native
    except ImportError:
        missing = "was not built"
    else:
        native = _native


def in_words() -> str:
    """Whether the native part is used, as ``cocoseg --version`` says it."""
    return f"without its native part, which {missing}" if missing else "with its native part"
