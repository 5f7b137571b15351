"""The numbers of each image as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cocoseg.errors import OutputError, SampleError, UsageError, show
from cocoseg.files import places
from cocoseg.files.places import parent
from cocoseg.files.reading import read_head
from cocoseg.runs.folders import create_folder

_FIRST = "image"
_HEADS = tuple(f"{_FIRST},{title}".encode() for title in ("mIoU", "MPA", "PQ", "truths"))


def check_free(path: str, overwrite: bool, sources: Sequence[str] = ()) -> None:
    """Raises OutputError ``out.exists`` where another file is there, UsageError ``out.is_input`` among the sources."""
    if any(places.lies_in(path, source) for source in sources):
        text = f"the table of images {show(path, 300)} lies among what is read; choose another name"
        raise UsageError("out.is_input", text)
    if overwrite or not places.exists(path):
        return
    try:
        ours = read_head(path, max(map(len, _HEADS))).startswith(_HEADS)
    except SampleError:
        ours = False
    if not ours:
        text = f"{show(path, 300)} is there and is no table of an evaluation; choose another name, or use --overwrite"
        raise OutputError("out.exists", text)


def write_rows(path: str, keys: Iterable[str], rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a row for each image, in the order of ``keys``; undefined numbers are empty. Raises OutputError."""
    data = table(keys, rows).encode()
    create_folder(parent(path)).save(places.base_name(path), data)


def table(keys: Iterable[str], rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The table as text.

    >>> table(["b.png", "a.png"], {"a.png": {"mIoU": None}, "b.png": {"mIoU": 0.5}}).splitlines()
    ['image,mIoU', 'b.png,0.5', 'a.png,']
    """
    titles = list(dict.fromkeys(title for row in rows.values() for title in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, [_FIRST, *titles], lineterminator="\n")
    writer.writeheader()
    writer.writerows({_FIRST: key, **rows[key]} for key in keys if key in rows)
    return out.getvalue()
