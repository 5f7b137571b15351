"""Class maps to one-hot arrays and back: a row of classes per pixel, or a plane per class.

Milliseconds for a uint8 map of 480×640 and 133 (21) classes into reused memory. Rows: a table lookup takes 1.9 (0.9),
setting ones in cleared memory 1.8 (0.6), comparing 5.8 (3.2). Planes: comparing takes 2.5 (0.2), setting ones
1.2 (0.7), transposing rows 110 (5). Void slows down setting ones, but not the table. Fresh memory adds 2 to 4
for page faults.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError, UsageError, show

Array = npt.NDArray[Any]
Layout = Literal["hwc", "chw"]
Void = int | Literal["auto"] | None

_STRIP = 1 << 13  # pixels
_FEW = 64  # planes
_VOID = 255


def one_hot(
    class_map: Array,
    num_classes: int,
    *,
    void: Void = "auto",
    layout: Layout = "hwc",
    dtype: npt.DTypeLike = np.uint8,
    void_channel: bool = False,
    out: Array | None = None,
) -> Array:
    """A class map (H, W) of integers -> (H, W, C) or (C, H, W) of ``dtype``; several, (N, H, W) -> (N, ...) of those.

    Pixels of ``void`` are 0 in all channels; with ``void_channel`` there is one more channel at the end, and they are 1
    there. By default, void is 255, and has to be given where that is a class; None: no pixel is void. ``out``,
    C-contiguous and of the result's shape, is filled and returned; its dtype overrides ``dtype``. One ``out`` for many
    pictures saves half of the time. Raises SampleError: ``classmap.shape``, ``classmap.type``, ``classmap.range`` for a
    value that is neither a class nor void; UsageError: ``onehot.classes``, ``onehot.layout``, ``onehot.dtype``,
    ``onehot.void``, ``onehot.out``, and ``usage.void`` for more than 255 classes without a ``void``.

    >>> one_hot(np.array([[0, 2, 255]], np.uint8), 3)
    array([[[1, 0, 0],
            [0, 0, 1],
            [0, 0, 0]]], dtype=uint8)
    """
    class_map = np.asarray(class_map)
    _check_map(class_map)
    num_classes, void = _checked(num_classes, void, layout, void_channel)
    found = void if check_values(class_map, num_classes, void) else None
    result = _result(class_map.shape, num_classes + void_channel, layout, dtype, out)
    # With fewer pixels than classes, the table of rows would be larger than the result.
    if layout == "hwc" and class_map.size > num_classes:
        _look_up(class_map.reshape(-1), result.reshape(-1, result.shape[-1]), num_classes, found)
        return result
    fill = _compare if layout == "chw" and num_classes <= _FEW else _scatter
    for pixels, planes in zip(_pictures(class_map, layout), _planes(result, layout), strict=True):
        fill(pixels, planes, num_classes, found)
    return result


def from_one_hot(
    array: Array, *, void: Void = "auto", layout: Layout = "hwc", void_channel: bool = False
) -> npt.NDArray[np.integer]:
    """A one-hot array of only 0 and 1 -> the class map (H, W) or (N, H, W), in the smallest dtype that fits.

    Pixels that are 0 in all channels, or 1 in the last with ``void_channel``, become ``void``: 255 by default, to be
    given where that is a class; None: there are none. Raises SampleError: ``onehot.shape``, ``onehot.value`` for values
    other than 0 and 1, ``onehot.several`` for a pixel of several classes, ``onehot.none`` for one of no class where
    ``void`` is None, ``onehot.void`` for one of the class that is ``void``; UsageError: ``onehot.layout``,
    ``onehot.classes``, ``onehot.void``, and ``usage.void`` for more than 255 classes without a ``void``.

    >>> from_one_hot(np.array([[[1, 0, 0], [0, 0, 1], [0, 0, 0]]]))
    array([[  0,   2, 255]], dtype=uint8)
    """
    array = np.ascontiguousarray(array)
    if array.ndim not in (3, 4) or array.dtype.kind not in "biuf":
        found = f"{array.dtype} of the shape {array.shape}"
        raise SampleError("onehot.shape", f"the one-hot array is {found}; expected numbers, 3 or 4 dimensions")
    size = array.shape[:-1] if layout == "hwc" else (*array.shape[:-3], *array.shape[-2:])
    num_classes = array.shape[-1 if layout == "hwc" else -3] - void_channel
    num_classes, void = _checked(num_classes, void, layout, void_channel)
    class_map: npt.NDArray[np.integer] = np.empty(size, _smallest(num_classes - 1, void))
    for pixels, planes in zip(_pictures(class_map, layout), _planes(array, layout), strict=True):
        _gather(pixels, planes, num_classes, void)
    return class_map


def _pictures(class_map: Array, layout: Layout) -> Iterator[Array]:
    """Pixels (P,) that are adjacent in the one-hot array: all pictures together (hwc), or one by one (chw)."""
    if layout == "hwc":
        return iter([class_map.reshape(-1)])
    return iter(class_map.reshape(math.prod(class_map.shape[:-2]), math.prod(class_map.shape[-2:])))


def _planes(array: Array, layout: Layout) -> Iterator[Array]:
    """The matching parts of the one-hot array, as views (C, P)."""
    if layout == "hwc":
        return iter([array.reshape(-1, array.shape[-1]).T])
    return iter(array.reshape(math.prod(array.shape[:-3]), array.shape[-3], math.prod(array.shape[-2:])))


def _strips(length: int) -> Iterator[slice]:
    return (slice(start, min(start + _STRIP, length)) for start in range(0, length, _STRIP))


def _compare(pixels: Array, planes: Array, num_classes: int, void: int | None) -> None:
    values = [None if value == void else value for value in range(num_classes)]
    for plane, value in zip(planes, [*values, void], strict=False):
        if value is None:
            plane[:] = 0
        elif plane.dtype.itemsize == 1:
            np.equal(pixels, value, out=plane.view(np.bool_))
        else:
            plane[:] = pixels == value


def _scatter(pixels: Array, planes: Array, num_classes: int, void: int | None) -> None:
    planes.fill(0)
    flat = planes.reshape(-1, order="A")
    by_class, by_pixel = (step // planes.itemsize for step in planes.strides)
    for strip in _strips(len(pixels)):
        classes = _classes(pixels[strip], num_classes, void)
        positions = np.arange(strip.start, strip.stop)
        if void is not None and num_classes == len(planes):
            kept = classes < num_classes
            classes, positions = classes[kept], positions[kept]
        flat[classes * by_class + positions * by_pixel] = 1


def _look_up(pixels: Array, rows: Array, num_classes: int, void: int | None) -> None:
    table = np.eye(num_classes + 1, rows.shape[1], dtype=rows.dtype)
    for strip in _strips(len(pixels)):
        classes = _classes(pixels[strip], num_classes, void)
        # Without a mode, numpy copies ``out`` first.
        np.take(table, classes, axis=0, out=rows[strip], mode="clip")


def _classes(pixels: Array, num_classes: int, void: int | None) -> npt.NDArray[np.intp]:
    """The class of each pixel of a strip, ``num_classes`` where it is void."""
    classes = pixels.astype(np.intp)
    if void is not None:
        np.copyto(classes, num_classes, where=pixels == void)
    return classes


def _gather(pixels: Array, planes: Array, num_classes: int, void: int | None) -> None:
    for strip in _strips(len(pixels)):
        pixel, classes = _ones(planes[:, strip])
        times = np.bincount(pixel, minlength=strip.stop - strip.start)
        if times.max() > 1:
            raise SampleError("onehot.several", f"a pixel is 1 in {times.max()} channels; expected at most one")
        if void is None and times.min() < 1:
            raise SampleError("onehot.none", "a pixel is 0 in all channels; give it a value with void=255")
        known = classes < num_classes
        pixel, classes = pixel[known], classes[known]
        if void is not None:
            if (classes == void).any():
                raise SampleError("onehot.void", f"a pixel has class {void}, which is also void; choose another void")
            pixels[strip] = void
        pixels[strip][pixel] = classes


def _ones(planes: Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The ones of planes (C, P), any number for each pixel: pixel (K,), channel (K,)."""
    by_pixel = planes.strides[0] < planes.strides[1]
    lying = planes.T if by_pixel else planes
    ones = lying == 1
    positions = np.flatnonzero(ones)
    if len(positions) != np.count_nonzero(lying != 0):
        found = lying[(lying != 0) & ~ones][0]
        raise SampleError("onehot.value", f"the one-hot array contains {found}; expected only 0 and 1")
    # Dividing by one number is vectorised in numpy, the remainder is not.
    first = positions // lying.shape[1]
    second = positions - first * lying.shape[1]
    return (first, second) if by_pixel else (second, first)


