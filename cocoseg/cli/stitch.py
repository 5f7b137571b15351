"""``cocoseg stitch``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.cli.subset import Target
from cocoseg.options import Stitching


@conversion(Stitching, Target)
def command() -> Callable[..., Any]:
    """Put tiles together again, as they were cut or predicted on.

    Example: cocoseg stitch tiles whole
    """
    from cocoseg.tools.stitch import stitch

    return stitch
