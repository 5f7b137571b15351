"""A data set of images and training targets, for a ``DataLoader``."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from operator import index as as_index
from typing import Any, Literal, get_args, overload

import numpy as np
import torch

from cocoseg.errors import UsageError, show
from cocoseg.formats.reading import read
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.fit import fitted
from cocoseg.limits import allowing
from cocoseg.model import Dataset, ImageId, Sample
from cocoseg.options import check_choice
from cocoseg.targets.segments import only_crowds
from cocoseg.torch import targets
from cocoseg.torch.entries import FileEntries
from cocoseg.torch.images import ImageFolder
from cocoseg.torch.notes import Notes, say_problems
from cocoseg.torch.skipping import next_good, say_refused, without_strays
from cocoseg.torch.voids import with_void
from cocoseg.torch.workers import in_worker_too
from cocoseg.torch.wrapping import wrapper

Target = Literal["semantic", "onehot", "instances", "segments", "panoptic", "packed"]
Mode = Literal["semantic", "panoptic"]
OnError = Literal["stop", "skip"]

_ADVICE = {  # by target: what to do where the crowds that it leaves out were the only objects
    "instances": "pass crowds=True to keep them",
    "segments": "mode='semantic' has a mask for each of their classes",
    "packed": "only its class map has them",
}
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
    * ``images``: a folder of photos (``ImageFolder``): images are (3, H, W) uint8, RGB; networks take ``images / 255``,
      which is float32. True: the folder that the data set itself names, ``dataset.photos``. Or a function Sample ->
      image, of any dtype. By default images are None.
    * ``labels``: a scheme, the name of a preset, or a scheme file.
    * ``transform``: ``transform(image, target)`` -> both, changed in the same way (``cocoseg.torch.transforms``).
    * ``tv_tensors``: whether images, masks and boxes are tv_tensors, whose kind ``torchvision.transforms.v2`` knows; by
      default if torchvision is installed.
    * ``on_error``: whether ``dataset[i]`` raises the SampleError of a bad image, in a loader's worker too (``"stop"``),
      or gives the next good image in its place (``"skip"``): the same one in every epoch and worker, so that lengths
      and batches stay as they are. This is said once; ``notes["skipped"]`` lists the bad images that were met.

    The entries are in a nameless temporary file that all workers read, under fork and spawn; other pickles of the data
    set carry them. Files are found by the paths that were given: a pickle that is loaded in another folder needs
    absolute ones. In workers, glibc keeps the memory that a picture frees
    (``cocoseg.parallel.tune_memory``). With this package's ``collate`` or ``PadCollate``, workers send a batch in one
    piece.

    Raises UsageError: ``usage.choice``, ``usage.extra``, ``usage.images``, ``usage.crowds``; LabelError as
    ``cocoseg.label_scheme``, and ``label.range`` for a void or class that does not fit ``dtype``. ``dataset[i]`` raises
    SampleError if image i is bad, or if all are.

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
        images: StrPath | Callable[[Sample], Any] | bool | None = None,
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
        _check_images(images)
        if not isinstance(dtype, torch.dtype | None):
            raise UsageError("usage.choice", f"dtype is {show(dtype)}, expected a dtype of torch, such as torch.uint8")
        source = dataset if isinstance(dataset, Dataset) else read(dataset)
        self.images = _images(images, source)
        self.on_error = on_error
        self._kind = target
        self.labels = _scheme(labels, source, target)
        self.transform = transform
        self._without_crowds = "" if crowds or (target, mode) == ("segments", "semantic") else _ADVICE.get(target, "")
        painted = self.labels if crowds or target != "instances" else replace(self.labels, crowd="drop")
        self.target = targets.maker(target, mode, painted, dtype or targets.dtype_of(target))
        self.wrap = wrapper(tv_tensors)
        if target in ("semantic", "onehot") and dtype is not None:
            targets.check_range(self.labels, dtype, target)
        say_problems((*source.problems, *self.labels.problems))
        self._hold(source)

    def _hold(self, dataset: Dataset) -> None:
        """Take the images of a data set; those that are known to be bad are said if they are skipped."""
        skips = self.on_error == "skip"
        entries = without_strays(dataset.entries) if skips else dataset.entries
        self.dataset = replace(dataset, entries=FileEntries(entries))
        self._notes = Notes(len(entries))
        if skips:
            say_refused(dataset, entries, self._notes)

    @property
    def num_classes(self) -> int:
        """C, the channels of a network's output; background counts, void does not."""
        return self.labels.num_classes

    @property
    def classes(self) -> tuple[str | None, ...]:
        """The names of the C classes by their index; None for an index that no pixel can have.

        >>> SegmentationDataset("fixtures/instances.json").classes
        ('background', 'person', 'dog', 'bottle')
        """
        names = {self.labels.outside: "unlabelled"} | {row.index: row.name for row in self.labels.table}
        return tuple(None if index == self.void else names.get(index) for index in range(self.num_classes))

    @property
    def void(self) -> int:
        """The class index of unknown pixels: ``ignore_index``."""
        return self.labels.void

    @property
    def notes(self) -> dict[str, list[int]]:
        """The images that something was said about, by what happened: indices so far, from all workers.

        ``"skipped"``: they cannot be used, and another took their place. ``"orientation"``: their photos have an EXIF
        orientation, and the annotation's size with and without it. ``"crowds"``: they have no object in a target
        without crowds, because all are crowds. ``"problems"``: their annotation has harmless problems.
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
        try:
            number = range(len(self))[as_index(index)]
        except IndexError:
            raise IndexError("data set index out of range") from None
        return in_worker_too(lambda: self._get(number))

    def by_image_id(self, image_id: ImageId) -> tuple[Any, Any]:
        """The image and target with this id in the annotation file, never another's in their place.

        Raises KeyError if no image has this id, UsageError ``usage.image_id`` if several have it, SampleError if it is
        bad.

        >>> data = SegmentationDataset("fixtures/instances.json", target="instances")
        >>> data.by_image_id(2)[1]["image_id"]
        2
        """
        return self._item(self.dataset.position_of(image_id))

    def _part(self, which: slice | Sequence[int]) -> SegmentationDataset:
        part = copy(self)
        part._hold(self.dataset[which if isinstance(which, slice) else _numbers(which)])
        return part

    def _get(self, index: int) -> tuple[Any, Any]:
        if self.on_error == "stop":
            return self._item(index)
        return next_good(self._item, index, len(self), self._notes)

    def _item(self, index: int) -> tuple[Any, Any]:
        sample = self.dataset[index]
        if sample.problems:
            self._notes.say("problems", index, sample.problems[0].message)
        image = self._image(index, sample)
        with allowing(sample.max_pixels):
            image, target = self.wrap(image, self.target(sample))
        if self._without_crowds and (count := only_crowds(sample, self.labels)):
            text = f"{sample.place or show(sample.key)}: the only objects are crowds ({count}), which are left out"
            grouped = "name their instance numbers in cocoseg.read(..., instances=...), or "
            advice = (grouped if self.dataset.conventions.grouped else "") + self._without_crowds
            self._notes.say("crowds", index, f"{text}; {advice}")
        if self.transform is not None:
            image, target = self.transform(image, self._marked(target))
        return image, self._marked(target)

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


def _check_images(given: object) -> None:
    """Raises UsageError ``usage.images``."""
    if given is not None and not isinstance(given, str | os.PathLike | bool) and not callable(given):
        text = f"images is {show(given)}, expected a folder of photos, True, or a function"
        raise UsageError("usage.images", text)


def _images(given: StrPath | Callable[[Sample], Any] | bool | None, source: Dataset) -> Callable[[Sample], Any] | None:
    """What makes a sample's image. Raises UsageError ``usage.images``."""
    if given is True and not source.photos:
        text = f"{source.source} does not say where its photos are; pass images=FOLDER in place of images=True"
        raise UsageError("usage.images", text)
    folder = source.photos if given is True else given
    return ImageFolder(folder) if isinstance(folder, str | os.PathLike) else folder or None


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
