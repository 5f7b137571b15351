"""A data set whose images have other names and ids than their source gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, cast

import msgspec
from msgspec.structs import replace as with_fields

from cocoseg.errors import SampleError
from cocoseg.formats.coco.passing import Unread
from cocoseg.model import Dataset, Entry, Refused
from cocoseg.model.loading import Around, Change, Loads


@dataclass(frozen=True)
class Renamed(Around):
    """Decodes with another loader. The body of an entry is the one of that loader; names are put in a ``folder``."""

    folder: str = ""
    changes: tuple[Change, ...] = ()

    def fetch(self, entry: Entry | Refused) -> Any:
        """As in ``Loads``."""
        if isinstance(entry, Refused):
            raise SampleError(*entry.problem[:2])
        return self.inner.fetch(entry.body)

    def decode(self, entry: Entry, files: Any) -> Any:
        """The sample under the names and the id of the entry."""
        sample: Any = self.inner.decode(entry.body, files)
        row = sample.row if entry.row is None else entry.row
        name = f"{self.folder}/{sample.file_name}" if self.folder and sample.file_name else sample.file_name
        named = {"key": entry.key, "image_id": entry.image_id, "file_name": name, "row": row}
        if isinstance(sample, Unread):
            sample = replace(sample, entry=with_fields(sample.entry, **named))
        else:
            sample = replace(sample, **named)
        for change in self.changes:
            sample = change(sample)
        return sample

    def content(self, entry: Entry | Refused, files: Any, exact: bool) -> Iterable[bytes]:
        """As in ``Loads``."""
        if isinstance(entry, Refused):
            return (b"",)
        names = msgspec.json.encode((entry.key, entry.image_id, self.folder, entry.row))
        return chain((names,), self.inner.content(entry.body, files, exact))

    def place(self, entry: Entry | Refused) -> str:
        """As in ``Loads``."""
        return self.inner.place(entry if isinstance(entry, Refused) else entry.body)

    def changed(self, change: Change) -> Renamed:
        """As in ``Loads``."""
        return replace(self, changes=(*self.changes, change))


def renamed(dataset: Dataset, folder: str = "") -> Dataset:
    """The data set, ready for other names and ids; with its images in a ``folder`` if one is given."""
    entries = [_in_folder(entry, folder) for entry in dataset.entries]
    return replace(dataset, entries=entries, load=cast("Loads", Renamed(dataset.load, folder)))


def _in_folder(entry: Entry | Refused, folder: str) -> Entry | Refused:
    key = f"{folder}/{entry.key}" if entry.key and folder else entry.key
    if isinstance(entry, Refused):
        return with_fields(entry, key=key)
    name = f"{folder}/{entry.file_name}" if entry.file_name and folder else entry.file_name
    row = _of_folder(entry.row, folder) if folder and entry.row is not None else entry.row
    return Entry(key, entry.image_id, entry.place, (), entry.size, name, row, entry)


def is_tile(row: msgspec.Raw | None) -> bool:
    """Whether the row of an image says what it is cut from."""
    return row is not None and b'"tile"' in bytes(row) and "tile" in _FIELDS.decode(row)


def _of_folder(row: msgspec.Raw, folder: str) -> msgspec.Raw:
    """The row of an image; that of a tile says that the photo is in a folder too."""
    if not is_tile(row):
        return row
    try:
        return msgspec.Raw(msgspec.json.encode(_cut_from(_FIELDS.decode(row), "tile", folder)))
    except msgspec.MsgspecError:  # no tile of ours
        return row


def _cut_from(fields: dict[str, msgspec.Raw], name: str, folder: str) -> dict[str, msgspec.Raw]:
    """Fields of which the one called ``name`` says what a tile is cut from, which may be a tile itself."""
    if name not in fields:
        return fields
    whole = _FIELDS.decode(fields[name])
    names = {key: msgspec.json.encode(f"{folder}/{_TEXT.decode(whole[key])}") for key in _NAMES if key in whole}
    inner = _cut_from(whole, "of", folder) | {key: msgspec.Raw(text) for key, text in names.items()}
    return fields | {name: msgspec.Raw(msgspec.json.encode(inner))}


def licensed(dataset: Dataset, ids: dict[bytes, int]) -> Dataset:
    """The data set, of which rows of images name licences by other ids, under their old ones as JSON."""

    def rows() -> Iterator[Entry | Refused]:
        for entry in dataset.entries:
            fields = _FIELDS.decode(entry.row) if isinstance(entry, Entry) and entry.row is not None else {}
            new = ids.get(bytes(fields.get("license", b"")))
            if new is None:
                yield entry
            else:
                made = fields | {"license": msgspec.Raw(b"%d" % new)}
                yield with_fields(entry, row=msgspec.Raw(msgspec.json.encode(made)))

    return replace(dataset, entries=list(rows())) if ids else dataset


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_NAMES = ("file_name", "key")
