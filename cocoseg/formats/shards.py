"""Packs photos and labels into tars for WebDataset: members of one image share the name before the first dot.

    train-00003.tar    a.jpg  a.seg.png  a.json {"image_id": 7}

An image goes to a tar by a hash of its name, so that adding images changes few tars. Headers say nothing of time or
user, so that the same images are the same bytes. Labels are those of ``stacks.py``.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from cocoseg.errors import SampleError
from cocoseg.formats.stacks import Task, labelled
from cocoseg.labels import LabelScheme
from cocoseg.model.photos import Photographed
from cocoseg.runs.document import Document, Place, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.writer import Converted

NAME = "{}.tar"
_BLOCK = 512
_VERSION = 3  # changes when the same input makes other members


@dataclass(frozen=True)
class Members:
    """Converts samples and their photos to the members of a tar, under a label scheme."""

    scheme: LabelScheme
    task: Task = "semantic"

    def __call__(self, sample: Photographed) -> Converted:
        """The members, as the text of a document. Raises SampleError."""
        picture, segments, counts = labelled(sample, self.scheme, self.task)
        about = {"image_id": sample.image_id} | ({} if segments is None else {"segments": segments})
        assert sample.photo is not None
        key = member_key(sample.key.partition("/")[2])
        members = {sample.photo.ending.lower(): sample.photo.data or b"", ".seg.png": picture}
        members[".json"] = msgspec.json.encode(about)
        return Converted({}, counts, (b"".join(member(f"{key}{end}", data) for end, data in members.items()),))

    def settings(self) -> bytes:
        """All settings that affect the members."""
        return msgspec.json.encode(("shards", _VERSION, self.task, self.scheme.numbers))


def member_key(name: str) -> str:
    """What members of an image are called before the first dot; no two images are called alike.

    >>> member_key("v1.5/a.png"), member_key("v1%2E5/a.png")
    ('v1%2E5/a', 'v1%252E5/a')
    """
    return name.removesuffix(".png").replace("%", "%25").replace(".", "%2E")


def member(name: str, data: bytes) -> bytes:
    """A member of a tar: its header, and its bytes up to a whole block. Raises SampleError ``limit.archive``.

    >>> len(member("a.txt", b"abc"))
    1024
    """
    if len(data) >= 1 << 31:
        raise SampleError("limit.archive", f"{name} has {len(data):,} bytes, expected less than 2 GiB in a tar")
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o644
    return info.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % _BLOCK)


def tars(folder: Folder) -> Document:
    """The tar of each shard."""
    return Document(Place(folder, NAME, folder), (Texts(0), bytes(2 * _BLOCK)))


def sharded(key: str, count: int, share: Callable[[str], float]) -> str:
    """The key of an image of a part, with the shard that it goes to.

    >>> sharded("train/a.png", 8, lambda key: 0.5)
    'train-00004/a.png'
    """
    part, _, name = key.partition("/")
    return f"{part}-{int(share(name) * count):05d}/{name}"
