"""The class of the highest score, against numpy's argmax."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cocoseg.codecs import scores as module
from cocoseg.codecs.scores import best_classes, comparable
from cocoseg.errors import SampleError

TYPES = ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8")
ORDERS = ((0, 1, 2), (0, 2, 1), (1, 2, 0), (2, 1, 0), (1, 0, 2), (2, 0, 1))
Values = np.ndarray[Any, Any]


def stored(values: Values, order: tuple[int, int, int], dtype: str) -> Values:
    """The same values (C, H, W), with the axes in another order of memory."""
    return np.ascontiguousarray(values.astype(dtype).transpose(order)).transpose(np.argsort(order))


@st.composite
def scores(draw: Any, elements: Any) -> Values:
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(1, 7)))
    return draw(arrays.arrays(np.float16, shape, elements=elements))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", TYPES)
@given(values=scores(st.sampled_from([-2.5, -1.0, -0.0, 0.0, 1e-7, 1.0, 1.5, 65504.0])))
def test_is_what_argmax_takes(order: tuple[int, int, int], dtype: str, values: Values) -> None:
    found = best_classes(stored(values, order, dtype))
    assert found.dtype == np.uint8
    assert np.array_equal(found, values.argmax(axis=0))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", TYPES)
@given(values=scores(st.sampled_from([-np.inf, -1.0, 1.0, np.inf, np.nan, -np.nan])))
def test_refuses_what_has_no_highest(order: tuple[int, int, int], dtype: str, values: Values) -> None:
    nan = np.isnan(values).any(axis=0)
    top = np.where(nan, 0, values.max(axis=0))
    tied = ~nan & np.isinf(top) & ((values == top).sum(axis=0) > 1)
    kept = stored(values, order, dtype)
    if not (nan.any() or tied.any()):
        assert np.array_equal(best_classes(kept), values.argmax(axis=0))
        return
    with pytest.raises(SampleError, match=f"^{(nan if nan.any() else tied).sum()} pixels") as caught:
        best_classes(kept)
    assert caught.value.category == ("scores.nan" if nan.any() else "scores.inf")


def test_every_half_is_ordered_as_a_float() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    numbers, number = comparable(halves), np.isnan(halves)
    assert (numbers[number] > comparable(np.array([np.inf], np.float16))).all()
    ranked = halves[~number][np.argsort(numbers[~number], kind="stable")]
    assert (np.diff(ranked[np.isfinite(ranked)].astype(np.float32)) >= 0).all()
    assert len(np.unique(numbers[~number])) == len(np.unique(halves[~number]))


@pytest.mark.parametrize("order", ORDERS)
def test_pictures_of_several_parts(order: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PART", 64)
    values = np.random.default_rng(1).random((5, 37, 23))
    assert np.array_equal(best_classes(stored(values, order, "f8")), values.argmax(axis=0))


def test_more_classes_than_a_byte_numbers() -> None:
    values = np.random.default_rng(2).random((700, 3, 4))
    for order in ORDERS:
        found = best_classes(stored(values, order, "f4"))
        assert found.dtype == np.uint16
        assert np.array_equal(found, values.argmax(axis=0))


def test_does_not_change_what_it_reads() -> None:
    values = np.random.default_rng(2).standard_normal((4, 3, 4)).astype(np.float16)
    before = values.copy()
    best_classes(values)
    assert np.array_equal(values, before)
