"""``cocoseg to-panoptic``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToPanoptic


@conversion(ToPanoptic)
def command() -> Callable[..., Any]:
    """Convert annotations to COCO panoptic: a JSON, and a PNG of segment ids for each image.

    The JSON is OUT/panoptic.json, and each image becomes OUT/panoptic/<file_name>.
    Run the same command again to resume; only changed images are converted again.

    Example: cocoseg to-panoptic instances.json out/ --stuff stuff.json
    """
    from cocoseg.tools.panoptic import to_panoptic

    return to_panoptic
