"""The JSON files with annotations in a folder, as in ``train/_annotations.coco.json``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files import places
from cocoseg.files.documents import read_document
from cocoseg.files.listing import is_hidden, names
from cocoseg.files.names import REPORT
from cocoseg.files.reading import first_match, read_head

_SOME = 3  # files that are read to see what the folder is
_HEAD = 4096  # bytes
_LARGE = 64 << 20  # bytes; a JSON of one image is smaller
_MOST = 20  # files of each ending that are looked into; listed are half as many


class Signs(NamedTuple):
    """What shows the format of a file, each with the name of the format.

    ``keys`` are those of a JSON. ``heads`` are an ending and a text in the first kilobytes of such a file, as in
    ``.xml <annotations``.
    """

    keys: Mapping[str, str]
    heads: Mapping[str, str] = {}

    def endings(self) -> tuple[str, ...]:
        """The endings of the files that may have a sign."""
        return (".json", *dict.fromkeys(head.partition(" ")[0] for head in self.heads))


def format_of(path: str, signs: Signs) -> str | None:
    """The format of a file, by the first of the ``keys`` of a JSON, or by its head. Raises SampleError ``file.*``."""
    ending = next((end for end in signs.endings() if path.lower().endswith(end)), "")
    if ending in ("", ".json"):
        return _by_key(path, signs.keys)
    head = read_head(path, _HEAD).decode("utf-8", "replace")
    wanted = (row.partition(" ") for row in signs.heads)
    return next((signs.heads[f"{end} {text}"] for end, _, text in wanted if end == ending and text in head), None)


def _by_key(path: str, keys: Mapping[str, str]) -> str | None:
    pattern = rb'"(' + "|".join(map(re.escape, keys)).encode() + rb')"\s{0,20}:'
    found = first_match(path, re.compile(pattern))
    return keys[found.split(b'"')[1].decode()] if found else None


def documents_in(folder: str) -> list[str]:
    """The JSONs in a folder by name, without the report of a run. Raises DocumentError ``file.*``."""
    try:
        return _documents(names(folder))
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None


def only_document(
    folder: str, files: Sequence[str], signs: Signs, of_one_image: Container[str] = ()
) -> tuple[str, str] | None:
    """The name and the format of the one file with annotations in a folder; None if there is none.

    The name is "" where there may be several, because files of the format hold one image each (``of_one_image``).
    Raises DocumentError ``doc.kind`` for several, SampleError ``file.*``.
    """
    some = (name for ending in signs.endings() for name in _documents(files, (ending,))[:_MOST])
    kinds = ((name, format_of(places.join(folder, name), signs)) for name in some)
    found = [(name, kind) for name, kind in kinds if kind]
    if found and all(kind == found[0][1] for _, kind in found) and found[0][1] in of_one_image:
        return "", found[0][1]
    if len(found) > 1:
        raise _several(folder, [name for name, _ in found])
    return found[0] if found else None


def are_of_one_image_each(folder: str, files: Sequence[str]) -> bool:
    """Whether the JSONs of a folder hold one image each, by the first of them. Raises SampleError ``file.*``."""
    found = _documents(files)
    return len(found) > 1 and all(_has_one_image(places.join(folder, name)) for name in found[:_SOME])


def _has_one_image(path: str) -> bool:
    if places.size(path) > _LARGE:
        return False
    try:
        document: _Images | list[_Mask] = read_document(path, _Images | list[_Mask])  # type: ignore[arg-type]
    except DocumentError:
        return False
    if isinstance(document, list):
        return bool(document) and all(row.image_id is None and row.segmentation is not UNSET for row in document)
    images = () if document.images is UNSET else document.images
    return document.annotations is not UNSET and (document.image is not UNSET or len(images) == 1)


def _documents(files: Sequence[str], endings: tuple[str, ...] = (".json",)) -> list[str]:
    """The files with these endings, those with the shortest paths first."""
    found = (name for name in files if name.lower().endswith(endings) and not is_hidden(name) and name != REPORT)
    return sorted(found, key=lambda name: (name.count("/"), name))


class _Mask(msgspec.Struct):
    image_id: Raw | None = None
    segmentation: Raw | UnsetType = UNSET


class _Images(msgspec.Struct):
    images: list[Raw] | UnsetType = UNSET
    image: Raw | UnsetType = UNSET
    annotations: Raw | UnsetType = UNSET


def _several(folder: str, names: Sequence[str]) -> DocumentError:
    listed = ", ".join(map(show, names[: _MOST // 2]))
    more = f" and {len(names) - _MOST // 2} more" if len(names) > _MOST // 2 else ""
    text = f"the folder {show(folder, 300)} holds {len(names)} files with annotations: {listed}{more}"
    call = f"cocoseg info {shlex.quote(places.join(folder, names[0]))}"
    return DocumentError("doc.kind", f"{text}; name one of them as SRC, as in: {call}")
