"""cocoseg in a training loop: data sets, one-hot and decoding on the device. Needs ``pip install 'cocoseg[torch]'``.

>>> import cocoseg, cocoseg.torch
>>> dataset = cocoseg.torch.SegmentationDataset(cocoseg.read("fixtures/panoptic.json"), target="semantic")
>>> image, target = dataset[0]
>>> tuple(target.shape), target.dtype
((6, 8), torch.int64)
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("torch") is None:
    raise ImportError("cocoseg.torch needs torch: pip install 'cocoseg[torch]', or '.[torch]' from a checkout")

from cocoseg.torch.collate import PadCollate, collate
from cocoseg.torch.confusion import ConfusionMatrix
from cocoseg.torch.dataset import SegmentationDataset
from cocoseg.torch.images import ImageFolder
from cocoseg.torch.inference import (
    instances_from_boxes,
    panoptic_from_queries,
    semantic_from_queries,
    to_panoptic,
    to_results,
)
from cocoseg.torch.onehot import one_hot
from cocoseg.torch.packed import PackedMasks
from cocoseg.torch.resize import resize_class_map
from cocoseg.torch.shards import ShardDataset
from cocoseg.torch.transforms import Compose, Pad, RandomCrop, RandomFlip, Resize, drop_empty

__all__ = [
    "Compose",
    "ConfusionMatrix",
    "ImageFolder",
    "PackedMasks",
    "Pad",
    "PadCollate",
    "RandomCrop",
    "RandomFlip",
    "Resize",
    "SegmentationDataset",
    "ShardDataset",
    "collate",
    "drop_empty",
    "instances_from_boxes",
    "one_hot",
    "panoptic_from_queries",
    "resize_class_map",
    "semantic_from_queries",
    "to_panoptic",
    "to_results",
]
