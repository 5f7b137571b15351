"""Whether the names of PNGs say that each is the mask of one instance: ``<image>/<id>_<class>.png``.

Frames of a film and class maps in sub-folders have names of that form too: ``drive/024541_label.png``. So the names
count only if nothing speaks against them, and the first pictures must be masks of one size.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from cocoseg.errors import SampleError
from cocoseg.files import places
from cocoseg.files.png.masks import read_mask
from cocoseg.files.reading import read_file

_NAME = re.compile(r"(\d+)_([^/]*[^\W\d_][^/]*)\.png", re.IGNORECASE)  # with a letter after the number
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}
_KINDS = {"mask", "label", "annotation", "gt", "groundtruth", "seg", "segmentation", "semantic", "image"}
_LOOKED_AT = 4  # pictures of the first folder


class _Name(NamedTuple):
    folder: str
    number: str
    word: str


def are_masks(folder: str, found: Sequence[str]) -> bool:
    """Whether the PNGs ``found`` in a folder, sorted, are masks of instances beyond doubt."""
    first = posixpath.dirname(found[0])
    beside = [name for name in found if posixpath.dirname(name) == first]
    if not first or not all(_NAME.fullmatch(posixpath.basename(name)) for name in beside):
        return False
    return not _is_doubtful(list(_named(found))) and _one_image(folder, beside)


def _named(found: Iterable[str]) -> Iterator[_Name]:
    for name in found:
        if match := _NAME.fullmatch(posixpath.basename(name)):
            yield _Name(posixpath.dirname(name), match[1], match[2].lower())


def _is_doubtful(names: Sequence[_Name]) -> bool:
    """Whether names are those of frames, of splits or of kinds of pictures, or two in a folder have one number."""
    numbers, words = {name.number for name in names}, {name.word for name in names}
    folders = {posixpath.basename(name.folder).lower() for name in names}
    repeated = len({name[:2] for name in names}) < len(names)
    padded = any(number[0] == "0" != number for number in numbers)
    known = any(word.removesuffix("s") in _KINDS for word in words | folders) or folders & _PARTS
    return len(words) < 2 or repeated or padded or bool(known)


def _one_image(folder: str, beside: Iterable[str]) -> bool:
    """Whether the first pictures are masks of one size. Damaged ones say nothing."""
    sizes = set()
    for name in islice(beside, _LOOKED_AT):
        try:
            sizes.add(read_mask(read_file(places.join(folder, name))).shape)
        except SampleError as error:
            if error.category in ("mask.values", "png.mode"):
                return False
    return len(sizes) < 2
