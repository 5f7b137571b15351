"""Class maps and masks of a sample, under a label scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs import rle
from cocoseg.codecs.overlap import layers, paint
from cocoseg.codecs.panoptic import check_ids, ids_from_rgb, listed_regions
from cocoseg.codecs.pixels import check_pixels
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs, take
from cocoseg.errors import LabelError, SampleError, UsageError, show
from cocoseg.files.documents import Count, OfPieces
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.scheme import Overlap
from cocoseg.limits import within_its_limit
from cocoseg.model import Sample

Labels = LabelScheme | str


class Counts(OfPieces, forbid_unknown_fields=True):
    """Counts for a summary: the pixels of each value, and those that several masks cover."""

    pixels: dict[int, Count] = msgspec.field(default_factory=dict)
    contested: Count = 0


class SemanticMap(NamedTuple):
    """A class map (H, W), the pixels of each value in it, and the number of pixels that several masks cover."""

    class_map: npt.NDArray[Any]
    pixels: dict[int, int]
    contested: int = 0


class ClassRuns(NamedTuple):
    """A class map as ``regions`` with a value for each of their runs (R,), and what ``SemanticMap`` has beside it."""

    regions: Regions
    values: npt.NDArray[Any]
    pixels: dict[int, int]
    contested: int = 0


def semantic(sample: Sample, labels: Labels = "index", overlap: Overlap | None = None) -> npt.NDArray[Any]:
    """The class map of a sample: (H, W) uint8, or uint16 where the scheme's numbers need it.

    ``labels`` is a scheme, or the name of a preset with a class table. ``overlap`` overrides the scheme's.
    Raises SampleError: ``id.unknown`` for a category that the scheme does not list, if ``unknown`` is ``error``;
    ``overlap.contested`` if ``overlap`` is ``error``; ``overlap.scores`` if it is ``score`` and there are none.
    LabelError ``doc.missing_key`` for a preset that follows the categories of the data set, which a sample does not
    have. UsageError: ``usage.sample``, ``usage.labels`` for values of other types, such as a data set.
    """
    return semantic_map(sample, scheme_for(sample, labels), overlap).class_map


def scheme_for(sample: object, labels: Labels) -> LabelScheme:
    """The scheme for a sample. Raises UsageError: ``usage.sample`` for anything else, ``usage.labels``; LabelError."""
    check_is_sample(sample)
    try:
        return label_scheme(labels)
    except LabelError as error:
        if error.category != "doc.missing_key":
            raise
        text = f"labels {show(labels)} follow the categories of a data set, which a sample does not have"
        raise LabelError(error.category, f"{text}; pass cocoseg.label_scheme({show(labels)}, dataset)") from None


@within_its_limit
def semantic_map(sample: Sample, scheme: LabelScheme, overlap: Overlap | None = None) -> SemanticMap:
    """The class map of a sample, and the counts for a summary."""
    if overlap is not None:
        scheme = replace(scheme, overlap=overlap)
    if isinstance(sample.shapes, Regions):
        found = _of_regions(sample, sample.shapes, scheme)
        return SemanticMap(found.regions.fill(found.values), found.pixels)
    return _painted(*_classed_stack(sample, scheme), scheme)


@within_its_limit
def class_runs(sample: Sample, scheme: LabelScheme) -> ClassRuns:
    """The class map of a sample before it is painted, with the same counts."""
    if isinstance(sample.shapes, Regions):
        found = _of_regions(sample, sample.shapes, scheme)
    else:
        found = _of_stack(*_classed_stack(sample, scheme), scheme)
    check_pixels(found.regions.size)
    return found


def _of_regions(sample: Sample, regions: Regions, scheme: LabelScheme) -> ClassRuns:
    classes = segment_classes(sample, scheme)
    values = regions.values(classes, scheme.outside, scheme.void)
    return ClassRuns(regions, values, _class_pixels(classes.tolist(), scheme, regions))


def _classed_stack(sample: Sample, scheme: LabelScheme) -> tuple[_Stack, npt.NDArray[Any]]:
    """The masks that are painted, and their classes."""
    classes = segment_classes(sample, scheme)
    kept = np.flatnonzero(scheme.painted(sample.category_ids, sample.iscrowd))
    return _stack(sample, kept, scheme.overlap), classes[kept]


@within_its_limit
def flat(sample: Sample, overlap: Overlap | None = None) -> tuple[Regions, int]:
    """A sample as a picture with at most one segment per pixel, and the number of pixels that several masks cover.

    With ``void``, these have none. Raises SampleError: ``overlap.contested`` under ``error``, ``overlap.scores``.
    """
    if isinstance(sample.shapes, Regions):
        return sample.shapes, 0
    _, _, regions, contested, pixels = _stack(sample, np.arange(len(sample.ids)), overlap)
    if overlap == "void":
        regions = replace(regions, segments=np.where(contested, regions.count, regions.segments))
    return regions, pixels


@within_its_limit
def painted(sample: Sample, scheme: LabelScheme) -> tuple[Sample, int]:
    """A sample as one picture of the segments that the scheme paints, and the number of contested pixels.

    Its class map is that of the sample, and so is that of any part of it. Raises SampleError as ``semantic_map`` does.
    """
    segment_classes(sample, scheme)
    if isinstance(sample.shapes, Regions):
        return sample, 0
    kept = np.flatnonzero(scheme.painted(sample.category_ids, sample.iscrowd))
    _, _, regions, contested, pixels = _stack(sample, kept, scheme.overlap)
    if scheme.overlap == "void":
        segments = np.where(contested, regions.count, regions.segments)
        regions = replace(regions, segments=segments, void=contested)
    return replace(sample.take(kept), shapes=regions), pixels


def instance_masks(sample: Sample) -> npt.NDArray[np.bool_]:
    """A mask per segment: (n, H, W) bool, in the order of ``sample.ids``, ``category_ids``, ``iscrowd`` and ``areas``.

    Raises UsageError ``usage.sample`` for anything but a Sample.

    >>> import cocoseg
    >>> masks = instance_masks(cocoseg.read("fixtures/panoptic.json")[2])
    >>> masks.shape, masks.sum(axis=(1, 2)).tolist()
    ((4, 1, 9), [1, 2, 2, 2])
    """
    check_is_sample(sample)
    return segment_masks(sample, np.arange(len(sample.ids)))


def check_is_sample(sample: object) -> None:
    """Raises UsageError ``usage.sample`` for anything but a Sample."""
    if not isinstance(sample, Sample):
        found = f"sample is a {type(sample).__name__}"
        raise UsageError("usage.sample", f"{found}, expected one image of a data set, such as dataset[0]")


@within_its_limit
def segment_masks(sample: Sample, indices: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """The masks of the segments at ``indices`` (m,): (m, H, W) bool."""
    if isinstance(sample.shapes, Runs):
        return rle.decode(rle.take(sample.shapes, indices))
    narrow = np.min_scalar_type(len(indices))  # narrow types are compared several times as fast
    numbers: npt.NDArray[Any] = np.full(sample.shapes.count, len(indices), narrow)
    numbers[indices] = np.arange(len(indices))
    return sample.shapes.planes(numbers, len(indices))


class _Stack(NamedTuple):
    """Masks painted one over another, in the ``order`` (m,) of their indices, the lowest first.

    ``regions`` has the topmost mask of each run. ``contested`` (R,) bool says which runs several masks cover,
    ``pixels`` is the number of their pixels.
    """

    masks: Runs
    order: npt.NDArray[np.intp]
    regions: Regions
    contested: npt.NDArray[np.bool_]
    pixels: int


def _stack(sample: Sample, kept: npt.NDArray[np.intp], overlap: Overlap | None) -> _Stack:
    """The masks of the ``kept`` segments (m,) of a sample, under a rule. Raises SampleError ``overlap.*``."""
    assert isinstance(sample.shapes, Runs)
    masks = sample.shapes if len(kept) == len(sample.ids) else take(sample.shapes, kept)
    try:
        order = painting_order(sample, masks, kept, overlap)
        regions, contested = layers(masks, order)
        pixels = int(regions.lengths[contested].sum())
        if overlap == "error" and pixels:
            raise SampleError("overlap.contested", f"{pixels} pixels belong to several masks; choose another --overlap")
    except SampleError as error:
        raise _at(sample, error) from None
    return _Stack(masks, order, regions, contested, pixels)


def painting_order(
    sample: Sample, masks: Runs, kept: npt.NDArray[np.intp], overlap: Overlap | None
) -> npt.NDArray[np.intp]:
    """The order in which the masks of the ``kept`` segments (m,) are painted, as indices of masks: (m,).

    Without a rule, it is by score if all segments have one. Raises SampleError ``overlap.scores``.
    """
    if overlap == "area":
        return np.argsort(-rle.area(masks), kind="stable")
    if overlap not in ("score", None) or (overlap is None and sample.scores is None):
        return np.arange(len(kept))
    if sample.scores is None:
        raise SampleError("overlap.scores", "the annotations have no 'score'; choose another --overlap")
    return np.argsort(sample.scores[kept], kind="stable")


def _painted(stack: _Stack, classes: npt.NDArray[Any], scheme: LabelScheme) -> SemanticMap:
    """The class map of a stack of masks with ``classes`` (m,)."""
    found = _of_stack(stack, classes, scheme)
    if scheme.overlap == "void":
        return SemanticMap(found.regions.fill(found.values), found.pixels, found.contested)
    check_pixels(stack.masks.size)
    class_map = np.full(stack.masks.size, scheme.outside, scheme.dtype)
    paint(stack.masks, classes, class_map, stack.order)
    return SemanticMap(class_map, found.pixels, found.contested)


def _of_stack(stack: _Stack, classes: npt.NDArray[Any], scheme: LabelScheme) -> ClassRuns:
    regions = stack.regions
    values = np.append(classes, scheme.dtype.type(scheme.outside))[regions.segments]
    if scheme.overlap == "void":
        values[stack.contested] = scheme.void
    counts = np.bincount(values, weights=regions.lengths)
    pixels = {int(value): int(counts[value]) for value in np.flatnonzero(counts)}
    return ClassRuns(regions, values, pixels, stack.pixels)


def _class_pixels(classes: list[int], scheme: LabelScheme, regions: Regions) -> dict[int, int]:
    pixels: dict[int, int] = {}
    void = 0 if regions.void is None else int(regions.lengths[regions.void].sum())
    *areas, outside = regions.areas.tolist()
    values = (*classes, scheme.outside, scheme.void)
    for value, area in zip(values, (*areas, outside - void, void), strict=True):
        if area:
            pixels[value] = pixels.get(value, 0) + area
    return pixels


def segment_classes(sample: Sample, scheme: LabelScheme) -> npt.NDArray[Any]:
    """The value that each segment gets in the class map: (n,) of the scheme's dtype."""
    classes, known = scheme.lookup(sample.category_ids, sample.iscrowd)
    if scheme.unknown == "error" and not known.all():
        raise _unknown_category(sample, scheme, int(np.flatnonzero(~known)[0]))
    return classes


