"""Masks and lists in MATLAB's files, as APSIS has them. Reading them needs scipy, the extra ``cocoseg[losses]``."""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError, UsageError, show
from cocoseg.files.png import Header
from cocoseg.limits import excess

MOST_BYTES = 1 << 26

_MASK = "mask"
_GREY = (8, 0)  # bits and colour type of a header
_LONGEST = 1 << 24  # numbers of a list
T = TypeVar("T")


def check_scipy(what: str) -> None:
    """Raises UsageError ``usage.extra`` where scipy is not installed."""
    if find_spec("scipy") is None:
        advice = "pip install 'cocoseg[losses]', or '.[losses]' from a checkout"
        raise UsageError("usage.extra", f"{what}: reading MATLAB's .mat files needs scipy: {advice}")


def read_mat(data: bytes, size: tuple[int, int] | None = None) -> npt.NDArray[Any]:
    """The variable ``mask`` of a .mat file: bytes -> (H, W) uint8, 0 and 1.

    Raises SampleError: ``mat.corrupt``, ``mat.type``, ``size.mismatch``, ``limit.pixels``.
    """
    header = mat_header(data)
    if size not in (None, header.size):
        found = "the mask is {}×{} (height×width), the JSON says {}×{}".format(*header.size, *(size or ()))
        raise SampleError("size.mismatch", f"{found}; one of the two belongs to another image")
    mask = _loaded(data, _MASK)
    if mask.dtype.kind not in "buif" or not np.isin(mask, (0, 1)).all():
        raise SampleError("mat.type", f"'mask' holds other values than 0 and 1 ({mask.dtype}); expected a binary mask")
    return mask.astype(np.uint8)


def mat_header(data: bytes) -> Header:
    """The size of the mask, before it is unpacked. Raises SampleError ``mat.*``, ``limit.pixels``."""
    shape = _shape(data, _MASK)
    if len(shape) != 2 or 0 in shape:
        raise SampleError("mat.type", f"'mask' has the shape {shape}; expected one of height and width")
    if much := excess(shape[0] * shape[1]):
        raise SampleError("limit.pixels", f"the mask has {much}")
    return Header((shape[0], shape[1]), *_GREY)


def read_numbers(data: bytes) -> list[int]:
    """The numbers in a list of images, the only variable of a .mat file. Raises SampleError ``mat.*``."""
    variables = _safely(lambda: _scipy().whosmat(io.BytesIO(data)))
    lists = [(name, shape) for name, shape, _ in variables if np.prod(shape, dtype=object) <= _LONGEST]
    if len(lists) != 1:
        names = ", ".join(show(name) for name, *_ in variables[:5]) or "none"
        raise SampleError("mat.type", f"the variables are {names}; expected one, the numbers of the images")
    numbers = _loaded(data, lists[0][0])
    if numbers.dtype.kind not in "uif" or (numbers % 1).any() or (numbers < 0).any():
        raise SampleError("mat.type", f"{show(lists[0][0])} holds other things than the numbers of images")
    return [int(number) for number in numbers.reshape(-1)]


def _shape(data: bytes, name: str) -> tuple[int, ...]:
    variables = _safely(lambda: _scipy().whosmat(io.BytesIO(data)))
    found = next((tuple(map(int, shape)) for called, shape, _ in variables if called == name), None)
    if found is None:
        names = ", ".join(show(called) for called, *_ in variables[:5]) or "none"
        raise SampleError(
            "mat.type", f"the file has no variable {name!r} (it has {names}); expected the mask of an image"
        )
    return found


def _loaded(data: bytes, name: str) -> npt.NDArray[Any]:
    return np.asarray(_safely(lambda: _scipy().loadmat(io.BytesIO(data), variable_names=[name])[name]))


def _safely(read: Callable[[], T]) -> T:
    try:
        return read()
    except MemoryError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {show(str(error), 120)}"
        raise SampleError("mat.corrupt", f"the .mat file can't be read ({reason}); get it again") from None


def _scipy() -> Any:
    from scipy import io as scipy_io

    return scipy_io
