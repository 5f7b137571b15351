"""A data set of images and targets, for a ``DataLoader``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Literal, get_args

import torch

from cocoseg.errors import LabelError, SampleError, UsageError, show
from cocoseg.formats.reading import read
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.model import Dataset, Sample
from cocoseg.parallel import tune_memory
from cocoseg.torch import targets
from cocoseg.torch.entries import FileEntries
from cocoseg.torch.images import ImageFolder
from cocoseg.torch.wrapping import wrapper

Target = Literal["semantic", "onehot", "instances", "segments", "panoptic", "packed"]
Mode = Literal["semantic", "panoptic"]
StrPath = str | os.PathLike[str]
Transform = Callable[[Any, Any], tuple[Any, Any]]


class SegmentationDataset(torch.utils.data.Dataset[tuple[Any, Any]]):
    """``dataset[i]`` is ``(image, target)``.

    * ``dataset``: what ``cocoseg.read`` gives, for reading with options or changes, or the path of what it reads.
    * ``target``: one of

      - ``"semantic"``: (H, W) of ``dtype``, by default int64; for cross entropy with ``ignore_index=void``. uint8 is
        an eighth of the bytes to copy, on this machine and to the device; make it ``.long()`` there.
      - ``"onehot"``: (C, H, W) of ``dtype``, by default float32, void all zeros; for BCE on sigmoids.
      - ``"instances"``: a dict as torchvision's detectors take it: ``boxes`` (n, 4) float32 xyxy, ``labels`` (n,)
        int64, ``masks`` (n, H, W) uint8, ``iscrowd`` (n,) int64, ``area`` (n,) float32, ``image_id``. Labels of
        ``"index"`` count from 1, as 0 is background there. Stuff is left out.
      - ``"segments"``: a dict as MaskFormer takes it: ``masks`` (n, H, W) bool, ``labels`` (n,) int64; with ``mode``
        ``"semantic"`` one mask per class present, with ``"panoptic"`` one per segment, crowds left out.
      - ``"panoptic"``: a dict of ``id_map`` (H, W) int64, 0 void, and its table: ``ids``, ``labels``, ``area``,
        ``iscrowd``, each (n,) int64, and ``image_id``.
      - ``"packed"``: ``PackedMasks``, to be decoded on the device: the least that a worker can ship.
    * ``images``: a folder of photos, or a function Sample -> image; without it images are None.
    * ``labels``: a scheme, a preset's name or a scheme file.
    * ``transform``: ``transform(image, target)`` -> both, made to both alike (``cocoseg.torch.transforms``).
    * ``tv_tensors``: whether images, masks and boxes know what they are to ``torchvision.transforms.v2``; None: where
      torchvision is installed.

    Its index lies in a temporary file that all workers read, under fork and spawn. Workers have glibc keep the memory
    that a picture frees (``cocoseg.parallel.tune_memory``), and ship a batch in one piece where ``collate`` or
    ``PadCollate`` of this package is the loader's.

    Raises UsageError: ``usage.choice``, ``usage.extra``; LabelError as ``cocoseg.label_scheme``, and ``label.range``
    for a void or class that ``dtype`` does not hold; ``dataset[i]`` raises SampleError where image i is bad, in a
    loader's worker and out of it.

    >>> data = SegmentationDataset("fixtures/panoptic.json", target="segments", mode="panoptic")
    >>> image, target = data[0]
    >>> target["labels"].tolist(), tuple(target["masks"].shape), data.num_classes
    ([0, 0, 2], (3, 6, 8), 5)
    """

    def __init__(
        self,
        dataset: Dataset | StrPath,
        *,
        target: Target = "semantic",
        images: StrPath | Callable[[Sample], Any] | None = None,
        labels: LabelScheme | StrPath = "index",
        transform: Transform | None = None,
        mode: Mode = "semantic",
        dtype: torch.dtype | None = None,
        tv_tensors: bool | None = None,
    ) -> None:
        _check("target", target, get_args(Target))
        _check("mode", mode, get_args(Mode))
        source = dataset if isinstance(dataset, Dataset) else read(dataset)
        if not isinstance(dtype, torch.dtype | None):
            raise UsageError("usage.choice", f"dtype is {show(dtype)}, expected one of torch, such as torch.uint8")
        self.dataset = replace(source, entries=FileEntries(source.entries))
        self.labels = label_scheme(labels, source, background=True if target == "instances" else None)
        self.images = ImageFolder(images) if isinstance(images, str | os.PathLike) else images
        self.transform = transform
        self.target = targets.maker(target, mode, self.labels, dtype or targets.dtype_of(target))
        self.wrap = wrapper(tv_tensors)
        if target in ("semantic", "onehot") and dtype is not None:
            _check_range(self.labels, dtype, target)

    @property
    def num_classes(self) -> int:
        """C, the channels that a network needs; background counts, void does not."""
        return self.labels.num_classes

    @property
    def void(self) -> int:
        """The class index of unknown pixels: ``ignore_index``."""
        return self.labels.void

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if isinstance(index, slice):
            raise UsageError("usage.place", "pairs come one by one; for a part give SegmentationDataset a dataset[a:b]")
        if torch.utils.data.get_worker_info() is None:
            return self._item(index)
        _settle_in(os.getpid())
        try:
            return self._item(index)
        except SampleError as error:
            raise WorkerSampleError(str(error.problem)) from error

    def _item(self, index: int) -> tuple[Any, Any]:
        sample = self.dataset[index]
        image = None if self.images is None else self.images(sample)
        image, target = self.wrap(image, self.target(sample))
        return (image, target) if self.transform is None else self.transform(image, target)


class WorkerSampleError(SampleError):
    """A SampleError out of a loader's worker, which ``DataLoader`` makes anew of a text alone, traceback and all.

    >>> error = WorkerSampleError("png.corrupt: panoptic.json: annotations[3]: the PNG is cut off; get the file again")
    >>> error.category
    'png.corrupt'
    """

    def __init__(self, *told: str) -> None:
        super().__init__(*(told if len(told) == 2 else (_category(*told), *told)))


def _category(text: str) -> str:
    """What stands before the message, alone or at the end of a traceback."""
    found = re.search(r"(?:^|WorkerSampleError: )([a-z_]+\.[a-z_0-9]+): ", text)
    return found[1] if found else "worker.sample"


@cache
def _settle_in(process: int) -> None:
    """Keep freed memory between pictures in a loader's worker, once; other processes are not ours to tune."""
    tune_memory()


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError("usage.choice", f"{name} is {show(value)}, expected one of {', '.join(allowed)}")


def _check_range(scheme: LabelScheme, dtype: torch.dtype, target: str) -> None:
    largest = 1 if target == "onehot" else max(scheme.void, scheme.outside, scheme.num_classes - 1)
    if largest > _largest(dtype):
        raise LabelError("label.range", f"labels {show(scheme.name)} go up to {largest}, which {dtype} does not hold")


def _largest(dtype: torch.dtype) -> int:
    """Up to here a type holds every whole number."""
    if dtype == torch.bool:
        return 1
    return int(2 / torch.finfo(dtype).eps) if dtype.is_floating_point else torch.iinfo(dtype).max
