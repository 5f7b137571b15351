"""``cocoseg tile``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.cli.subset import Target
from cocoseg.options import Tiling


@conversion(Tiling, Target)
def command() -> Callable[..., Any]:
    """Cut images into tiles, with their photos if --photos names the folder.

    Example: cocoseg tile instances.json tiles --photos photos --size 1024 --overlap 128
    """
    from cocoseg.tools.tile import tile

    return tile