def panoptic_to_semantic(
    picture: npt.NDArray[Any], segments_info: Sequence[Mapping[str, Any]], labels: Labels
) -> npt.NDArray[Any]:
    """The class map of a panoptic picture and its ``segments_info``, for a ``__getitem__`` that has both.

    ``picture`` is (H, W, 3) or (H, W, 4) uint8 as the PNG stores it, or (H, W) integer ids. Returns (H, W) uint8 or
    uint16. Raises SampleError: ``id.duplicate``, ``id.range``, ``id.unknown``, ``panoptic.unknown_id``; UsageError
    ``usage.picture`` for any other array, ``usage.segments_info`` for anything but a list of dicts.

    >>> picture = np.array([[[1, 0, 0], [2, 0, 0], [0, 0, 0]]], np.uint8)
    >>> info = [{"id": 1, "category_id": 1}, {"id": 2, "category_id": 200}]
    >>> panoptic_to_semantic(picture, info, "mask2former")
    array([[  0, 132, 255]], dtype=uint8)
    """
    ids = _ids(picture)
    _check_is_table(segments_info)
    listed = _column(segments_info, "id")
    check_ids(listed)
    sample = Sample(
        "picture",
        "picture",
        listed,
        category_ids=_column(segments_info, "category_id"),
        iscrowd=np.array([bool(segment.get("iscrowd", 0)) for segment in segments_info], np.bool_),
        shapes=listed_regions(ids, listed.astype(ids.dtype, copy=False)),
    )
    return semantic(sample, labels)


