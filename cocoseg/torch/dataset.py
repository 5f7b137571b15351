"""A data set of images and training targets, for a ``DataLoader``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import chain
from operator import index as as_index
from typing import Any, Literal, get_args, overload

import numpy as np
import torch

from cocoseg.errors import SampleError, UsageError, show
from cocoseg.formats.reading import read
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.fit import fitted
from cocoseg.model import Dataset, Refused, Sample
from cocoseg.options import check_choice
from cocoseg.targets.segments import instances
from cocoseg.torch import targets
from cocoseg.torch.entries import FileEntries
from cocoseg.torch.images import ImageFolder
from cocoseg.torch.notes import Notes
from cocoseg.torch.voids import with_void
from cocoseg.torch.workers import in_worker_too
from cocoseg.torch.wrapping import wrapper

Target = Literal["semantic", "onehot", "instances", "segments", "panoptic", "packed"]
Mode = Literal["semantic", "panoptic"]
OnError = Literal["stop", "skip"]
StrPath = str | os.PathLike[str]
Transform = Callable[[Any, Any], tuple[Any, Any]]


class SegmentationDataset(torch.utils.data.Dataset[tuple[Any, Any]]):
    """``dataset[i]`` is ``(image, target)``; ``dataset[a:b]`` and ``dataset[[0, 4, 2]]`` are smaller data sets.

    * ``dataset``: the result of ``cocoseg.read``, which may be changed or sliced, or the path to read.
    * ``target``: one of

      - ``"semantic"``: (H, W) of ``dtype``, by default int64; for cross entropy with ``ignore_index=void``. uint8
        needs an eighth of the bytes, in memory and on the way to the device; call ``.long()`` there.
      - ``"onehot"``: (C, H, W) of ``dtype``, by default float32, void all zeros; for BCE on sigmoids.
      - ``"instances"``: a dict as torchvision's detectors take it: ``boxes`` (n, 4) float32 xyxy, ``labels`` (n,)
        int64, ``masks`` (n, H, W) uint8, ``iscrowd`` (n,) int64, ``area`` (n,) float32, ``image_id``. With
        labels ``"index"`` they count from 1, because detectors take 0 for background. Stuff is left out, and so are
        crowds, as in torchvision's reference training; ``crowds=True`` keeps them, as COCO's evaluation needs them.
      - ``"segments"``: a dict as MaskFormer takes it: ``masks`` (n, H, W) bool, ``labels`` (n,) int64; one mask
        per class present with ``mode="semantic"``, one per segment without crowds with ``mode="panoptic"``.
      - ``"panoptic"``: a dict of ``id_map`` (H, W) int64, 0 void, and its table: ``ids``, ``labels``, ``area``,
        ``iscrowd``, each (n,) int64, and ``image_id``.
      - ``"packed"``: ``PackedMasks``, to be decoded on the device: the smallest target to send from a worker.
    * ``images``: a folder of photos, see ``ImageFolder``: images are (3, H, W) uint8, RGB, and networks take ``images /
      255``, which is float32. Or a function Sample -> image, of any dtype. By default images are None.
    * ``labels``: a scheme, the name of a preset, or a scheme file.
    * ``transform``: ``transform(image, target)`` -> both, changed in the same way (``cocoseg.torch.transforms``).
    * ``tv_tensors``: whether images, masks and boxes are tv_tensors, whose kind ``torchvision.transforms.v2`` knows; by
      default if torchvision is installed.
    * ``on_error``: whether ``dataset[i]`` raises the SampleError of a bad image, in a loader's worker too (``"stop"``),
      or gives the next good image in its place (``"skip"``): the same one in every epoch and worker, so that lengths
      and batches stay as they are. This is said once; ``notes["skipped"]`` lists the bad images that were met.

    The entries are in a nameless temporary file that all workers read, under fork and spawn; other pickles of the data
    set carry them, and can be loaded anywhere. In workers, glibc keeps the memory
    that a picture frees (``cocoseg.parallel.tune_memory``). With this package's ``collate`` or ``PadCollate``, workers
    send a batch in one piece.

    Raises UsageError: ``usage.choice``, ``usage.extra``; LabelError as ``cocoseg.label_scheme``, and ``label.range``
    for a void or class that does not fit ``dtype``. ``dataset[i]`` raises SampleError if image i is bad, or all are.

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
        on_error: OnError = "stop",
        crowds: bool = False,
    ) -> None:
        check_choice("target", target, get_args(Target), "choice")
        check_choice("mode", mode, get_args(Mode), "choice")
        check_choice("on_error", on_error, get_args(OnError), "choice")
        if crowds and target != "instances":
            raise UsageError("usage.crowds", f"crowds=True keeps crowds in target='instances', not in {show(target)}")
        source = dataset if isinstance(dataset, Dataset) else read(dataset)
        if not isinstance(dtype, torch.dtype | None):
            raise UsageError("usage.choice", f"dtype is {show(dtype)}, expected a dtype of torch, such as torch.uint8")
        self.on_error = on_error
        self._kind = target
        self.labels = _scheme(labels, source, target)
        self.images = _images(images)
        self.transform = transform
        self.crowds = crowds
        painted = self.labels if crowds or target != "instances" else replace(self.labels, crowd="drop")
        self.target = targets.maker(target, mode, painted, dtype or targets.dtype_of(target))
        self.wrap = wrapper(tv_tensors)
        if target in ("semantic", "onehot") and dtype is not None:
            targets.check_range(self.labels, dtype, target)
        self._hold(source)

    def _hold(self, dataset: Dataset) -> None:
        """Take the images of a data set; those that are known to be bad are said if they are skipped."""
        skips = self.on_error == "skip"
        entries = [entry for entry in dataset.entries if not _is_stray(entry)] if skips else dataset.entries
        self.dataset = replace(dataset, entries=FileEntries(entries))
        self._notes = Notes(len(entries))
        if skips:
            self._skip_known(dataset)

    def _skip_known(self, dataset: Dataset) -> None:
        refused = [entry for entry in dataset.entries if isinstance(entry, Refused)]
        self._notes.mark("skipped", *(i for i, entry in enumerate(self.dataset.entries) if isinstance(entry, Refused)))
        if refused:
            found = f"{len(refused)} of {len(dataset)} entries of {dataset.source} cannot be used and are skipped"
            warnings.warn(f"{found}; the first: {refused[0].problem.message}", stacklevel=5)

    @property
    def num_classes(self) -> int:
        """C, the channels of a network's output; background counts, void does not."""
        return self.labels.num_classes

    @property
    def void(self) -> int:
        """The class index of unknown pixels: ``ignore_index``."""
        return self.labels.void

    @property
    def notes(self) -> dict[str, list[int]]:
        """The images that something was said about, by what happened: indices so far, from all workers.

        ``"skipped"``: they cannot be used, and another took their place. ``"orientation"``: their photos have an EXIF
        orientation, and the annotation's size with and without it. ``"crowds"``: they have no object for
        ``target="instances"``, because all are crowds.
        """
        return self._notes.images

    def __len__(self) -> int:
        return len(self.dataset)

    @overload
    def __getitem__(self, index: int) -> tuple[Any, Any]: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int]) -> SegmentationDataset: ...
    def __getitem__(self, index: Any) -> tuple[Any, Any] | SegmentationDataset:
        if isinstance(index, slice) or getattr(index, "ndim", isinstance(index, Sequence)):
            return self._part(index)
        number = range(len(self))[as_index(index)]
        return in_worker_too(lambda: self._get(number))

    def _part(self, which: slice | Sequence[int]) -> SegmentationDataset:
        part = copy(self)
        part._hold(self.dataset[which if isinstance(which, slice) else _numbers(which)])
        return part

    def _get(self, index: int) -> tuple[Any, Any]:
        return self._item(index) if self.on_error == "stop" else self._good_item(index)

    def _good_item(self, index: int) -> tuple[Any, Any]:
        """The item, or the next good one; the first follows the last."""
        for number in self._good_from(index):
            try:
                return self._item(number)
            except SampleError as error:
                text = f"image {number} cannot be used, the next good one takes its place: {error.message}"
                self._notes.say("skipped", number, text)
        return self._naming_all(index)

    def _good_from(self, index: int) -> Iterator[int]:
        """All images that are not known to be bad, from ``index`` on."""
        numbers = chain(range(index, len(self)), range(index))
        return (number for number in numbers if not self._notes.has("skipped", number))

    def _naming_all(self, index: int) -> tuple[Any, Any]:
        """Raise the error of an image where all are bad."""
        try:
            return self._item(index)
        except SampleError as error:
            raise error.at(f"none of the {len(self)} images can be used; one of them") from None

    def _item(self, index: int) -> tuple[Any, Any]:
        sample = self.dataset[index]
        image = self._image(index, sample)
        image, target = self.wrap(image, self.target(sample))
        if self._kind == "instances" and not self.crowds and not len(target["labels"]):
            self._say_crowds(index, sample)
        if self.transform is not None:
            image, target = self.transform(image, self._marked(target))
        return image, self._marked(target)

    def _say_crowds(self, index: int, sample: Sample) -> None:
        """Note an image that has no object because all are crowds."""
        if count := sample.iscrowd.any() and len(instances(sample, self.labels).ids):
            text = f"{sample.place or show(sample.key)}: the only objects are crowds ({count}), which are left out"
            self._notes.say("crowds", index, f"{text}; pass crowds=True to keep them")

    def _marked(self, target: Any) -> Any:
        """A class map that remembers void."""
        return with_void(target, self.void) if self._kind == "semantic" else target

    def _image(self, index: int, sample: Sample) -> Any:
        if not isinstance(self.images, ImageFolder):
            return None if self.images is None else self.images(sample)
        image, problem = self.images.photo(sample)
        if problem:
            self._notes.say("orientation", index, problem.message)
        return image


def _images(given: StrPath | Callable[[Sample], Any] | None) -> Callable[[Sample], Any] | None:
    if given is not None and not isinstance(given, str | os.PathLike) and not callable(given):
        raise UsageError("usage.images", f"images is {show(given)}, expected a folder of photos, or a function")
    return ImageFolder(given) if isinstance(given, str | os.PathLike) else given


def _numbers(which: Sequence[int]) -> list[int]:
    """Indices from a list, an array or a tensor. Raises UsageError ``usage.place`` for flags."""
    if any(getattr(one, "dtype", type(one)) in (bool, np.bool_, torch.bool) for one in which):
        raise UsageError("usage.place", "images are chosen by their indices, not by flags")
    return list(map(as_index, which))


def _scheme(labels: LabelScheme | StrPath, source: Dataset, target: Target) -> LabelScheme:
    """The scheme for a data set. Instances leave 0 to background, even where the data set lists a background."""
    if target != "instances":
        return label_scheme(labels, source)
    return fitted(label_scheme(labels, list(source.categories), background=True), source.conventions)


def _is_stray(entry: Any) -> bool:
    return isinstance(entry, Refused) and entry.stray
