"""Photos and labels from tars that ``cocoseg to-shards`` wrote, in a training loop."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterator
from glob import escape, glob
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from cocoseg.errors import SampleError, UsageError, show
from cocoseg.files.photo import open_photo, rgb_pixels, size_in_header
from cocoseg.targets.numbered import IGNORED
from cocoseg.torch.voids import with_void

_LABEL, _ABOUT = ".seg.png", ".json"


class ShardDataset(torch.utils.data.IterableDataset[tuple[Tensor, Any]]):
    """Iterates over ``(image, target)`` of the tars of a part: (3, H, W) uint8 RGB, and the labels (H, W) int64.

    * ``folder``: where the tars are; ``part``: ``train``, ``val`` or ``test``.
    * ``seed``: shuffle the tars, and the images in each, anew in each epoch that ``set_epoch`` begins; None keeps their
      order.
    * ``transform``: ``transform(image, target)`` -> both.

    Each worker of a loader, and each process of ``torch.distributed``, gets every n-th tar: write several for each.
    Processes do not get equally many images: under DistributedDataParallel use its ``join``, or the same number of
    batches in each.
    With ``segments=True`` the target is a dict of ``id_map`` (H, W), ``segments``, a dict of number and class, and
    ``image_id``, of tars with ``--task panoptic``. Void is 255 in both.

    Raises UsageError ``usage.shards`` where no tar of the part is there, or fewer than processes; iterating raises
    SampleError ``image.corrupt`` for a damaged tar, UsageError ``usage.segments`` for tars without segments.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        part: str = "train",
        *,
        seed: int | None = None,
        transform: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        segments: bool = False,
    ) -> None:
        self.paths = sorted(glob(os.path.join(escape(os.fspath(folder)), f"{escape(part)}-*.tar")))
        if not self.paths:
            text = f"no {part}-00000.tar or the like in {show(os.fspath(folder), 300)}"
            raise UsageError("usage.shards", f"{text}; expected the folder that 'cocoseg to-shards' wrote")
        self.seed = seed
        self.transform = transform
        self.segments = segments
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Begin another epoch, which has an order of its own; workers that live on do not hear of it."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[tuple[Tensor, Any]]:
        random = None if self.seed is None else np.random.default_rng((self.seed, self.epoch))
        order = np.arange(len(self.paths)) if random is None else random.permutation(len(self.paths))
        first, step = self._share()
        for number in order[first::step].tolist():
            for image, target in self._of(self.paths[number], random):
                yield (image, target) if self.transform is None else self.transform(image, target)

    def _share(self) -> tuple[int, int]:
        """Which of every how many tars this worker reads; processes take turns first, so that each gets some.

        Raises UsageError ``usage.shards`` where a process would get none, for which the others would wait.
        """
        info = torch.utils.data.get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        rank, ranks = _process()
        if ranks > len(self.paths):
            text = f"{len(self.paths)} tars for {ranks} processes, of which some would get none"
            raise UsageError("usage.shards", f"{text}; write more with 'cocoseg to-shards --shards'")
        return worker * ranks + rank, ranks * workers

    def _of(self, path: str, random: np.random.Generator | None) -> Iterator[tuple[Tensor, Any]]:
        try:
            with tarfile.open(path, "r:") as tar:
                images = _images(tar)
                for place in range(len(images)) if random is None else random.permutation(len(images)).tolist():
                    yield self._item({end: _read(tar, row) for end, row in images[place].items()})
        except (tarfile.TarError, EOFError, KeyError, StopIteration) as error:
            raise SampleError("image.corrupt", f"{show(path, 300)} is not a whole tar of to-shards ({error})") from None

    def _item(self, members: dict[str, bytes]) -> tuple[Tensor, Any]:
        with open_photo(io.BytesIO(members.pop(_LABEL))) as picture:
            target = with_void(torch.from_numpy(np.array(picture).astype(np.int64)), IGNORED)
        about, image = msgspec.json.decode(members.pop(_ABOUT)), _photo(*members.values())
        if not self.segments:
            return image, target
        if "segments" not in about:
            raise UsageError("usage.segments", "segments=True is for tars of 'cocoseg to-shards --task panoptic'")
        return image, {"id_map": target, "segments": dict(about["segments"]), "image_id": about["image_id"]}


def _images(tar: tarfile.TarFile) -> list[dict[str, tarfile.TarInfo]]:
    """The members of each image by their endings, in the order of the tar."""
    found: dict[str, dict[str, tarfile.TarInfo]] = {}
    for row in tar.getmembers():
        folder, slash, name = row.name.rpartition("/")
        stem, dot, end = name.partition(".")
        found.setdefault(f"{folder}{slash}{stem}", {})[f"{dot}{end}"] = row
    return list(found.values())


def _read(tar: tarfile.TarFile, row: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(row)
    data = file.read() if file else b""
    if len(data) != row.size:
        raise tarfile.ReadError(f"{row.name} ends early")
    return data


def _photo(data: bytes) -> Tensor:
    """(3, H, W) uint8, turned as its EXIF says, as the labels are. Raises SampleError ``image.mode``."""
    with open_photo(io.BytesIO(data)) as photo:
        pixels = rgb_pixels(photo, "the photo", size_in_header(photo), turned=True)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _process() -> tuple[int, int]:
    """Which of how many processes of ``torch.distributed`` this is."""
    there = torch.distributed.is_available() and torch.distributed.is_initialized()
    return (torch.distributed.get_rank(), torch.distributed.get_world_size()) if there else (0, 1)
