"""Reads binary masks, a PNG per segment: ``<image>/<id>_<class>.png``. Every pixel that is not 0 belongs to the mask.

A folder that ``to-masks`` wrote has a table (``table.py``) in each image's folder, or beside the ``<image>.npz`` that
holds all masks of an image. Its ``cocoseg.json`` has the categories. Ids, crowds and scores are restored. Folders of
other tools have neither file, see ``foreign.py``. Masks may overlap.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec import UNSET

from cocoseg.codecs import rle
from cocoseg.codecs.rle import Runs
from cocoseg.errors import DocumentError, OutputError, Problem, SampleError, show
from cocoseg.files import places, png
from cocoseg.files.listing import names as file_names
from cocoseg.files.names import JOURNAL, REPORT, relative_name
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.categories import mark_roots, parse_categories, read_categories
from cocoseg.formats.masks import foreign as masks_foreign
from cocoseg.formats.masks.pictures import Mask, encode_masks, masks_of_pictures, masks_of_stack
from cocoseg.formats.masks.table import TABLE, Table, files_of, read_table
from cocoseg.formats.survey import Peek, header_size
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Refused, Sample
from cocoseg.runs.report import Images, Report, read_report

COMMAND = "to-masks"


def read(
    path: str | os.PathLike[str],
    *,
    categories: str | os.PathLike[str] | None = None,
    images: str | os.PathLike[str] | None = None,
) -> Dataset:
    """A folder of masks as a Dataset of its images, sorted by name.

    ``categories`` is a file that lists the categories. ``images`` is a COCO JSON with the ids and names of the images,
    for a folder without tables. Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.duplicate``.
    """
    source = os.fspath(path)
    names = _names(source)
    report = _report(source) if REPORT in names else None
    tables = _tables(names, report)
    if report is None and not tables:
        return masks_foreign.read(source, names, categories, images)
    if images is not None:
        raise DocumentError("doc.kind", f"{source}: has tables with the images' ids, so --images does not apply")
    found = _categories(source, report) if categories is None else read_categories(categories)
    report = report or Report(images=Images(len(tables)))
    return Dataset(
        found,
        [_entry(source, *row) for row in sorted(tables.items())],
        loader(source),
        conventions=Conventions(
            "background" if report.background else "unknown", "file" if report.unique_ids else "none"
        ),
        problems=_lost(source, report.counts.converted, len(tables)),
    )


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image: its table, or the names of its masks and the header of one."""
    load = dataset.load
    assert isinstance(load, Loader)
    if load.makes is masks_foreign.sample:
        return lambda entry: Peek(header_size(load.path(entry)), entry.body[1])

    def look(entry: Entry) -> Peek:
        table = read_table(read_file(load.path(entry)))
        crowds = sum(bool(row.iscrowd) for row in table.masks)
        return Peek(table.size, [row.category_id for row in table.masks], crowds)

    return look


def loader(folder: str) -> Loader:
    """The loader for images with a table, in this folder."""
    return Loader(folder, (folder,), sample, lists=masks_of)


def masks_of(entry: Entry, table: bytes) -> list[str]:
    """The files that a table lists; none if all masks are in one file."""
    beside = entry.files[0].removesuffix(TABLE)
    return [] if _is_stack(entry) else [beside + name for name in files_of(read_table(table))]


def unpacked(entry: Entry, files: Sequence[bytes]) -> tuple[Table, Iterator[Mask]]:
    """A table and its masks (H, W), each decoded on demand."""
    table = read_table(files[0])
    if _is_stack(entry):
        return table, masks_of_stack(files[1], len(table.masks), table.size)
    return table, masks_of_pictures(dict(zip(files_of(table), files[1:], strict=True)), table.size)


