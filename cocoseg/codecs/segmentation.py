"""COCO's ``segmentation`` values to masks and back, all those of an image at once.

A value is a list of rings ``[[x, y, x, y, ...], ...]``, or ``{"size": [height, width], "counts": ...}`` with counts as
a list, or compressed as a string or bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import leb128
from cocoseg.codecs.polygon import Rings, fill, read_rings
from cocoseg.codecs.ragged import offsets_of
from cocoseg.codecs.rle import Runs, check_same_size, check_size, concatenate, pack, take
from cocoseg.codecs.rle import decode as decode_runs
from cocoseg.codecs.rle import encode as encode_masks
from cocoseg.errors import SampleError, show


def read_segmentation(value: Any, size: tuple[int, int]) -> Runs:
    """A segmentation value of any kind, and the image's (height, width) -> Runs of one mask.

    Raises SampleError: ``seg.*``, ``poly.*``, ``rle.*``, ``size.*``, ``limit.*``.

    >>> read_segmentation([[0.5, 0.5, 3.5, 0.5, 3.5, 3.5, 0.5, 3.5]], (5, 5)).counts
    array([6, 3, 2, 3, 2, 3, 6])
    """
    return _read([value], check_size(size))


def read_segmentations(
    values: Sequence[Any], size: tuple[int, int], where: Callable[[int], str] = "segmentation {}".format
) -> Runs:
    """Segmentation values (n,) of one image, of any kinds -> Runs of n masks, in a fixed number of numpy calls.

    ``where`` gives the location of the value at an index, for the error. Raises as ``read_segmentation`` does.
    """
    size = check_size(size)
    try:
        return _read(values, size)
    except SampleError:
        _blame(values, size, where)
        raise


def decode(segmentation: Any, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A COCO segmentation value of any kind, and the image's (height, width) -> its mask, (H, W) bool.

    ``segmentation`` is a list of rings, or RLE with counts as a list, str or bytes. Raises SampleError: ``seg.*``,
    ``poly.*``, ``rle.*``, ``size.*``, ``limit.*``.

    >>> decode({"size": [2, 3], "counts": "021O1"}, (2, 3)).astype(int)
    array([[1, 0, 0],
           [1, 1, 0]])
    """
    mask: npt.NDArray[np.bool_] = decode_runs(read_segmentation(segmentation, size))[0]
    return mask


def encode(mask: npt.NDArray[Any]) -> dict[str, Any]:
    """A mask (H, W), 0 for background -> ``{"size", "counts"}`` as pycocotools compresses it, ready for JSON.

    Raises SampleError: ``mask.shape``, ``mask.type``, ``size.*``, ``limit.pixels``.

    >>> encode(np.array([[1, 0, 0], [1, 1, 0]]))
    {'size': [2, 3], 'counts': '021O1'}
    """
    array = np.asarray(mask)
    if array.ndim != 2:
        raise SampleError("mask.shape", f"the array has the shape {array.shape}; expected (H, W)")
    return to_coco(encode_masks(array[None]))[0]


def from_coco(rles: Sequence[Any]) -> Runs:
    """COCO RLE dicts (n,) of one size -> Runs, n at least 1.

    Raises SampleError: ``list.empty``, ``seg.type``, ``size.*``, ``rle.*``, ``limit.pixels``.

    >>> from_coco([{"size": [2, 3], "counts": "021O1"}, {"size": [2, 3], "counts": [6]}]).counts
    array([0, 2, 1, 1, 2, 6])
    """
    if not len(rles):
        raise SampleError("list.empty", "there are no masks; give at least one")
    for rle in rles:
        if not isinstance(rle, Mapping):
            raise _strange(rle)
    return _read(rles, check_size(rles[0].get("size")))


def to_coco(packed: Runs, compressed: bool = True) -> list[dict[str, Any]]:
    """Runs of n masks -> n dicts as json.dump takes them: counts a str as pycocotools writes it, or a list.

    >>> to_coco(from_coco([{"size": [2, 3], "counts": [0, 2, 1, 1, 2]}]))
    [{'size': [2, 3], 'counts': '021O1'}]
    """
    text: str | list[int]
    if compressed:
        encoded, offsets = leb128.encode(packed.counts, packed.offsets)
        text = encoded.decode("ascii")
    else:
        text, offsets = packed.counts.tolist(), packed.offsets
    return [{"size": list(packed.size), "counts": text[start:stop]} for start, stop in pairwise(offsets.tolist())]


def _read(values: Sequence[Any], size: tuple[int, int]) -> Runs:
    kinds = [_kind(value) for value in values]
    packs: list[Runs] = []
    order: list[int] = []
    readers: tuple[_Reader, ...] = (_rings, _strings, _lists)
    for kind, read in enumerate(readers):
        chosen = [index for index, found in enumerate(kinds) if found == kind]
        if chosen:
            packs.append(read([values[index] for index in chosen], size))
            order += chosen
    if not packs:
        return Runs(size, np.zeros(0, np.int64), np.zeros(1, np.int64))
    return packs[0] if len(packs) == 1 else take(concatenate(packs), np.argsort(order))


_RINGS, _STRING, _LIST = range(3)
_Reader = Callable[[list[Any], tuple[int, int]], Runs]


def _kind(value: Any) -> int:
    if isinstance(value, list | tuple):
        return _RINGS
    if not isinstance(value, Mapping) or not value:
        raise _strange(value)
    counts = value.get("counts")
    if isinstance(counts, str | bytes):
        return _STRING
    if isinstance(counts, list | tuple | np.ndarray):
        return _LIST
    raise SampleError("rle.type", f"counts are {show(counts)}; expected a string, or a list of whole numbers")


