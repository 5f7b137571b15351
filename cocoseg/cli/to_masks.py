"""``cocoseg to-masks``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToMasks


@conversion(ToMasks)
def command() -> Callable[..., Any]:
    """Convert annotations to binary masks, one PNG for each segment.

    Each image becomes a folder OUT/<image> of masks <id>_<class>.png, 0 and 255, with a table masks.json.
    Run the same command again to resume; only changed images are converted again.

    Example: cocoseg to-masks panoptic.json out/
    """
    from cocoseg.tools.masks import to_masks

    return to_masks
