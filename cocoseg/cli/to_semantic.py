"""``cocoseg to-semantic``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToSemantic


@conversion(ToSemantic)
def command() -> Callable[..., Any]:
    """Convert annotations to class maps, one PNG of class indices for each image.

    Each image becomes OUT/<file_name>.
    Run the same command again to resume; only changed images are converted again.

    Example: cocoseg to-semantic panoptic.json out/ --labels mask2former
    """
    from cocoseg.tools.semantic import to_semantic

    return to_semantic
