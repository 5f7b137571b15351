"""A data set of images and training targets, for a ``DataLoader``."""

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

    * ``dataset``: the result of ``cocoseg.read``, which may be changed or sliced, or the path to read.
    * ``target``: one of

      - ``"semantic"``: (H, W) of ``dtype``, by default int64; for cross entropy with ``ignore_index=void``. uint8
        needs an eighth of the bytes, in memory and on the way to the device; call ``.long()`` there.
      - ``"onehot"``: (C, H, W) of ``dtype``, by default float32, void all zeros; for BCE on sigmoids.
      - ``"instances"``: a dict as torchvision's detectors take it: ``boxes`` (n, 4) float32 xyxy, ``labels`` (n,)
        int64, ``masks`` (n, H, W) uint8, ``iscrowd`` (n,) int64, ``area`` (n,) float32, ``image_id``. With
        labels ``"index"`` they count from 1, because detectors take 0 for background. Stuff is left out.
      - ``"segments"``: a dict as MaskFormer takes it: ``masks`` (n, H, W) bool, ``labels`` (n,) int64; one mask
        per class present with ``mode="semantic"``, one per segment without crowds with ``mode="panoptic"``.
      - ``"panoptic"``: a dict of ``id_map`` (H, W) int64, 0 void, and its table: ``ids``, ``labels``, ``area``,
        ``iscrowd``, each (n,) int64, and ``image_id``.
      - ``"packed"``: ``PackedMasks``, to be decoded on the device: the smallest target to send from a worker.
    * ``images``: a folder of photos, or a function Sample -> image; by default images are None.
    * ``labels``: a scheme, the name of a preset, or a scheme file.
    * ``transform``: ``transform(image, target)`` -> both, changed in the same way (``cocoseg.torch.transforms``).
    * ``tv_tensors``: whether images, masks and boxes are tv_tensors, whose kind ``torchvision.transforms.v2`` knows; by
      default if torchvision is installed.

    The entries are in a nameless temporary file that all workers read, under fork and spawn; other pickles of the data
    set carry them, and can be loaded anywhere. In workers, glibc keeps the memory
    that a picture frees (``cocoseg.parallel.tune_memory``). With this package's ``collate`` or ``PadCollate``, workers
    send a batch in one piece.

    Raises UsageError: ``usage.choice``, ``usage.extra``; LabelError as ``cocoseg.label_scheme``, and ``label.range``
    for a void or class that does not fit ``dtype``. ``dataset[i]`` raises SampleError if image i is bad, in a loader's
    worker too.

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
            raise UsageError("usage.choice", f"dtype is {show(dtype)}, expected a dtype of torch, such as torch.uint8")
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
        """C, the channels of a network's output; background counts, void does not."""
        return self.labels.num_classes

    @property
    def void(self) -> int:
        """The class index of unknown pixels: ``ignore_index``."""
        return self.labels.void

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if isinstance(index, slice):
            raise UsageError("usage.place", "a SegmentationDataset cannot be sliced; make one of a slice, dataset[a:b]")
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
    """A SampleError from a loader's worker, which ``DataLoader`` makes again from one text that has the traceback.

    >>> error = WorkerSampleError("png.corrupt: panoptic.json: annotations[3]: the PNG is cut off; get the file again")
    >>> error.category
    'png.corrupt'
    """

    def __init__(self, *args: str) -> None:
        super().__init__(*(args if len(args) == 2 else (_category(*args), *args)))


def _category(text: str) -> str:
    """The category before the message, which may stand at the end of a traceback."""
    found = re.search(r"(?:^|WorkerSampleError: )([a-z_]+\.[a-z_0-9]+): ", text)
    return found[1] if found else "worker.sample"


@cache
def _settle_in(process: int) -> None:
    """Keep freed memory between pictures, once in each of a loader's workers and in no other process."""
    tune_memory()


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError("usage.choice", f"{name} is {show(value)}, expected one of {', '.join(allowed)}")


def _check_range(scheme: LabelScheme, dtype: torch.dtype, target: str) -> None:
    largest = 1 if target == "onehot" else max(scheme.void, scheme.outside, scheme.num_classes - 1)
    if largest > _largest(dtype):
        raise LabelError("label.range", f"labels {show(scheme.name)} go up to {largest}, which does not fit {dtype}")


def _largest(dtype: torch.dtype) -> int:
    """The largest number up to which a type holds every integer."""
    if dtype == torch.bool:
        return 1
    return int(2 / torch.finfo(dtype).eps) if dtype.is_floating_point else torch.iinfo(dtype).max
