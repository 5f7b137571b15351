"""Packs photos and labels into Parquet files as Hugging Face's hub has them: ``train-00000-of-00002.parquet``.

    image {bytes, path}    label {bytes, path}    image_id    segments

``datasets`` takes the types of the columns from the key ``huggingface`` of the schema (``Features.arrow_schema``), so
that both pictures are ``Image()``. Values are stored plainly, without compression, since pictures are packed already:
so the bytes of a picture stand in the file as they are, and a later run takes from it what has not changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import msgspec
from msgspec.structs import replace as with_fields

from cocoseg.errors import UsageError
from cocoseg.formats.stacks import Counts, Task, are_numbers, labelled
from cocoseg.labels import LabelScheme
from cocoseg.model import Dataset
from cocoseg.model.photos import Photographed
from cocoseg.runs.document import Document, Packed, Place, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Row
from cocoseg.runs.writer import Converted

NAME = "{}.parquet"
IMAGES = 1000  # of a file, where nobody says how many files there are
_GROUP, _GROUP_BYTES = 100, 16 << 20  # rows of a row group, as datasets takes for pictures, and what may be in memory
_VERSION = 3  # changes when the same input makes other rows


class About(msgspec.Struct, forbid_unknown_fields=True):
    """What a row holds besides pictures: their names, the image's id, pairs of number and class."""

    names: tuple[str, str]
    image_id: int | str
    segments: list[tuple[int, int]] | None = None


class RowCounts(Counts, forbid_unknown_fields=True):
    """The counts of an image, and what its row holds."""

    about: About | None = None


@dataclass(frozen=True)
class Rows:
    """Converts samples and their photos to the pictures of a row and what it holds besides, under a label scheme."""

    scheme: LabelScheme
    task: Task = "semantic"

    def __call__(self, sample: Photographed) -> Converted:
        """The photo and the label, as texts of a document. Raises SampleError."""
        picture, segments, counts = labelled(sample, self.scheme, self.task)
        assert sample.photo is not None
        stem = sample.key.partition("/")[2].removesuffix(".png")
        about = About((f"{stem}{sample.photo.ending}", f"{stem}.png"), sample.image_id, segments)
        result = RowCounts(counts.pixels, counts.contested, counts.segments, counts.crowds, about)
        return Converted({}, result, (sample.photo.data or b"", picture))

    def settings(self) -> bytes:
        """All settings that affect the rows."""
        return msgspec.json.encode(("parquet", _VERSION, self.task, self.scheme.numbers))


def in_files(dataset: Dataset, number: int | None, limit: int | None) -> Dataset:
    """The data set, whose keys begin with the name of a file in place of their part; files hold images in order.

    Each part gets ``number`` files, or one for each thousand images; but an image at least is in each.
    """
    parts: dict[str, int] = {}
    for entry in dataset.entries[:limit]:
        part = entry.key.partition("/")[0]
        parts[part] = parts.get(part, 0) + bool(entry.key)
    done: dict[str, int] = dict.fromkeys(parts, 0)

    def key(old: str) -> str:
        part, _, name = old.partition("/")
        if not done.get(part, parts.get(part, 0)) < parts.get(part, 0):
            return old
        count = min(parts[part], number or -(-parts[part] // IMAGES))
        file = done[part] * count // parts[part]
        done[part] += 1
        return f"{part}-{file:05d}-of-{count:05d}/{name}"

    return replace(dataset, entries=[with_fields(entry, key=key(entry.key)) for entry in dataset.entries])


def tables(dataset: Dataset, task: Task, folder: Folder) -> Document:
    """The Parquet files."""
    schema = _schema([entry.image_id for entry in dataset.entries if entry.key], task)
    place = Place(folder, NAME, folder)
    return Document(place, (Texts(0), Texts(1)), pack=partial(_packed, schema))


def is_installed() -> bool:
    """Whether pyarrow is."""
    return find_spec("pyarrow") is not None


def check_installed() -> None:
    """Raises UsageError ``usage.extra`` where pyarrow is not installed."""
    if not is_installed():
        advice = "pip install 'cocoseg[parquet]', or '.[parquet]' from a checkout"
        raise UsageError("usage.extra", f"Parquet files need pyarrow: {advice}")


def _schema(ids: Sequence[Any], task: Task) -> Any:
    """The columns as Arrow knows them, with the features of ``datasets``."""
    import pyarrow as pa

    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = {"image": picture, "label": picture, "image_id": pa.int64() if are_numbers(ids) else pa.string()}
    number = {"dtype": "int64", "_type": "Value"}
    features: dict[str, Any] = {"image": {"_type": "Image"}, "label": {"_type": "Image"}}
    features["image_id"] = number | {"dtype": str(columns["image_id"])}
    if task == "panoptic":
        columns["segments"] = pa.list_(pa.list_(pa.int64()))
        features["segments"] = [[number]]
    return pa.schema(list(columns.items()), metadata={"huggingface": json.dumps({"info": {"features": features}})})


class _Sink:
    """A file for Arrow, which remembers what was written since the last ``take``."""

    closed = False

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0

    def write(self, data: Any) -> int:
        self._chunks.append(bytes(data))
        self._size += len(self._chunks[-1])
        return len(self._chunks[-1])

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data


def _packed(schema: Any, rows: Iterator[tuple[Row, tuple[bytes, ...]]]) -> Iterator[Packed]:
    """The file, a row group at a time."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = _Sink()
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False, "data_page_version": "1.0"}
    with parquet.ParquetWriter(sink, schema, **options) as writer:
        for group in _groups(rows):
            writer.write_table(pa.Table.from_pylist([_row(schema, *row) for row in group], schema=schema))
            data = sink.take()
            yield Packed(data, _starts(data, [pictures for _, pictures in group]))
    yield Packed(sink.take(), [])


def _groups(rows: Iterator[tuple[Row, tuple[bytes, ...]]]) -> Iterator[list[tuple[Row, tuple[bytes, ...]]]]:
    """The rows in groups, each of which fits into memory."""
    group: list[tuple[Row, tuple[bytes, ...]]] = []
    size = 0
    for row in rows:
        group.append(row)
        size += sum(map(len, row[1]))
        if len(group) == _GROUP or size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _row(schema: Any, row: Row, pictures: tuple[bytes, ...]) -> dict[str, Any]:
    about = _COUNTS.decode(row.result).about
    assert about is not None
    image, label = ({"bytes": data, "path": name} for data, name in zip(pictures, about.names, strict=True))
    numbered = str(schema.field("image_id").type) == "int64"
    made = {"image": image, "label": label, "image_id": about.image_id if numbered else str(about.image_id)}
    return made if about.segments is None else made | {"segments": [list(pair) for pair in about.segments]}


def _starts(data: bytes, images: Sequence[tuple[bytes, ...]]) -> list[tuple[int, ...]]:
    """Where the pictures of a row group stand, column after column; one that is not found is made again one day."""
    columns: list[list[int]] = []
    after = 0
    for pictures in zip(*images, strict=True):
        columns.append([])
        for picture in pictures:
            columns[-1].append(max(data.find(picture, after), after))
            after = columns[-1][-1] + len(picture)
    return list(zip(*columns, strict=True))


_COUNTS = msgspec.json.Decoder(RowCounts)
