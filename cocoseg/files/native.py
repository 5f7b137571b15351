"""Whether the native reader of label pictures is there.

It is built with the package where there is a C compiler. ``COCOSEG_NATIVE=0`` turns it off. Without it everything works
and gives the same results, more slowly.
"""

from __future__ import annotations

import os
from types import ModuleType

SWITCH = "COCOSEG_NATIVE"

reader: ModuleType | None
try:
    from cocoseg.files import _reader as built
except ImportError:
    reader, state = None, "Python, as the native reader was not built"
else:
    off = os.environ.get(SWITCH) == "0"
    reader, state = (None, f"Python, as {SWITCH} is 0") if off else (built, "native")
