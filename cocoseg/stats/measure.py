"""Measures one image: a sample, and its photo where there is one, to facts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Raw

from cocoseg.codecs import rle
from cocoseg.codecs.parts import parts_and_holes
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs
from cocoseg.errors import SampleError
from cocoseg.files.photo import find_photo, open_photo, size_in_header
from cocoseg.files.reading import read_file
from cocoseg.model import Sample
from cocoseg.model.photos import Photographed
from cocoseg.runs.writer import Converted
from cocoseg.stats import heat
from cocoseg.stats.facts import ImageFacts, PhotoFacts
from cocoseg.targets.semantic import flat
from cocoseg.version import __version__

_DIGEST = 8  # bytes: of a million images, the chance that two look equal is one in 37 million

_AREA = msgspec.json.Decoder(float)
_AREAS = msgspec.json.Decoder(list[float | None])
_FEW = 32  # pixels by which a stated area may always differ
_TELLING = 16  # runs of an image, from which its label tells it from others


@dataclass(frozen=True)
class Measure:
    """``measure(sample) -> facts``, as a conversion that writes no file.

    ``photos``: their folder, or "". ``background``: whether an uncovered pixel is background, and so not void.
    ``shapes``: count parts and holes too, and make heat maps.
    """

    photos: str = ""
    background: bool = False
    shapes: bool = False

    def __call__(self, sample: Sample) -> Converted:
        """Raises SampleError."""
        return Converted({}, self.facts(sample))

    def settings(self) -> bytes:
        """The options, and the version, as facts may change with it."""
        return f"{self}{__version__}".encode("utf-8", "surrogatepass")

    def facts(self, sample: Sample) -> ImageFacts:
        """The facts of a sample. Raises SampleError."""
        painted, contested = flat(sample, "file")
        uncovered = int(painted.areas[-1])
        ids, numbers = np.unique(sample.category_ids, return_inverse=True)
        pixels = np.bincount(numbers, weights=painted.areas[:-1], minlength=len(ids)).astype(np.int64)
        areas, boxes = sample.areas, _boxes(sample.shapes)
        facts = ImageFacts(
            *sample.size,
            uncovered=uncovered,
            void=_marked(painted) if self.background else uncovered,
            contested=contested,
            categories=sample.category_ids.tolist(),
            crowds=sample.iscrowd.tolist(),
            areas=areas.tolist(),
            boxes=boxes.tolist(),
            painted=dict(zip(ids.tolist(), pixels.tolist(), strict=True)),
            twins=_twins(sample.shapes, areas, boxes),
            off=_off(sample.stated, sample.areas) if sample.stated else [],
            label=_label(sample),
            plain=len(_canonical(sample.shapes)[0]) < _TELLING,
            photo=_photo(self.photos, sample) if self.photos else None,
        )
        if self.shapes:
            facts.parts, facts.holes = (counts.tolist() for counts in parts_and_holes(sample.shapes))
            facts.heat = heat.packed(heat.heat(painted, numbers.astype(np.intp), len(ids)))
        return facts


def _marked(regions: Regions) -> int:
    """Pixels that a picture marks as void."""
    return 0 if regions.void is None else int(regions.lengths[regions.void].sum())


def _boxes(shapes: Regions | Runs) -> npt.NDArray[np.int64]:
    return shapes.boxes if isinstance(shapes, Regions) else rle.bbox(shapes)


def _twins(shapes: Regions | Runs, areas: npt.NDArray[np.int64], boxes: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of segments with the same mask, which has a pixel. Only equal boxes and areas are looked at closely."""
    if isinstance(shapes, Regions) or len(shapes) < 2:
        return []
    alike = np.column_stack([boxes, areas])
    _, numbers, counts = np.unique(alike, axis=0, return_inverse=True, return_counts=True)
    suspects = np.flatnonzero((counts[numbers.reshape(-1)] > 1) & (areas > 0)).tolist()
    seen: dict[bytes, int] = {}
    masks = {k: shapes.counts[shapes.offsets[k] : shapes.offsets[k + 1]].tobytes() for k in suspects}
    return [(first, k) for k, mask in masks.items() if (first := seen.setdefault(mask, k)) != k]


def _off(stated: Sequence[Raw], areas: npt.NDArray[np.int64]) -> list[tuple[int, float]]:
    """The segments whose stated area is more than twice or less than half that of the mask, and what it is.

    A few pixels are no difference, and what is not a number, or is of a mask without a pixel, is passed over.
    """
    found = _numbers(stated)
    with np.errstate(invalid="ignore"):
        wrong = (np.maximum(found, areas) > 2 * np.minimum(found, areas)) & (np.abs(found - areas) > _FEW) & (areas > 0)
    return [(k, float(found[k])) for k in np.flatnonzero(wrong & np.isfinite(found)).tolist()]


def _numbers(stated: Sequence[Raw]) -> npt.NDArray[np.float64]:
    """JSON as numbers (n,); what is none becomes NaN."""
    try:
        return np.array(_AREAS.decode(b"[%b]" % b",".join(map(bytes, stated))), np.float64)
    except (msgspec.MsgspecError, RecursionError):
        return np.array([_number(raw) for raw in stated], np.float64)


def _number(raw: Raw) -> float:
    try:
        return float(_AREA.decode(raw))
    except (msgspec.MsgspecError, RecursionError):
        return np.nan


def _label(sample: Sample) -> str:
    """A digest of size, categories and masks: equal where nothing that is trained on differs."""
    hasher = blake2b(repr(sample.size).encode(), digest_size=_DIGEST)
    for column in (sample.category_ids, *_canonical(sample.shapes)):
        hasher.update(len(column).to_bytes(8, "little"))
        hasher.update(column.astype("<i8").tobytes())
    return hasher.hexdigest()


def _canonical(shapes: Regions | Runs) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Shapes as arrays that are equal where the masks are."""
    if isinstance(shapes, Runs):
        return shapes.counts, shapes.offsets
    drawn = shapes.lengths > 0
    segments, stops = shapes.segments[drawn], np.cumsum(shapes.lengths)[drawn]
    last = np.flatnonzero(np.diff(segments, append=-1))
    return segments[last], stops[last]


def _photo(folder: str, sample: Sample) -> PhotoFacts:
    """The digest and the size of a sample's photo, or why there is none."""
    try:
        known = sample.photo.data if isinstance(sample, Photographed) and sample.photo else None
        data = read_file(find_photo(folder, sample.key, sample.file_name)) if known is None else known
        with open_photo(io.BytesIO(data)) as photo:
            size = size_in_header(photo)
    except SampleError as error:
        return PhotoFacts(problem=error.problem)
    return PhotoFacts(blake2b(data, digest_size=_DIGEST).hexdigest(), size.stored, size.turned)