def sample(entry: Entry, files: Sequence[bytes], place: str) -> Sample:
    """The sample that a table and its masks were made from. Raises SampleError."""
    table, pixels = unpacked(entry, files)
    masks = encode_masks(pixels, table.size)
    rows = table.masks
    scores = [row.score for row in rows if row.score is not UNSET]
    return Sample(
        entry.key,
        table.image_id,
        np.array([row.id for row in rows], np.int64),
        category_ids=np.array([row.category_id for row in rows], np.int64),
        iscrowd=np.array([bool(row.iscrowd) for row in rows], np.bool_),
        shapes=masks,
        place=place,
        problems=_odd_areas(table, masks, [] if _is_stack(entry) else files[1:], place),
        scores=np.array(scores, np.float64) if len(scores) == len(rows) else None,
        file_name=table.file_name,
    )


def _is_stack(entry: Entry) -> bool:
    return len(entry.files) > 1


def _names(source: str) -> list[str]:
    """All files in a folder, except the journal of the run that wrote it. Raises DocumentError."""
    try:
        if not places.is_folder(source):
            raise DocumentError("file.missing", f"{source}: no such folder, expected one of masks")
        return [name for name in file_names(source) if not name.startswith(f"{JOURNAL}/")]
    except (SampleError, OutputError) as error:
        raise DocumentError(error.category, error.message) from None


def _report(source: str) -> Report:
    report = read_report(source)
    if report.command != COMMAND:
        found = f"{places.join(source, REPORT)}: says that {show(report.command)} wrote this folder"
        raise DocumentError("doc.kind", f"{found}, expected {COMMAND}")
    return report


def _categories(source: str, report: Report | None) -> tuple[Category, ...]:
    if report is not None:
        found = parse_categories(places.join(source, REPORT), report.categories)
        masks = report.masks
        return mark_roots(found, lambda: {row.id for row in found if str(row.id) in masks}) if masks else found
    text = f"no {REPORT}, so the run that wrote this folder did not finish; run the command again, or give --categories"
    raise DocumentError("file.missing", f"{source}: {text}")


def _tables(names: Sequence[str], report: Report | None) -> dict[str, tuple[str, ...]]:
    """The files of each image by its name: a table, and a stack if there is one. Without a report, both kinds count."""
    found: dict[str, tuple[str, ...]] = {}
    if report is None or report.options.get("stack"):
        stems = (name.removesuffix(".npz") for name in names if name.endswith(".npz"))
        found |= {stem: (f"{stem}.json", f"{stem}.npz") for stem in stems}
    if report is None or not report.options.get("stack"):
        end = f"/{TABLE}"
        found |= {name.removesuffix(end): (name,) for name in names if name.endswith(end)}
    return found


def _entry(source: str, name: str, files: tuple[str, ...]) -> Entry | Refused:
    try:
        return Entry(relative_name(f"{name}.png"), "", files[0], files)  # the table has the image's id
    except SampleError as error:
        where = show(files[0], 300)[1:-1]
        return Refused(where, error.at(f"{source}: {where}").problem)


def _lost(source: str, converted: int, found: int) -> tuple[Problem, ...]:
    if found == converted:
        return ()
    text = f"{REPORT} records {converted} images, but {found} are here; files were lost or added since"
    return (Problem("masks.images", f"{source}: {text}"),)


def _odd_areas(table: Table, masks: Runs, pictures: Sequence[bytes], place: str) -> tuple[Problem, ...]:
    """Problems for masks whose area differs from the table. Raises SampleError if the file is damaged."""
    areas = rle.area(masks).tolist()
    wrong = [k for k, row in enumerate(table.masks) if row.area != areas[k]]
    if not wrong:
        return ()
    for data in (pictures[k] for k in wrong if pictures):
        png.verify_stream(data)
    row, rest = table.masks[wrong[0]], f" ({len(wrong)} masks differ)" if len(wrong) > 1 else ""
    text = f"masks[{wrong[0]}] says area {row.area}, but its mask has {areas[wrong[0]]} pixels{rest}"
    return (Problem("masks.area", f"{place}: {text}; the pixels were used"),)
