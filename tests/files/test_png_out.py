"""PNG out: class maps and colours are what Pillow and our own reader find in them, and nothing else is in the file."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from badinput import chunk
from cocoseg.files.png import read_picture, verify_stream
from cocoseg.files.png.write import write_class_map, write_rgb

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9)) | st.sampled_from([(1, 1), (1, 50), (50, 1)])


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


def maps(dtype: type) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(dtype, SIZES)


def by_pillow(data: bytes) -> tuple[np.ndarray, Image.Image]:
    image = Image.open(io.BytesIO(data))
    return np.asarray(image), image


class TestClassMaps:
    @given(maps(np.uint8))
    @settings(max_examples=80, deadline=None)
    def test_of_eight_bits_are_grey(self, class_map: np.ndarray) -> None:
        data = write_class_map(class_map)
        read, image = by_pillow(data)
        assert image.mode == "L"
        np.testing.assert_array_equal(read, class_map)
        verify_stream(data)

    @given(maps(np.uint16), st.sampled_from(["<u2", ">u2"]))
    @settings(max_examples=80, deadline=None)
    def test_of_sixteen_bits_are_grey(self, class_map: np.ndarray, order: str) -> None:
        data = write_class_map(class_map.astype(order))
        read, image = by_pillow(data)
        assert image.mode == "I;16"
        np.testing.assert_array_equal(read, class_map)
        verify_stream(data)

    @given(maps(np.uint8), st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=256, max_size=256))
    @settings(max_examples=30, deadline=None)
    def test_with_a_palette_keep_their_numbers_and_have_its_colours(
        self, class_map: np.ndarray, palette: list[tuple[int, int, int]]
    ) -> None:
        data = write_class_map(class_map, palette)
        read, image = by_pillow(data)
        assert image.mode == "P"
        np.testing.assert_array_equal(read, class_map)
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), np.array(palette, np.uint8)[class_map])
        np.testing.assert_array_equal(read_picture(data), np.array(palette, np.uint8)[class_map])

    @pytest.mark.parametrize(
        "view",
        [np.transpose, np.flipud, np.fliplr, lambda a: a[::2, ::2], np.asfortranarray, lambda a: a[3:4]],
        ids=["turned", "upside down", "mirrored", "every second", "by columns", "a row"],
    )
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_may_lie_in_memory_in_any_way(self, view: Any, dtype: type) -> None:
        class_map = view(np.arange(63, dtype=dtype).reshape(7, 9) * 3)
        np.testing.assert_array_equal(by_pillow(write_class_map(class_map))[0], class_map)

    def test_are_left_as_they_were_and_make_the_same_bytes_again(self) -> None:
        class_map = noise(40, 50)[..., 0]
        before = class_map.copy()
        assert write_class_map(class_map) == write_class_map(class_map.copy())
        np.testing.assert_array_equal(class_map, before)

    def test_hold_nothing_but_what_they_need(self) -> None:
        data = write_class_map(np.zeros((3, 4), np.uint8))
        names = [data[place - 4 : place] for place in (16, 41)]
        assert names == [b"IHDR", b"IDAT"]
        assert data.endswith(chunk("IEND", b""))

    def test_of_a_large_picture_read_back(self) -> None:
        class_map = np.repeat(np.repeat(noise(30, 40)[..., 0], 16, axis=0), 16, axis=1)
        data = write_class_map(class_map)
        np.testing.assert_array_equal(by_pillow(data)[0], class_map)
        assert len(data) < class_map.size / 20


class TestColours:
    @given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32))
    @settings(max_examples=60, deadline=None)
    def test_are_read_back_as_they_were(self, height: int, width: int, seed: int) -> None:
        picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        data = write_rgb(picture)
        read, image = by_pillow(data)
        assert image.mode == "RGB"
        np.testing.assert_array_equal(read, picture)
        np.testing.assert_array_equal(read_picture(data, (height, width)), picture)
        verify_stream(data)

    def test_may_lie_in_memory_in_any_way(self) -> None:
        picture = noise(7, 9)[::2, ::-1]
        np.testing.assert_array_equal(by_pillow(write_rgb(picture))[0], picture)


PACKED = """
import zlib
import numpy as np
from cocoseg.files.png.write import write_class_map, write_rgb

draw, found = np.random.default_rng(7), 0
for _ in range(500):
    height, width = draw.integers(8, 400, 2)
    picture = np.zeros((height, width, 3), np.uint8)
    for y, x, high, wide in draw.integers(0, 200, (12, 4)):
        picture[y : y + high, x : x + wide] = draw.integers(0, 134, 3)
    found = zlib.crc32(write_class_map(picture[..., 0]) + write_rgb(picture), found)
print(found)
"""


@pytest.mark.slow
def test_every_process_packs_the_same_bytes_wherever_its_memory_lies() -> None:
    calls = [[sys.executable, "-c", PACKED]] * 60
    assert len({subprocess.run(call, capture_output=True, check=True).stdout for call in calls}) == 1
