"""``cocoseg resize``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.cli.subset import Target
from cocoseg.options import Resizing


@conversion(Resizing, Target)
def command() -> Callable[..., Any]:
    """Write images in another size, with their photos if --photos names the folder.

    Example: cocoseg resize instances.json small --photos photos --max 1024
    """
    from cocoseg.tools.resize import resize

    return resize
