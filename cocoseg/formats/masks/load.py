"""Loads the masks of one image that ``to-masks`` wrote, as arrays."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError, show
from cocoseg.files import places
from cocoseg.files.names import REPORT
from cocoseg.files.places import StrPath, place
from cocoseg.formats.masks.reader import loader, unpacked
from cocoseg.formats.masks.table import TABLE
from cocoseg.model import Entry


def load_masks(path: StrPath) -> tuple[npt.NDArray[np.bool_], dict[str, Any]]:
    """The masks of an image, (n, H, W) bool, and their table, as ``to_masks`` wrote them.

    ``path`` is the image's folder, or its ``.npz`` file, with or without the extension. ``masks`` in the table has a
    row for each mask, in the same order: ``id``, ``category_id``, ``category``, ``area``, ``bbox``, ``iscrowd``. Raises
    SampleError: ``file.*``, ``doc.*``, ``png.*``, ``npz.*``, ``size.mismatch``.

    >>> import cocoseg, tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     summary = cocoseg.to_masks("fixtures/instances.json", out)
    ...     masks, table = load_masks(f"{out}/overlap")
    >>> masks.shape, [row["category"] for row in table["masks"]]
    ((4, 6, 8), ['person', 'dog', 'person', 'bottle'])
    """
    source = place(path).rstrip("/")
    if places.exists(places.join(source, REPORT)):
        text = "is the folder of a run; name the folder of one image in it, or its .npz file"
        raise SampleError("path.invalid", f"{show(source, 300)} {text}")
    try:
        table, pixels = unpacked(*_fetched(source))
        found = np.zeros((len(table.masks), *table.size), np.bool_)
        for number, mask in enumerate(pixels):
            found[number] = mask
    except SampleError as error:
        raise error.at(source) from None
    return found, msgspec.to_builtins(table)


def _fetched(source: str) -> tuple[Entry, list[bytes]]:
    """The entry of an image, and its files."""
    folder, files = source, [TABLE]
    if _is_stack(source):
        name = places.base_name(source).removesuffix(".npz")
        folder, files = places.parent(source), [f"{name}.json", f"{name}.npz"]
    entry = Entry("", "", TABLE, tuple(files))
    return entry, loader(folder).fetch(entry)


def _is_stack(source: str) -> bool:
    if places.exists(places.join(source, TABLE)):
        return False
    return source.endswith(".npz") or places.exists(f"{source}.npz")
