"""Images in tiles: the function behind ``cocoseg tile``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cocoseg.errors import UsageError
from cocoseg.files.places import StrPath
from cocoseg.labels.presets import is_stuff
from cocoseg.model import Dataset
from cocoseg.options import Tiling as Options
from cocoseg.options import takes
from cocoseg.reshaping.cutting import Tiling
from cocoseg.runs.tally import Tally
from cocoseg.tools.pieces import begin, size_of, write

if TYPE_CHECKING:
    from typing_extensions import Unpack


@takes(Options)
def tile(src: StrPath, out: StrPath, **options: Unpack[Options]) -> Tally:
    """Cut the images of ``src`` into tiles of ``size`` pixels that share ``overlap``, and write them to ``out``.

    Every tile has the full size, as the last ones are shifted inwards; an image that is smaller stays one tile. The
    name of a tile ends with its offset, as ``a_y0_x896.png``, and its row says which image it is of. Masks are cut as
    runs; a crowd stays a crowd. Photos are cut too where ``photos`` names their folder, or ``src`` does.

    ``stitch`` makes the images of the tiles again, and ``evaluate`` does so with predictions on tiles.

    Raises DocumentError, LabelError, UsageError before anything is written, OutputError where nothing can be written.

    >>> result = tile("fixtures/panoptic.json", "new-tiles", size=4, overlap=1, dry_run=True)
    >>> result.images, result.pieces
    (3, 13)
    """
    given: Any = options
    size, overlap, least = size_of(given["size"]), int(given["overlap"]), float(given["min_visible"])
    if overlap >= min(size):
        text = f"overlap is {overlap}, expected less than the {min(size)} pixels of a tile"
        raise UsageError("usage.overlap", text)
    if not least <= 1:
        raise UsageError("usage.min_visible", f"min_visible is {least:g}, expected a share of 0 to 1")
    begun = begin(src, out, given, given["to"])
    change = Tiling(size, overlap, least, _objects(begun.dataset) if least else ())
    said: dict[str, Any] = {"size": list(size), "overlap": overlap} | ({"min_visible": least} if least else {})
    return write(begun, out, given, change, said)


def _objects(dataset: Dataset) -> tuple[int, ...]:
    """The categories whose segments are single objects."""
    if dataset.conventions.grouped:
        return ()
    return tuple(row.id for row in dataset.categories if not is_stuff(row))