def _rings(values: list[Any], size: tuple[int, int]) -> Runs:
    rings = read_rings(values)
    return fill(_checked_rings(values) if rings is None else rings, size)


def _checked_rings(values: Sequence[Sequence[Any]]) -> Rings:
    rings = [ring for value in values for ring in value]
    for ring in rings:
        if not isinstance(ring, list | tuple | np.ndarray):
            raise _strange_ring(ring)
        if len(ring) % 2 or len(ring) < 6:
            raise _short_ring(ring)
    numbers = list(chain.from_iterable(rings))
    _check_coordinates(numbers)
    try:
        points = np.array(numbers, np.float64).reshape(-1, 2)
    except OverflowError:
        raise SampleError("poly.range", "a ring has a coordinate beyond the range of a float; redraw it") from None
    ring_offsets = offsets_of([len(ring) // 2 for ring in rings])
    return Rings(points, ring_offsets, offsets_of([len(value) for value in values]))


def _strings(rles: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> Runs:
    _check_sizes(rles, size)
    texts = [_characters(rle["counts"]) for rle in rles]
    # A mask has at most one run more than pixels, and a few empty ones; longer counts are not decoded.
    longest, most = max(map(len, texts)), leb128.LONGEST * 2 * (size[0] * size[1] + 4)
    if longest > most:
        raise SampleError("rle.sum", f"counts have {longest} characters for a mask of {size[0]}×{size[1]} pixels")
    counts, offsets = leb128.decode(b"".join(texts), offsets_of([len(text) for text in texts]))
    return pack(counts, offsets, size)


def _lists(rles: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> Runs:
    _check_sizes(rles, size)
    lists = [_numbers(rle["counts"]) for rle in rles]
    try:
        counts = np.fromiter(chain.from_iterable(lists), np.int64)
    except OverflowError:
        raise SampleError("rle.sum", f"counts contain a number beyond the mask's {size[0]}×{size[1]} pixels") from None
    return pack(counts, offsets_of([len(numbers) for numbers in lists]), size)


def _check_sizes(rles: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> None:
    for rle in rles:
        check_same_size(check_size(rle.get("size")), size)


def _characters(counts: str | bytes) -> bytes:
    if isinstance(counts, bytes):
        return counts
    try:
        return counts.encode("ascii")
    except UnicodeEncodeError as error:
        raise SampleError(
            "rle.charset", f"counts contain the character {show(counts[error.start])}; expected only '0' to 'o'"
        ) from None


def _numbers(counts: Any) -> Sequence[int]:
    numbers: Sequence[int] = counts.tolist() if isinstance(counts, np.ndarray) else counts
    strange = set(map(type, numbers)) - {int}
    if strange == {float} and all(abs(number) < 2**53 and number == int(number) for number in numbers):
        return [int(number) for number in numbers]  # as pandas writes them
    if strange:
        found = next(number for number in numbers if type(number) in strange)
        raise SampleError("rle.type", f"counts contain {show(found)}; expected whole numbers")
    return numbers


def _check_coordinates(numbers: Sequence[Any]) -> None:
    for strange in set(map(type, numbers)) - {int, float}:
        if strange is bool or not issubclass(strange, int | float | np.integer | np.floating):
            found = next(number for number in numbers if type(number) is strange)
            raise SampleError("poly.type", f"a ring contains {show(found)}; expected numbers x, y, x, y, ...")


def _short_ring(ring: Sequence[Any] | npt.NDArray[Any]) -> SampleError:
    nested = next((item for item in ring if isinstance(item, list | tuple)), None)
    if nested is not None and len(nested) >= 6:
        return SampleError("seg.type", "segmentation is lists three deep; expected a list of rings [x, y, x, y, ...]")
    if any(not isinstance(item, int | float | np.integer | np.floating) for item in ring):
        return SampleError("poly.type", f"a ring is {show(ring)}; expected numbers x, y, x, y, ...")
    if len(ring) % 2:
        return SampleError("poly.odd", f"a ring has {len(ring)} numbers; x and y come in pairs, one is missing")
    box = "; write the corners of a box" if len(ring) == 4 else "; remove it or redraw it"
    return SampleError("poly.short", f"a ring has {len(ring) // 2} points; expected 3 or more{box}")


def _strange_ring(ring: Any) -> SampleError:
    if isinstance(ring, Mapping) and {"x", "y"} <= ring.keys():
        text = "segmentation is a list of points {x, y}; expected a list of rings [[x, y, x, y, ...]]"
        return SampleError("seg.type", text)
    if isinstance(ring, Mapping):
        return SampleError("seg.type", "segmentation is a list of RLE; expected the RLE itself, or a list of rings")
    if isinstance(ring, int | float):
        return SampleError("seg.type", "segmentation is a flat list of numbers; expected a list of rings [[x, y, ...]]")
    return SampleError("poly.type", f"a ring is {show(ring)}; expected a list of numbers x, y, x, y, ...")


def _strange(value: Any) -> SampleError:
    return SampleError("seg.type", f"segmentation is {show(value)}; expected rings, or RLE with size and counts")


def _blame(values: Sequence[Any], size: tuple[int, int], where: Callable[[int], str]) -> None:
    """Raise the error of the first bad value, with its location."""
    for number, value in enumerate(values):
        try:
            _read([value], size)
        except SampleError as error:
            raise error.at(where(number)) from None
