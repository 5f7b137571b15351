from __future__ import annotations

import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cocoseg
from cocoseg.codecs.regions import find_regions
from cocoseg.formats.onehot import OneHots, channel_names, file_name
from conftest import FIXTURES

LAYOUTS = ["hwc", "chw"]
DTYPES = ["uint8", "bool", "float32"]
CLASSES = tuple(cocoseg.LabelClass(index, f"class {index}", (index + 10,)) for index in range(7))


def array_of(files: dict[str, bytes]) -> np.ndarray:
    (data,) = files.values()
    found = np.load(io.BytesIO(data), allow_pickle=False)
    return found if isinstance(found, np.ndarray) else found["onehot"]


def class_map_of(convert: OneHots, array: np.ndarray) -> np.ndarray:
    return cocoseg.from_one_hot(
        array, void=convert.scheme.void, layout=convert.layout, void_channel=convert.void_channel
    )


def sample_of(class_map: np.ndarray) -> cocoseg.Sample:
    """A segment for each class, category 10 more than its index; 255 belongs to none."""
    found = np.unique(class_map[class_map != 255])
    ids = found.astype(np.int64) + 1
    regions, _ = find_regions(np.where(class_map == 255, 0, class_map + 1).astype(np.int64), ids, 0)
    crowd = np.zeros(len(ids), np.bool_)
    return cocoseg.Sample("a.png", 1, ids, category_ids=ids + 9, iscrowd=crowd, shapes=regions)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**32),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.sampled_from([255, 7, 65535]),
    st.booleans(),
    st.sampled_from(LAYOUTS),
    st.sampled_from(DTYPES),
    st.booleans(),
    st.sampled_from(["npz", "npy"]),
)
def test_the_class_map_comes_back(
    seed: int,
    size: tuple[int, int],
    void: int,
    background: bool,
    layout: Any,
    dtype: Any,
    channel: bool,
    format: Any,
) -> None:
    rng = np.random.default_rng(seed)
    class_map = rng.choice([*range(7), 255, 255], size).astype(np.uint8)
    scheme = cocoseg.LabelScheme("seven", CLASSES, void, unlabelled=9 if background else None)
    convert = OneHots(scheme, layout, dtype, channel, format)
    sample = sample_of(class_map)
    converted = convert(sample)
    array = array_of(converted.files)
    assert array.dtype == dtype
    assert array.shape[-1 if layout == "hwc" else 0] == len(convert.channels) == (10 if background else 7) + channel
    np.testing.assert_array_equal(class_map_of(convert, array), cocoseg.semantic(sample, scheme))
    if not background:
        np.testing.assert_array_equal(
            class_map_of(convert, array), np.where(class_map == 255, void, class_map.astype(int))
        )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("format", ["npz", "npy"])
@pytest.mark.parametrize("channel", [False, True])
@pytest.mark.parametrize("preset", ["index", "panopticapi", "deeplab2", "mask2former", "detectron2-fpn"])
def test_fixtures_come_back_under_every_preset(layout: Any, format: Any, channel: bool, preset: str) -> None:
    dataset = cocoseg.read(FIXTURES / "panoptic.json")
    convert = OneHots(cocoseg.label_scheme(preset, dataset), layout, "uint8", channel, format)
    for sample in dataset:
        expected = cocoseg.semantic(sample, convert.scheme)
        np.testing.assert_array_equal(class_map_of(convert, array_of(convert(sample).files)), expected)


def test_real_pictures_come_back(real_data: Path) -> None:
    dataset = cocoseg.read(real_data / "coco_panoptic/val2017_sample/panoptic_examples.json")
    for sample in dataset:
        for preset in ("mask2former", "panopticapi"):
            for layout in LAYOUTS:
                convert = OneHots(cocoseg.label_scheme(preset, dataset), layout)  # type: ignore[arg-type]
                files = convert(sample).files
                expected = cocoseg.semantic(sample, convert.scheme)
                np.testing.assert_array_equal(class_map_of(convert, array_of(files)), expected)
                assert len(next(iter(files.values()))) < expected.size * len(convert.channels) / 100


def test_void_among_the_indices_is_an_empty_channel() -> None:
    dataset = cocoseg.read(FIXTURES / "panoptic.json")
    convert = OneHots(cocoseg.label_scheme("panopticapi", dataset))
    array = array_of(convert(dataset[0]).files)
    assert array.shape == (6, 8, 194)
    assert not array[..., 0].any()
    assert not array[5].any()
    assert convert.channels[:2] == [None, "person"]


def test_unlabelled_pixels_have_a_channel_where_they_are_not_void() -> None:
    dataset = cocoseg.read(FIXTURES / "instances.json")
    convert = OneHots(cocoseg.label_scheme("index", dataset), void_channel=True)
    assert convert.channels == ["background", "person", "dog", "bottle", "void"]
    array = array_of(convert(dataset[1]).files)
    assert array.shape == (3, 4, 5)
    assert array[..., 0].all()


def test_names_of_channels() -> None:
    (road, sky) = (cocoseg.LabelClass(1, "road", (7,), True), cocoseg.LabelClass(4, "sky", (23,), True))
    assert channel_names(cocoseg.LabelScheme("two", (road, sky))) == [None, "road", None, None, "sky"]
    assert channel_names(cocoseg.LabelScheme("two", (road, sky), unlabelled=6))[4:] == ["sky", None, "unlabelled"]
    assert channel_names(cocoseg.LabelScheme("none", (road, sky), things="drop")) == [None]


def test_files_are_named_as_the_key() -> None:
    keys = ["a.png", "a/b.png", "a.PNG", "a", "a.npz", ".png"]
    names = [file_name(key, "npz") for key in keys]
    assert names == ["a.npz", "a/b.npz", "a.PNG.npz", "a.npz", "a.npz.npz", ".npz"]


def test_settings_tell_all_that_decides_the_files() -> None:
    scheme = cocoseg.label_scheme("mask2former")
    kinds = [
        OneHots(scheme),
        OneHots(scheme, "chw"),
        OneHots(scheme, dtype="bool"),
        OneHots(scheme, void_channel=True),
        OneHots(scheme, format="npy"),
        OneHots(cocoseg.label_scheme("deeplab2")),
    ]
    assert len({kind.settings() for kind in kinds}) == len(kinds)
    assert pickle.loads(pickle.dumps(kinds[1])).settings() == kinds[1].settings()


def test_the_same_bytes_in_every_process() -> None:
    code = (
        "import sys, cocoseg; from cocoseg.formats.onehot import OneHots\n"
        "dataset = cocoseg.read('fixtures/panoptic.json')\n"
        "files = OneHots(cocoseg.label_scheme('mask2former'))(dataset[0]).files\n"
        "sys.stdout.buffer.write(files['touching.npz'])"
    )
    outputs = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(3)}
    dataset = cocoseg.read(FIXTURES / "panoptic.json")
    assert outputs == {OneHots(cocoseg.label_scheme("mask2former"))(dataset[0]).files["touching.npz"]}
