"""Binary masks, a PNG per segment: ``<image>/<id>_<class>.png``, all but 0 (black) is mask.

A folder that ``to-masks`` wrote has a table in each image's folder (``masks_table``), or beside the ``<image>.npz``
that holds all masks of an image, and the categories in its ``cocoseg.json``: it is read back as it was, ids, crowds
and all. Folders made by others have neither, see ``masks_foreign``. Masks may overlap.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType

from cocoseg.codecs import rle
from cocoseg.codecs.rle import Runs
from cocoseg.errors import DocumentError, OutputError, Problem, SampleError, show
from cocoseg.files import places, png
from cocoseg.files.documents import read_document
from cocoseg.files.listing import names as file_names
from cocoseg.files.names import JOURNAL, REPORT, relative_name
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.categories import parse_categories, read_categories
from cocoseg.formats.maps.pictures import read_report
from cocoseg.formats.masks import foreign as masks_foreign
from cocoseg.formats.masks.pictures import Mask, encode_masks, masks_of_pictures, masks_of_stack
from cocoseg.formats.masks.table import TABLE, Table, files_of, read_table
from cocoseg.model import Category, Dataset, Loader, Refused, Sample

COMMAND = "to-masks"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An image that has a table, and its ``stack`` if all masks are in one file. All else stands in the files."""

    key: str
    table: str
    stack: str | None = None
    size: None = None

    @property
    def place(self) -> str:
        """Its table."""
        return self.table

    def content(self, exact: bool) -> bytes:
        """What it is made from, besides its files."""
        return self.key.encode()


class _Options(msgspec.Struct):
    stack: str | None = None


class _Images(msgspec.Struct):
    converted: int


class _Report(msgspec.Struct):
    images: _Images
    options: _Options = msgspec.field(default_factory=_Options)
    categories: list[Raw] | UnsetType = UNSET
    background: bool = True
    unique_ids: bool = False


def read(
    path: str | os.PathLike[str],
    *,
    categories: str | os.PathLike[str] | None = None,
    images: str | os.PathLike[str] | None = None,
) -> Dataset:
    """A folder of masks as a Dataset of its images, sorted by name.

    ``categories`` is a file that names the categories, ``images`` a COCO JSON with the ids and names of the images,
    for a folder that has no tables. Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.duplicate``.
    """
    source = os.fspath(path)
    names = _names(source)
    report = _report(source) if REPORT in names else None
    tables = _tables(names, report)
    if report is None and not tables:
        return masks_foreign.read(source, names, categories, images)
    if images is not None:
        raise DocumentError("doc.kind", f"{source}: has tables with the images' ids, where --images means nothing")
    found = _categories(source, report) if categories is None else read_categories(categories)
    report = report or _Report(_Images(len(tables)))
    return Dataset(
        found,
        [_entry(source, *row) for row in sorted(tables.items())],
        Loader(source, source, picture, sample),
        source,
        source,
        _lost(source, report.images.converted, len(tables)),
        report.background,
        report.unique_ids,
    )


def picture(folder: str | None, entry: Entry) -> bytes:
    """The bytes of a table and of all files that have its masks. Raises SampleError."""
    data = read_file(places.join(folder or "", entry.table))
    beside = entry.table.removesuffix(TABLE)
    files = [entry.stack] if entry.stack else [beside + name for name in files_of(read_table(data))]
    return msgspec.msgpack.encode([data, *(read_file(places.join(folder or "", name)) for name in files)])


def unpacked(entry: Entry, picture: bytes) -> tuple[Table, list[bytes], Iterator[Mask]]:
    """A table, the files that have its masks, and the masks (H, W), each looked at when it is asked for."""
    data, *files = msgspec.msgpack.decode(picture, type=list[bytes])
    table = read_table(data)
    if entry.stack:
        return table, files, masks_of_stack(files[0], len(table.masks), table.size)
    pictures = dict(zip(files_of(table), files, strict=True))
    return table, files, masks_of_pictures(pictures, table.size)


def sample(entry: Entry, picture: bytes, place: str) -> Sample:
    """A table and its masks as the sample that they were made from. Raises SampleError."""
    table, files, pixels = unpacked(entry, picture)
    masks = encode_masks(pixels, table.size)
    rows = table.masks
    scores = [row.score for row in rows if row.score is not UNSET]
    return Sample(
        entry.key,
        table.image_id,
        np.array([row.id for row in rows], np.int64),
        np.array([row.category_id for row in rows], np.int64),
        np.array([bool(row.iscrowd) for row in rows], np.bool_),
        masks,
        place,
        _odd_areas(table, masks, [] if entry.stack else files, place),
        np.array(scores, np.float64) if len(scores) == len(rows) else None,
        table.file_name,
    )


def _names(source: str) -> list[str]:
    """All files in a folder, but not the journal of the run that wrote it. Raises DocumentError."""
    try:
        if not places.is_folder(source):
            raise DocumentError("file.missing", f"{source}: no such folder, expected one of masks")
        return [name for name in file_names(source) if not name.startswith(f"{JOURNAL}/")]
    except (SampleError, OutputError) as error:
        raise DocumentError(error.category, error.message) from None


def _report(source: str) -> _Report:
    path = places.join(source, REPORT)
    if (command := read_report(source).command) != COMMAND:
        raise DocumentError("doc.kind", f"{path}: says that {show(command)} wrote this folder, expected {COMMAND}")
    return read_document(path, _Report)


def _categories(source: str, report: _Report | None) -> tuple[Category, ...]:
    if report is not None:
        return parse_categories(places.join(source, REPORT), report.categories)
    text = f"no {REPORT}, so that the run which wrote it was not finished; do it again, or name its --categories"
    raise DocumentError("file.missing", f"{source}: {text}")


def _tables(names: Sequence[str], report: _Report | None) -> dict[str, tuple[str, str | None]]:
    """The table of each image by its name, and its stack; of both kinds where no report says which."""
    found: dict[str, tuple[str, str | None]] = {}
    if report is None or report.options.stack:
        stems = (name.removesuffix(".npz") for name in names if name.endswith(".npz"))
        found |= {stem: (f"{stem}.json", f"{stem}.npz") for stem in stems}
    if report is None or not report.options.stack:
        end = f"/{TABLE}"
        found |= {name.removesuffix(end): (name, None) for name in names if name.endswith(end)}
    return found


def _entry(source: str, name: str, files: tuple[str, str | None]) -> Entry | Refused:
    try:
        return Entry(relative_name(f"{name}.png"), *files)
    except SampleError as error:
        return Refused(files[0], error.at(f"{source}: {files[0]}").problem)


def _lost(source: str, converted: int, found: int) -> tuple[Problem, ...]:
    if found == converted:
        return ()
    text = f"{REPORT} tells of {converted} images, {found} are here; files were lost or added since"
    return (Problem("masks.images", f"{source}: {text}"),)


def _odd_areas(table: Table, masks: Runs, pictures: Sequence[bytes], place: str) -> tuple[Problem, ...]:
    """Masks that have other pixels than their table says: of a damaged file that is fatal, else just odd."""
    areas = rle.area(masks).tolist()
    wrong = [k for k, row in enumerate(table.masks) if row.area != areas[k]]
    if not wrong:
        return ()
    for data in (pictures[k] for k in wrong if pictures):
        png.verify_stream(data)
    row, rest = table.masks[wrong[0]], f" ({len(wrong)} masks differ)" if len(wrong) > 1 else ""
    text = f"masks[{wrong[0]}] says area {row.area}, but its mask has {areas[wrong[0]]} pixels{rest}"
    return (Problem("masks.area", f"{place}: {text}; the pixels were used"),)
