"""Cuts the labels of an image into tiles, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import rle
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.windows import Size, Windows, crop_regions, crop_runs
from cocoseg.model import Sample
from cocoseg.reshaping.tiles import check_number, own_fields, tile_id, tile_names, tile_row, windows_of

if TYPE_CHECKING:
    import PIL.Image


class Pieces(NamedTuple):
    """What becomes of an image, and the number of the objects that are ``dropped`` from it."""

    samples: list[Sample]
    dropped: int


class _Part(NamedTuple):
    """What a window shows: the indices of its segments (m,), rising, their shapes, and their pixels there (m,)."""

    segments: npt.NDArray[np.intp]
    shapes: Regions | rle.Runs
    areas: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tiling:
    """Cuts images into tiles of ``size`` (height, width), of which neighbours share ``overlap`` pixels.

    Of single segments of the categories ``objects``, those are dropped of which a tile shows less than the share
    ``min_visible`` of their pixels.
    """

    size: Size
    overlap: int = 0
    min_visible: float = 0.0
    objects: tuple[int, ...] = ()

    def __call__(self, sample: Sample, ending: str = "") -> Pieces:
        """The tiles of an image, row by row; ``ending`` is that of their photos. Raises SampleError ``limit.tiles``."""
        windows = self._windows(sample.size)
        fields, dropped, tiles = own_fields(sample), 0, []
        light = replace(sample, row=None, rows=None, stated=None)
        for number, (offset, part) in enumerate(zip(windows.offsets, _parts(sample, windows), strict=True)):
            kept = self._kept(sample, part)
            dropped += len(kept) - int(kept.sum())
            key, name = tile_names(sample, offset, ending)
            image_id = tile_id(sample.image_id, number, "_y{}_x{}".format(*offset))
            row = tile_row(sample, offset, fields)
            tile = _tile(light, part, sample.rows).take(np.flatnonzero(kept))
            tiles.append(replace(tile, key=key, file_name=name, image_id=image_id, row=row))
        return Pieces(tiles, dropped)

    def pictures(self, photo: PIL.Image.Image) -> Iterator[PIL.Image.Image]:
        """The tiles of a photo."""
        windows = self._windows(photo.size[::-1])
        height, width = windows.size
        return (photo.crop((x, y, x + width, y + height)) for y, x in windows.offsets)

    def _windows(self, size: Size) -> Windows:
        windows = windows_of(size, self.size, self.overlap)
        check_number(windows)
        return windows

    def _kept(self, sample: Sample, part: _Part) -> npt.NDArray[np.bool_]:
        """Which segments of a tile stay: (m,)."""
        if not self.min_visible:
            return np.ones(len(part.segments), np.bool_)
        is_object = np.isin(sample.category_ids, self.objects) & ~sample.iscrowd
        enough = part.areas >= self.min_visible * sample.areas[part.segments]
        return enough | ~is_object[part.segments]


def _parts(sample: Sample, windows: Windows) -> Iterator[_Part]:
    if isinstance(sample.shapes, Regions):
        for regions in crop_regions(sample.shapes, windows):
            seen = np.flatnonzero(regions.areas[:-1])
            yield _Part(seen, regions.take(seen), regions.areas[seen])
        return
    found = crop_runs(sample.shapes, windows)
    areas, bounds = rle.area(found.runs), np.searchsorted(found.windows, np.arange(len(windows) + 1))
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        masks = rle.take(found.runs, np.arange(start, stop))
        yield _Part(found.masks[start:stop], masks, areas[start:stop])


def _tile(sample: Sample, part: _Part, rows: Sequence[object] | None) -> Sample:
    kept = part.segments
    return replace(
        sample,
        ids=sample.ids[kept],
        category_ids=sample.category_ids[kept],
        iscrowd=sample.iscrowd[kept],
        shapes=part.shapes,
        scores=None if sample.scores is None else sample.scores[kept],
        rows=None if rows is None else [rows[k] for k in kept.tolist()],
    )
