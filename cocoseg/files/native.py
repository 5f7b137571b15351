"""Whether the native part is there: it reads label pictures as runs, and makes the rows of class maps from runs.

It is built with the package where there is a C compiler. ``COCOSEG_NATIVE=0`` turns it off. Without it everything works
and gives the same results, more slowly.
"""

from __future__ import annotations

import os
from types import ModuleType

SWITCH = "COCOSEG_NATIVE"

native: ModuleType | None
try:
    from cocoseg.files import _native as built
except ImportError:
    native, state = None, "no native part: it was not built"
else:
    off = os.environ.get(SWITCH) == "0"
    native, state = (None, f"native part turned off by {SWITCH}=0") if off else (built, "with its native part")
