"""Images of their tiles: the function behind ``cocoseg stitch``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cocoseg.errors import DocumentError
from cocoseg.files.places import StrPath, place
from cocoseg.formats.coco_json.about import TILES
from cocoseg.formats.reading import evaluated, opened
from cocoseg.model import Dataset
from cocoseg.options import Reading, Stitching, part, takes
from cocoseg.reshaping.stitching import stitched
from cocoseg.reshaping.tile_table import Table, read_table
from cocoseg.runs.report import Head
from cocoseg.runs.run import run
from cocoseg.runs.tally import Tally
from cocoseg.tools.pieces import writing
from cocoseg.tools.reshaped import Out, check_out, kind_of, own_kind, work
from cocoseg.tools.running import running
from cocoseg.tools.sources import Source, about
from cocoseg.tools.subset import shown_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


@takes(Stitching)
def stitch(src: StrPath, out: StrPath, **options: Unpack[Stitching]) -> Tally:
    """Put tiles together again, those that ``tile`` wrote or predictions on them, and write the images to ``out``.

    Each pixel is taken from the tile in whose middle it lies. What ``tile`` wrote becomes what it was, as its segments
    say what they are of. Of predictions, stuff of a category is one segment, and two things of neighbouring tiles are
    one if their masks agree in what both tiles show, with an IoU above one half.

    Raises DocumentError, LabelError, UsageError before anything is written, OutputError where nothing can be written.

    >>> import cocoseg, tempfile
    >>> with tempfile.TemporaryDirectory() as tiles:
    ...     _ = cocoseg.tile("fixtures/panoptic.json", tiles, size=4, overlap=1)
    ...     stitch(tiles, "whole", dry_run=True).images
    3
    """
    how, given = running(options), writing(options)
    table = _table(src) if options["tiles"] is None else read_table(options["tiles"])
    source = Source(src, part(Reading, options))
    name, tiles = opened(src, source.options | {"keep_fields": True}, images=table.listed)
    dataset = stitched(tiles, table, name in ("coco", "panoptic"), missing=options["missing"] == "empty")
    found = own_kind(name, dataset)
    kind = kind_of([found], options["to"])
    check_out(kind, out, given, folder=True)
    dataset, notes = evaluated(dataset) if kind != "semantic" else (dataset, [])
    files = [*source.files(tiles), *([] if options["tiles"] is None else [place(options["tiles"])])]
    shown = shown_of(kind, given) | source.given | {"missing": options["missing"]}
    head = Head(files, shown, {"reshaped": {"by": "stitch"}})
    notes = [*notes, table.note(tiles)]
    dataset = _with_ids(dataset, _ids(name, table) if options["tiles"] is None else "none")
    problems = list(dataset.problems)
    described = {**{name: value for name, value in about(tiles, src).items() if name != TILES}, **table.about}
    done: Tally = run(work(Out(dataset, kind, out, head, given, notes, problems, described)), how)
    return done


def _table(src: StrPath) -> Table:
    """The table of tiles that say which ones they are. Raises DocumentError as ``read_table`` does."""
    try:
        return read_table(src)
    except DocumentError as error:
        if error.category not in ("doc.type", "doc.missing_key", "file.missing"):
            raise
        text = f"{error.message}; if SRC holds predictions, --tiles names what 'cocoseg tile' wrote"
        raise DocumentError(error.category, text) from None


def _ids(name: str, table: Table) -> str:
    """What ids segments had before they were cut; a panoptic JSON that lost it by ``subset`` has those of pictures."""
    return "picture" if name == "panoptic" and not table.says_ids else table.ids


def _with_ids(dataset: Dataset, ids: Any) -> Dataset:
    """The data set, of which it is known what ids its segments had before they were cut."""
    return replace(dataset, conventions=dataset.conventions._replace(ids=ids))