def _check_is_table(segments_info: object) -> None:
    """Raises UsageError ``usage.segments_info`` for anything but a list of dicts."""
    is_list = isinstance(segments_info, list | tuple | np.ndarray)
    if not is_list or not all(isinstance(row, Mapping) for row in cast("Sequence[object]", segments_info)):
        found = f"segments_info is {show(segments_info)}, expected a list of dicts"
        raise UsageError("usage.segments_info", f"{found}, as annotation['segments_info'] of a panoptic JSON")


def _column(segments_info: Sequence[Mapping[str, Any]], field: str) -> npt.NDArray[np.int64]:
    """A column of ``segments_info``: (n,) int64."""
    for index, segment in enumerate(segments_info):
        if field not in segment:
            raise SampleError("doc.missing_key", f"segments_info[{index}]: no {field!r}, expected an integer")
        value = segment[field]
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise SampleError("id.type", f"segments_info[{index}].{field} is {show(value)}, expected an integer")
        if not -(2**63) <= value < 2**63:
            raise SampleError(
                "id.range", f"segments_info[{index}].{field} is {show(value)}, beyond 64 bits; renumber it"
            )
    return np.array([segment[field] for segment in segments_info], np.int64)


def _ids(picture: npt.NDArray[Any]) -> npt.NDArray[np.uint32] | npt.NDArray[np.int64]:
    """The ids of a picture of colours, or of ids of any integer type, in a type that holds all ids."""
    if not isinstance(picture, np.ndarray):
        found = f"the picture is a {type(picture).__name__}"
        raise UsageError("usage.picture", f"{found}, expected an array (H, W, 3) of uint8 or (H, W) of integers")
    colors = picture.ndim == 3 and picture.shape[2] >= 3
    if picture.dtype.kind not in "iu" or not (colors or picture.ndim == 2) or not picture.size:
        found = f"the picture has shape {picture.shape} and dtype {picture.dtype}"
        raise UsageError("usage.picture", f"{found}, expected (H, W, 3) uint8 or (H, W) integers")
    if picture.ndim == 2:
        return picture if picture.dtype == np.uint32 else picture.astype(np.int64, copy=False)
    if picture.dtype != np.uint8 and (picture < 0).any() | (picture > 255).any():
        raise SampleError("png.mode", "the picture has colours outside 0 to 255; expected an 8-bit picture")
    return ids_from_rgb(picture.astype(np.uint8, copy=False))


def _unknown_category(sample: Sample, scheme: LabelScheme, index: int) -> SampleError:
    error = SampleError(
        "id.unknown",
        f"segment {sample.ids[index]} has category_id {sample.category_ids[index]}, which labels {scheme.name!r} "
        "do not list; add the category, or choose unknown = 'void'",
    )
    return _at(sample, error)


def _at(sample: Sample, error: SampleError) -> SampleError:
    return error.at(sample.place) if sample.place else error
