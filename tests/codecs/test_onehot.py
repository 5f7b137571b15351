from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cocoseg
from cocoseg.codecs import onehot
from cocoseg.codecs.onehot import from_one_hot, one_hot
from cocoseg.errors import CocosegError, SampleError, UsageError

LAYOUTS = ["hwc", "chw"]


def oracle(class_map: np.ndarray, num_classes: int, void: int | None, void_channel: bool) -> np.ndarray:
    """(..., H, W, C) uint8, pixel by pixel."""
    result = np.zeros((*class_map.shape, num_classes + void_channel), np.uint8)
    for pixel, value in np.ndenumerate(class_map):
        if value != void:
            result[(*pixel, int(value))] = 1
        elif void_channel:
            result[(*pixel, num_classes)] = 1
    return result


def rows_of(array: np.ndarray, layout: str) -> np.ndarray:
    return array if layout == "hwc" else np.moveaxis(array, -3, -1)


@st.composite
def cases(draw: Any) -> tuple[np.ndarray, int, int | None]:
    """Class map (H, W) or (N, H, W), number of classes, void."""
    dtype = draw(st.sampled_from([np.uint8, np.uint16, np.int8, np.int16, np.int32, np.int64, np.uint64]))
    shape = draw(st.lists(st.integers(1, 7), min_size=2, max_size=3))
    most = np.iinfo(dtype).max
    num_classes = draw(st.sampled_from([1, 2, 21, 63, 64, 65, 127]))
    lowest = max(np.iinfo(dtype).min, -(1 << 40))
    void = draw(st.sampled_from([None, 0, num_classes - 1, num_classes, min(255, most), most, lowest]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    class_map = rng.integers(0, num_classes, shape).astype(dtype)
    if void is not None:
        class_map[rng.random(shape) < draw(st.floats(0, 1))] = void
    return class_map, num_classes, void


@settings(max_examples=500, deadline=None)
@given(
    cases(),
    st.sampled_from(LAYOUTS),
    st.sampled_from([np.uint8, np.bool_, np.float32, np.float16]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([3, 1 << 13]),
)
def test_as_one_pixel_after_the_other_and_back(
    case: tuple[np.ndarray, int, int | None], layout: Any, dtype: Any, channel: bool, used: bool, strip: int
) -> None:
    class_map, num_classes, void = case
    channel = channel and void is not None
    before = class_map.copy()
    expected = oracle(class_map, num_classes, void, channel)
    options = {"void": void, "layout": layout, "void_channel": channel}
    shape = np.moveaxis(expected, -1, -3).shape if layout == "chw" else expected.shape
    out = np.full(shape, 1, dtype) if used else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onehot, "_STRIP", strip)
        found = one_hot(class_map, num_classes, dtype=dtype, out=out, **options)
        assert out is None or found is out
        assert found.dtype == dtype
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(rows_of(found, layout), expected)
        np.testing.assert_array_equal(class_map, before)

        back = from_one_hot(found, **options)
    np.testing.assert_array_equal(back, class_map)
    largest, lowest = max(num_classes - 1, void or 0), min(void or 0, 0)
    smaller = [kind for kind in "bBhHiIlL" if np.iinfo(kind).bits < back.dtype.itemsize * 8]
    assert not any(np.iinfo(kind).min <= lowest and largest <= np.iinfo(kind).max for kind in smaller)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("num_classes", [133, 254, 255])
def test_255_is_void_and_no_class(layout: Any, num_classes: int) -> None:
    class_map = np.array([[0, 255, num_classes - 2]], np.uint8)
    found = rows_of(one_hot(class_map, num_classes, layout=layout), layout)
    assert np.argwhere(found).tolist() == [[0, 0, 0], [0, 2, num_classes - 2]]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("num_classes", [256, 300])
def test_void_is_to_be_given_where_255_is_a_class(layout: Any, num_classes: int) -> None:
    class_map = np.array([[254, 255]], np.uint16)
    for arguments in ((class_map, num_classes), (class_map[:, :1], num_classes)):
        with pytest.raises(UsageError, match=f"with {num_classes} classes, 255 is one of them") as caught:
            one_hot(*arguments, layout=layout)
        assert caught.value.category == "usage.void"
    for void in (None, 65_535):
        found = one_hot(class_map, num_classes, void=void, layout=layout)
        assert np.argwhere(rows_of(found, layout)).tolist() == [[0, 0, 254], [0, 1, 255]]
        with pytest.raises(UsageError, match="pass the value of void, or void=None if there is none") as caught:
            from_one_hot(found, layout=layout)
        assert caught.value.category == "usage.void"
        assert from_one_hot(found, void=void, layout=layout).tolist() == [[254, 255]]
    found = one_hot(class_map, num_classes, void=255, layout=layout)
    assert np.argwhere(rows_of(found, layout)).tolist() == [[0, 0, 254]]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("num_classes", [21, 133])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_no_large_temporary_is_made(layout: Any, num_classes: int, dtype: Any) -> None:
    class_map = np.random.default_rng(0).integers(0, num_classes, (300, 400)).astype(np.uint8)
    class_map[::3] = 255
    one_hot(class_map[:2], num_classes, layout=layout, dtype=dtype)
    tracemalloc.start()
    found = one_hot(class_map, num_classes, layout=layout, dtype=dtype)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * found.nbytes


@pytest.mark.parametrize("layout", LAYOUTS)
def test_few_pixels_of_many_classes_take_no_more(layout: Any) -> None:
    class_map = np.array([[0, 19_999, 65_535]], np.uint16)
    tracemalloc.start()
    found = one_hot(class_map, 20_000, void=65_535, layout=layout)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * found.nbytes
    assert np.argwhere(rows_of(found, layout)).tolist() == [[0, 0, 0], [0, 1, 19_999]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_numbers_of_numpy_do_not_overflow(layout: Any) -> None:
    class_map = np.array([[0, 254, 255]], np.uint8)
    found = one_hot(class_map, np.uint8(255), void=np.uint8(255), layout=layout, void_channel=True)
    assert np.argwhere(rows_of(found, layout)).tolist() == [[0, 0, 0], [0, 1, 254], [0, 2, 255]]
    back = from_one_hot(found, void=np.uint8(255), layout=layout, void_channel=True)
    np.testing.assert_array_equal(back, class_map)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_void_in_a_channel_of_its_own(layout: Any) -> None:
    class_map = np.array([[0, 7, 1]])
    found = one_hot(class_map, 2, void=7, layout=layout, void_channel=True)
    assert rows_of(found, layout).tolist() == [[[1, 0, 0], [0, 0, 1], [0, 1, 0]]]
    unused = one_hot(class_map[:, ::2] % 7, 2, layout=layout, void_channel=True)
    assert rows_of(unused, layout).tolist() == [[[1, 0, 0], [0, 1, 0]]]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("num_classes", [3, 100])
def test_a_map_that_is_a_view_and_one_of_no_pixels(layout: Any, num_classes: int) -> None:
    wide = np.arange(12, dtype=np.uint8).reshape(3, 4) % 3
    found = rows_of(one_hot(wide[::2, ::-1], num_classes, layout=layout), layout)
    np.testing.assert_array_equal(found, oracle(wide[::2, ::-1], num_classes, 255, False))
    nothing = one_hot(wide[:0], num_classes, layout=layout)
    assert rows_of(nothing, layout).shape == (0, 4, num_classes)
    assert from_one_hot(nothing, layout=layout).shape == (0, 4)


def test_bools_are_classes_too() -> None:
    assert one_hot(np.array([[True, False]]), 2).tolist() == [[[0, 1], [1, 0]]]


MAP = np.array([[0, 1], [2, 255]], np.uint8)
READ_ONLY = np.frombuffer(bytes(12), np.uint8).reshape(2, 2, 3)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "category", "words"),
    [
        (
            (MAP, 2),
            {},
            SampleError,
            "classmap.range",
            "contains 2 at row 1, column 0; expected 0 to 1, or 255 for void",
        ),
        ((MAP, 3), {"void": None}, SampleError, "classmap.range", "contains 255 at row 1, column 1; expected 0 to 2"),
        ((MAP, 3), {"void": 0}, SampleError, "classmap.range", "contains 255 at .* or 0 for void"),
        ((MAP.view(np.int8), 3), {}, SampleError, "classmap.range", "contains -1 "),
        ((MAP[0], 3), {}, SampleError, "classmap.shape", r"shape \(2,\); expected \(H, W\)"),
        ((MAP / 1, 3), {}, SampleError, "classmap.type", "has the dtype float64; expected integers"),
        ((MAP, 0), {}, UsageError, "onehot.classes", "there are 0 classes; expected at least 1"),
        ((MAP, 3.0), {}, UsageError, "onehot.classes", "the number of classes is 3.0; expected an integer"),
        ((MAP, None), {}, UsageError, "onehot.classes", "the number of classes is None; expected an integer"),
        ((MAP, 3), {"layout": "cwh"}, UsageError, "onehot.layout", "'cwh'; expected 'hwc' or 'chw'"),
        ((MAP, 3), {"dtype": "c16"}, UsageError, "onehot.dtype", "would have the dtype complex128"),
        ((MAP, 3), {"dtype": "u3"}, UsageError, "onehot.dtype", "'u3', which numpy does not know"),
        (
            (MAP, 3),
            {"void": None, "void_channel": True},
            UsageError,
            "onehot.void",
            "void_channel needs a value for void",
        ),
        ((MAP, 3), {"void": 1 << 64}, UsageError, "onehot.void", "expected a number of at most 64 bits"),
        ((MAP, 3), {"void": "255"}, UsageError, "onehot.void", "void is '255'; expected an integer"),
        ((MAP, 3), {"out": [[0]]}, UsageError, "onehot.out", r"a list; expected an array of the shape \(2, 2, 3\)"),
        ((MAP, 3), {"out": np.broadcast_to(np.zeros(3), (2, 2, 3))}, UsageError, "onehot.out", "C-contiguous"),
        ((MAP, 3), {"out": READ_ONLY}, UsageError, "onehot.out", "out is read-only"),
        ((MAP, 3), {"out": np.zeros((2, 2, 4))}, UsageError, "onehot.out", r"\(2, 2, 4\); expected \(2, 2, 3\)"),
        ((MAP, 3), {"out": np.zeros((3, 2, 2)).T}, UsageError, "onehot.out", "C-contiguous"),
    ],
)
def test_refused(arguments: Any, options: Any, error: type[CocosegError], category: str, words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        one_hot(*arguments, **options)
    assert caught.value.category == category


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("rows", "options", "category"),
    [
        ([[[0, 1], [1, 1]]], {}, "onehot.several"),
        ([[[0, 1], [2, 0]]], {}, "onehot.value"),
        ([[[0, 1], [0.5, 0.5]]], {}, "onehot.value"),
        ([[[0, 1], [float("nan"), 0]]], {}, "onehot.value"),
        ([[[0, 1], [0, 0]]], {"void": None}, "onehot.none"),
        ([[[0, 1], [0, 0]]], {"void": 1}, "onehot.void"),
    ],
)
def test_what_is_not_one_hot(rows: Any, options: Any, category: str, layout: Any) -> None:
    array = np.array(rows)
    with pytest.raises(SampleError) as caught:
        from_one_hot(array if layout == "hwc" else np.moveaxis(array, -1, 0), layout=layout, **options)
    assert caught.value.category == category


def test_what_is_no_one_hot_array() -> None:
    for array in (np.zeros((2, 2)), np.zeros((2, 2, 2), complex)):
        with pytest.raises(SampleError) as caught:
            from_one_hot(array)
        assert caught.value.category == "onehot.shape"
    with pytest.raises(UsageError, match="there are 0 classes"):
        from_one_hot(np.zeros((2, 2, 1)), void_channel=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_real_class_maps(layout: Any, real_data: Path) -> None:
    for sample in cocoseg.read(real_data / "coco_panoptic/val2017_sample/panoptic_examples.json"):
        class_map = cocoseg.semantic(sample, "mask2former")
        assert (class_map == 255).any()
        array = one_hot(class_map, 133, layout=layout, dtype=np.bool_)
        assert array.sum() == (class_map != 255).sum()
        np.testing.assert_array_equal(from_one_hot(array, layout=layout), class_map)
