"""Convert segmentation annotations to what training code needs, and back.

>>> import cocoseg
>>> dataset = cocoseg.read("fixtures/panoptic.json")
>>> labels = cocoseg.label_scheme("index", dataset)
>>> cocoseg.semantic(dataset[0], labels).shape
(6, 8)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cocoseg.version import __version__

if TYPE_CHECKING:
    from cocoseg.codecs.onehot import from_one_hot, one_hot
    from cocoseg.codecs.regions import Regions
    from cocoseg.codecs.rle import Runs
    from cocoseg.codecs.segmentation import decode, encode
    from cocoseg.drawing.difference import difference
    from cocoseg.drawing.picture import colorize, overlay
    from cocoseg.errors import (
        CocosegError,
        DocumentError,
        LabelError,
        OutputError,
        Problem,
        SampleError,
        UsageError,
    )
    from cocoseg.evaluation.evaluation import Evaluation
    from cocoseg.formats.masks.load import load_masks
    from cocoseg.formats.reading import read
    from cocoseg.labels import LabelClass, LabelScheme, label_scheme
    from cocoseg.metrics.confusion import ConfusionMatrix
    from cocoseg.model import Category, Dataset, Sample
    from cocoseg.stats.findings import Finding
    from cocoseg.stats.statistics import Statistics
    from cocoseg.targets.semantic import instance_masks, panoptic_to_semantic, semantic
    from cocoseg.tools.check import Check, check
    from cocoseg.tools.coco import AnnotationSummary, to_coco
    from cocoseg.tools.evaluate import evaluate
    from cocoseg.tools.hf import to_hf
    from cocoseg.tools.info import Info, info
    from cocoseg.tools.masks import MaskSummary, to_masks
    from cocoseg.tools.merge import merge
    from cocoseg.tools.onehot import OneHotSummary, to_onehot
    from cocoseg.tools.panoptic import PanopticSummary, to_panoptic
    from cocoseg.tools.resize import resize
    from cocoseg.tools.semantic import to_semantic
    from cocoseg.tools.shards import ShardSummary, to_shards
    from cocoseg.tools.show import PictureSummary, show
    from cocoseg.tools.split import SplitSummary, split
    from cocoseg.tools.stacks import HfSummary, VocSummary
    from cocoseg.tools.stitch import stitch
    from cocoseg.tools.subset import subset
    from cocoseg.tools.summary import Summary
    from cocoseg.tools.tile import tile
    from cocoseg.tools.verify import Verification, verify
    from cocoseg.tools.voc import to_voc
    from cocoseg.tools.yolo import YoloSummary, to_yolo

_HOMES = {
    "codecs.onehot": "from_one_hot one_hot",
    "codecs.regions": "Regions",
    "codecs.rle": "Runs",
    "codecs.segmentation": "decode encode",
    "drawing.difference": "difference",
    "drawing.picture": "colorize overlay",
    "errors": "CocosegError DocumentError LabelError OutputError Problem SampleError UsageError",
    "evaluation.evaluation": "Evaluation",
    "formats.reading": "read",
    "formats.masks.load": "load_masks",
    "labels": "LabelClass LabelScheme label_scheme",
    "metrics.confusion": "ConfusionMatrix",
    "model": "Category Dataset Sample",
    "stats.findings": "Finding",
    "stats.statistics": "Statistics",
    "targets.semantic": "instance_masks panoptic_to_semantic semantic",
    "tools.check": "Check check",
    "tools.coco": "AnnotationSummary to_coco",
    "tools.evaluate": "evaluate",
    "tools.info": "Info info",
    "tools.report": "Report report",
    "tools.panoptic": "PanopticSummary to_panoptic",
    "tools.masks": "MaskSummary to_masks",
    "tools.merge": "merge",
    "tools.onehot": "OneHotSummary to_onehot",
    "tools.resize": "resize",
    "tools.semantic": "to_semantic",
    "tools.show": "PictureSummary show",
    "tools.split": "SplitSummary split",
    "tools.stitch": "stitch",
    "tools.subset": "subset",
    "tools.summary": "Summary",
    "tools.hf": "to_hf",
    "tools.shards": "ShardSummary to_shards",
    "tools.stacks": "HfSummary VocSummary",
    "tools.tile": "tile",
    "tools.verify": "Verification verify",
    "tools.voc": "to_voc",
    "tools.yolo": "YoloSummary to_yolo",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AnnotationSummary",
    "Category",
    "Check",
    "CocosegError",
    "ConfusionMatrix",
    "Dataset",
    "DocumentError",
    "Evaluation",
    "Finding",
    "HfSummary",
    "Info",
    "LabelClass",
    "LabelError",
    "LabelScheme",
    "MaskSummary",
    "OneHotSummary",
    "OutputError",
    "PanopticSummary",
    "PictureSummary",
    "Problem",
    "Regions",
    "Runs",
    "Sample",
    "SampleError",
    "ShardSummary",
    "SplitSummary",
    "Statistics",
    "Summary",
    "UsageError",
    "Verification",
    "VocSummary",
    "YoloSummary",
    "__version__",
    "check",
    "colorize",
    "decode",
    "difference",
    "encode",
    "evaluate",
    "from_one_hot",
    "info",
    "instance_masks",
    "label_scheme",
    "load_masks",
    "merge",
    "one_hot",
    "overlay",
    "panoptic_to_semantic",
    "read",
    "report",
    "resize",
    "semantic",
    "show",
    "split",
    "stitch",
    "subset",
    "tile",
    "to_coco",
    "to_hf",
    "to_masks",
    "to_onehot",
    "to_panoptic",
    "to_semantic",
    "to_shards",
    "to_voc",
    "to_yolo",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing cocoseg stays fast."""
    if name not in _HOME:
        raise AttributeError(f"module 'cocoseg' has no attribute {name!r}")
    value = getattr(import_module(f"cocoseg.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