def _smallest(highest: int, void: int | None) -> type[np.integer]:
    """The smallest dtype for 0 to ``highest`` and ``void``; unsigned where void is not negative."""
    lowest, highest = min(void or 0, 0), max(void or 0, highest)
    kinds = (np.int8, np.int16, np.int32, np.int64) if lowest < 0 else (np.uint8, np.uint16, np.uint32, np.uint64)
    return next(kind for kind in kinds if np.iinfo(kind).min <= lowest and highest <= np.iinfo(kind).max)


def _check_map(class_map: Array) -> None:
    if class_map.ndim not in (2, 3):
        raise SampleError("classmap.shape", f"the class map has the shape {class_map.shape}; expected (H, W)")
    if class_map.dtype.kind not in "biu":
        raise SampleError("classmap.type", f"the class map has the dtype {class_map.dtype}; expected integers")


def _checked(num_classes: object, void: object, layout: str, void_channel: bool) -> tuple[int, int | None]:
    """The number of classes and void as Python integers, because numpy's small ones overflow."""
    num_classes = _integer(num_classes, "onehot.classes", "the number of classes")
    void = _void(void, num_classes)
    if num_classes < 1:
        raise UsageError("onehot.classes", f"there are {num_classes} classes; expected at least 1")
    if layout not in ("hwc", "chw"):
        raise UsageError("onehot.layout", f"the layout is {show(layout)}; expected 'hwc' or 'chw'")
    if void is not None and not -(1 << 63) <= void < 1 << 64:
        raise UsageError("onehot.void", f"void is {void}; expected a number of at most 64 bits")
    if void_channel and void is None:
        raise UsageError("onehot.void", "void_channel needs a value for void; give it with void=255")
    return num_classes, void


