"""``cocoseg to-yolo``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToYolo


@conversion(ToYolo)
def command() -> Callable[..., Any]:
    """Convert annotations to a YOLO data set that ultralytics trains on: outlines, or class maps.

    OUT gets data.yaml, images (links to the photos), and labels or masks.
    Run the same command again to resume; only changed images are converted again.

    Example: cocoseg to-yolo instances.json out/ --photos val2017 --parts train=.9,val=.1
    """
    from cocoseg.tools.yolo import to_yolo

    return to_yolo
