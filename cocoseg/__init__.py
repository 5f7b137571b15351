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
    from cocoseg.targets.semantic import instance_masks, panoptic_to_semantic, semantic
    from cocoseg.tools.coco import AnnotationSummary, to_coco
    from cocoseg.tools.evaluate import evaluate
    from cocoseg.tools.info import Info, info
    from cocoseg.tools.masks import MaskSummary, to_masks
    from cocoseg.tools.merge import merge
    from cocoseg.tools.onehot import OneHotSummary, to_onehot
    from cocoseg.tools.panoptic import PanopticSummary, to_panoptic
    from cocoseg.tools.semantic import to_semantic
    from cocoseg.tools.split import SplitSummary, split
    from cocoseg.tools.subset import subset
    from cocoseg.tools.summary import Summary
    from cocoseg.tools.verify import Verification, verify

_HOMES = {
    "codecs.onehot": "from_one_hot one_hot",
    "codecs.regions": "Regions",
    "codecs.rle": "Runs",
    "codecs.segmentation": "decode encode",
    "errors": "CocosegError DocumentError LabelError OutputError Problem SampleError UsageError",
    "evaluation.evaluation": "Evaluation",
    "formats.reading": "read",
    "formats.masks.load": "load_masks",
    "labels": "LabelClass LabelScheme label_scheme",
    "metrics.confusion": "ConfusionMatrix",
    "model": "Category Dataset Sample",
    "targets.semantic": "instance_masks panoptic_to_semantic semantic",
    "tools.coco": "AnnotationSummary to_coco",
    "tools.evaluate": "evaluate",
    "tools.info": "Info info",
    "tools.panoptic": "PanopticSummary to_panoptic",
    "tools.masks": "MaskSummary to_masks",
    "tools.merge": "merge",
    "tools.onehot": "OneHotSummary to_onehot",
    "tools.semantic": "to_semantic",
    "tools.split": "SplitSummary split",
    "tools.subset": "subset",
    "tools.summary": "Summary",
    "tools.verify": "Verification verify",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AnnotationSummary",
    "Category",
    "CocosegError",
    "ConfusionMatrix",
    "Dataset",
    "DocumentError",
    "Evaluation",
    "Info",
    "LabelClass",
    "LabelError",
    "LabelScheme",
    "MaskSummary",
    "OneHotSummary",
    "OutputError",
    "PanopticSummary",
    "Problem",
    "Regions",
    "Runs",
    "Sample",
    "SampleError",
    "SplitSummary",
    "Summary",
    "UsageError",
    "Verification",
    "__version__",
    "decode",
    "encode",
    "evaluate",
    "from_one_hot",
    "info",
    "instance_masks",
    "label_scheme",
    "load_masks",
    "merge",
    "one_hot",
    "panoptic_to_semantic",
    "read",
    "semantic",
    "split",
    "subset",
    "to_coco",
    "to_masks",
    "to_onehot",
    "to_panoptic",
    "to_semantic",
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
