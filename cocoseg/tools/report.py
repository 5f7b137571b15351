"""A page about a data set, or about two: the function behind ``cocoseg report``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.model.photos import with_photos
from cocoseg.options import Reading, Reporting, takes
from cocoseg.page.classes import scheme_of
from cocoseg.page.dataset import DatasetPage
from cocoseg.page.gallery import Picture, fill, fitting, wanted
from cocoseg.page.rows import TITLES, Tabled, line
from cocoseg.page.thumbnails import Draw, Thumbnails
from cocoseg.page.write import LIMIT, check_free, encoded, render, save
from cocoseg.runs.document import Document, Place, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.folders import open_folder
from cocoseg.runs.report import Head
from cocoseg.runs.run import How, Work, run
from cocoseg.stats.findings import Side
from cocoseg.tools.check import Check, judge, named, prepared
from cocoseg.tools.sources import Source

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "report"


@dataclass(frozen=True)
class Report(Check):
    """A page that was written: what ``check`` finds, the ``page``, the ``tables`` beside it, and its ``bytes``."""

    page: str = ""
    tables: tuple[str, ...] = ()
    bytes: int = 0

    @property
    def kept(self) -> int:
        """Images that an earlier run had looked at."""
        return sum(side.statistics.kept for side in self.sides)


@takes(Reporting)
def report(src: StrPath, out: StrPath, val: StrPath | None = None, **options: Unpack[Reporting]) -> Report:
    """Write a page about a data set to the HTML file ``out``; with ``val``, such as the data of validation, about both.

    The page is smaller than 2 MB, whatever the size of the data set, and loads nothing from elsewhere. Beside it lie a
    CSV with a line for each image, and the journal ``<out>.csv.cocoseg``: the same call goes on where it was
    interrupted. Findings are those of ``cocoseg.check``.

    Call with more than one worker under ``if __name__ == "__main__":`` on platforms that spawn processes.

    Raises DocumentError, LabelError, UsageError before anything is written, OutputError where nothing can be written.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     report("fixtures/panoptic.json", f"{folder}/report.html").bytes < 2_000_000
    True
    """
    target = place(out)
    check_free(target, options["overwrite"])
    how = How(
        options["workers"],
        options["executor"],
        options["overwrite"],
        time_limit=options["time_limit"],
        on_done=options["on_done"],
    )
    sources = named(src, val, options)
    tables = [_beside(target, number) for number in range(len(sources))]
    looked = zip(sources, tables, strict=True)
    sides = [_looked(source, reading, how, name, table) for (source, reading, name), table in looked]
    found = judge(sides, whole=not options["split"])
    page = DatasetPage(found.sides, found.findings, found.notes, [places.base_name(table) for table in tables])
    html = _with_pictures(page, replace(how, on_done=None))
    save(target, html)
    return Report(found.sides, found.findings, found.notes, target, tuple(tables), len(encoded(html)))


def _beside(target: str, number: int) -> str:
    """The table of the images of source ``number`` beside a page.

    >>> _beside("a/report.html", 0), _beside("a/report.html", 1)
    ('a/report.csv', 'a/report.val.csv')
    """
    return f"{os.path.splitext(target)[0]}{'.val' if number else ''}.csv"


def _looked(source: StrPath, reading: Reading, how: How, name: str, table: str) -> Side:
    """Measure every image of a source, and write the table of them."""
    format, dataset, measure, tally = prepared(source, reading, shapes=True)

    def document(journal: Folder) -> Document:
        where = Place(open_folder(places.parent(table)), places.base_name(table), journal)
        return Document(where, (line(TITLES), Texts(0)))

    described = Source(source, reading)
    head = Head(described.files(dataset), described.given)
    photographed = with_photos(
        replace(dataset, photos=measure.photos)
    )  # so that a photo that changes is measured again
    work = Work(COMMAND, photographed, Tabled(measure), tally, table, head, document, places.beside(table))
    return Side(dataset, run(work, how), name, format, measure.photos)


def _with_pictures(page: DatasetPage, how: How) -> str:
    """The page with as many pictures as have room."""
    chosen = page.wanted()
    for side, pictures in zip(page.sides, chosen, strict=True):
        fill(pictures, _drawn(side, pictures, how))
    in_turn = _in_turn(chosen)
    room = LIMIT - len(encoded(render(page)))
    page.pictures = fitting(in_turn, room - LIMIT // 50)
    page.left_out = sum(bool(row.uri) for row in in_turn) - len(page.pictures)
    return render(page)


def _in_turn(chosen: Sequence[Sequence[Picture]]) -> list[Picture]:
    """The pictures of all sides, so that none of them is let go of first."""
    longest = max(map(len, chosen))
    return [row[k] for k in range(longest) for row in chosen if k < len(row)]


def _drawn(side: Side, pictures: Sequence[Picture], how: How) -> dict[str, Any]:
    """What the pictures of a side show, by image: a second pass over these images alone."""
    of_images = wanted(pictures)
    images = side.dataset.take(sorted({row.position for row in pictures}))
    draw = Draw(of_images, scheme_of(side.dataset), hatch=not side.dataset.conventions.grouped)
    shown = replace(images, photos=side.photos)
    return run(Work(COMMAND, with_photos(shown), draw, Thumbnails(len(images))), how).pictures