def _void(void: object, num_classes: int) -> int | None:
    if void is None:
        return None
    if not isinstance(void, str) or void != "auto":
        return _integer(void, "onehot.void", "void")
    if num_classes > _VOID:
        text = (
            f"with {num_classes} classes, {_VOID} is one of them; pass the value of void, or void=None if there is none"
        )
        raise UsageError("usage.void", text)
    return _VOID


def _integer(value: Any, category: str, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise UsageError(category, f"{name} is {show(value)}; expected an integer") from None


def check_values(class_map: Array, num_classes: int, void: int | None) -> bool:
    """Check that every pixel is a class or void -> whether any is void. Raises SampleError ``classmap.range``."""
    if not class_map.size:
        return False
    lowest, highest = int(class_map.min()), int(class_map.max())
    may_be_void = void is not None and lowest <= void <= highest
    if not may_be_void and lowest >= 0 and highest < num_classes:
        return False
    is_void = class_map == void if may_be_void else np.zeros(class_map.shape, np.bool_)
    strange = ~is_void & ((class_map < 0) | (class_map >= num_classes))
    if strange.any():
        row, column = np.argwhere(strange)[0][-2:].tolist()
        found = f"the class map contains {class_map[strange][0]} at row {row}, column {column}"
        but = "" if void is None else f", or {void} for void"
        raise SampleError("classmap.range", f"{found}; expected 0 to {num_classes - 1}{but}")
    return bool(is_void.any())


def _result(shape: tuple[int, ...], channels: int, layout: Layout, dtype: npt.DTypeLike, out: Array | None) -> Array:
    expected = (*shape, channels) if layout == "hwc" else (*shape[:-2], channels, *shape[-2:])
    result = np.empty(expected, _numbers(dtype)) if out is None else out
    if not isinstance(result, np.ndarray):
        raise UsageError("onehot.out", f"out is a {type(out).__name__}; expected an array of the shape {expected}")
    if result.shape != expected or not result.flags.c_contiguous:
        raise UsageError("onehot.out", f"out has the shape {result.shape}; expected {expected}, C-contiguous")
    if not result.flags.writeable:
        raise UsageError("onehot.out", "out is read-only; expected an array to write into")
    _numbers(result.dtype)
    return result


def _numbers(dtype: npt.DTypeLike) -> np.dtype[Any]:
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise UsageError("onehot.dtype", f"the dtype is {show(dtype)}, which numpy does not know") from None
    if found.kind not in "biuf":
        raise UsageError("onehot.dtype", f"the one-hot array would have the dtype {found}; expected a bool or a number")
    return found
