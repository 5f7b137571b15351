"""``cocoseg to-voc``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToVoc


@conversion(ToVoc)
def command() -> Callable[..., Any]:
    """Convert annotations to Pascal VOC: pictures of classes and objects, lists, and links to the photos.

    OUT gets SegmentationClass, SegmentationObject, ImageSets/Segmentation, JPEGImages and class_names.txt.
    Run the same command again to resume; only changed images are converted again.

    Example: cocoseg to-voc instances.json out/ --photos val2017 --parts train=.9,val=.1
    """
    from cocoseg.tools.voc import to_voc

    return to_voc
