"""PNGs of one channel: the numbers exactly as they are stored, everything else refused by name."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from badinput import build_png
from cocoseg.errors import SampleError
from cocoseg.files.png.labels import read_label_header, read_labels
from cocoseg.files.png.write import write_class_map

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
MODES = [(GREY, depth) for depth in (1, 2, 4, 8, 16)] + [(PALETTE, depth) for depth in (1, 2, 4, 8)]
WRONG = [(RGB, 8), (RGB, 16), (GREY_ALPHA, 8), (GREY_ALPHA, 16), (RGBA, 8), (RGBA, 16)]
SIZES = st.tuples(st.integers(1, 17), st.integers(1, 17)) | st.sampled_from([(1, 1), (1, 50), (50, 1)])


def png(pixels: np.ndarray, color_type: int, bit_depth: int, **options: Any) -> bytes:
    before = [("PLTE", bytes(3 << bit_depth))] if color_type == PALETTE else []
    options["before_idat"] = [*before, *options.get("before_idat", ())]
    return build_png(pixels.shape[1], pixels.shape[0], color_type, bit_depth, pixels=pixels.tolist(), **options)


def refusal(data: bytes, size: tuple[int, int] | None = None) -> SampleError:
    with pytest.raises(SampleError) as caught:
        read_labels(data, size)
    assert str(caught.value).isprintable()
    return caught.value


class TestNumbers:
    @pytest.mark.parametrize("interlace", [0, 1])
    @pytest.mark.parametrize(("color_type", "bit_depth"), MODES)
    @given(data=st.data())
    def test_as_they_are_stored(self, color_type: int, bit_depth: int, interlace: int, data: st.DataObject) -> None:
        pixels = data.draw(hnp.arrays(np.int64, SIZES, elements=st.integers(0, (1 << bit_depth) - 1)))
        found = read_labels(png(pixels, color_type, bit_depth, interlace=interlace))
        assert found.dtype == (np.uint16 if bit_depth == 16 else np.uint8)
        np.testing.assert_array_equal(found, pixels)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @given(data=st.data())
    def test_of_a_class_map_that_was_written(self, dtype: type, data: st.DataObject) -> None:
        class_map = data.draw(hnp.arrays(dtype, SIZES))
        np.testing.assert_array_equal(read_labels(write_class_map(class_map)), class_map)

    @pytest.mark.parametrize(("mode", "options"), [("L", {}), ("P", {"bits": 4}), ("P", {}), ("I;16", {}), ("1", {})])
    def test_as_pillow_writes_them(self, mode: str, options: dict[str, Any]) -> None:
        pixels = np.random.default_rng(0).integers(0, 2 if mode == "1" else 16, (37, 41))
        image = Image.fromarray(pixels.astype(np.uint16 if mode == "I;16" else np.uint8))
        image = Image.fromarray(pixels.astype(bool)) if mode == "1" else image
        if mode == "P":
            image.putpalette(bytes(range(48)))
        file = io.BytesIO()
        image.save(file, "PNG", **options)
        np.testing.assert_array_equal(read_labels(file.getvalue()), pixels)

    @pytest.mark.parametrize(("color_type", "bit_depth"), [(GREY, 8), (GREY, 16), (GREY, 2), (PALETTE, 8)])
    def test_whatever_the_file_says_of_their_looks(self, color_type: int, bit_depth: int) -> None:
        pixels = np.arange(4).reshape(2, 2) * (1 if bit_depth == 2 else 60)
        looks = [("tRNS", bytes(2)), ("bKGD", bytes(1 if color_type == PALETTE else 2))]
        data = png(pixels, color_type, bit_depth, before_idat=looks, split_idat=3, tail=b"more")
        np.testing.assert_array_equal(read_labels(data), pixels)

    def test_of_a_palette_that_lacks_their_colours(self) -> None:
        data = build_png(2, 1, PALETTE, 8, pixels=[[0, 255]], before_idat=[("PLTE", bytes(3))])
        assert read_labels(data).tolist() == [[0, 255]]


class TestRefused:
    @pytest.mark.parametrize(("color_type", "bit_depth"), WRONG)
    def test_more_than_one_channel(self, color_type: int, bit_depth: int) -> None:
        error = refusal(build_png(2, 2, color_type, bit_depth))
        assert error.category == "png.mode"
        assert "expected one channel (grey or palette)" in error.message

    def test_depths_that_png_does_not_have(self) -> None:
        assert "PNG has no such mode" in refusal(build_png(2, 2, PALETTE, 16)).message

    @pytest.mark.parametrize(
        ("name", "said"),
        [("JPEG", "so they are not labels"), ("GIF", "the file is a GIF"), ("TIFF", "the file is a TIFF")],
    )
    def test_other_formats(self, name: str, said: str) -> None:
        file = io.BytesIO()
        Image.new("L", (8, 8)).save(file, name)
        error = refusal(file.getvalue())
        assert error.category == "png.format"
        assert said in error.message

    @pytest.mark.parametrize(("color_type", "bit_depth"), MODES)
    @pytest.mark.parametrize("interlace", [0, 1])
    @pytest.mark.parametrize("end", [8, 20, 40, 60, -20])
    def test_cut_off(self, color_type: int, bit_depth: int, interlace: int, end: int) -> None:
        pixels = np.random.default_rng(0).integers(0, 1 << bit_depth, (40, 40))
        assert refusal(png(pixels, color_type, bit_depth, interlace=interlace)[:end]).category == "png.corrupt"

    @pytest.mark.parametrize(("color_type", "bit_depth"), MODES)
    def test_a_wrong_checksum(self, color_type: int, bit_depth: int) -> None:
        data = png(np.zeros((9, 9), int), color_type, bit_depth, bad_crc=("IDAT",))
        assert refusal(data).category == "png.corrupt"

    @pytest.mark.parametrize(("color_type", "bit_depth"), MODES)
    def test_fewer_pixels_than_the_header_says(self, color_type: int, bit_depth: int) -> None:
        data = png(np.zeros((9, 9), int), color_type, bit_depth, ihdr_height=200)
        assert refusal(data).category == "png.corrupt"

    def test_another_size(self) -> None:
        error = refusal(write_class_map(np.zeros((2, 3), np.uint8)), (3, 2))
        assert error.category == "size.mismatch"
        assert "look swapped" in error.message

    @pytest.mark.parametrize("side", [14_000, 1 << 20])
    def test_bombs(self, side: int) -> None:
        assert refusal(build_png(1, 1, GREY, 8, ihdr_width=side, ihdr_height=side)).category == "limit.pixels"

    def test_a_large_map_of_one_class_is_no_bomb(self) -> None:
        class_map = np.full((6000, 6000), 7, np.uint8)
        data = write_class_map(class_map)
        assert len(data) < class_map.size / 600
        assert np.array_equal(read_labels(data), class_map)

    def test_a_header_that_promises_more_than_the_pixels_hold_is_damage(self) -> None:
        data = build_png(1, 1, GREY, 8, ihdr_width=6000, ihdr_height=6000)
        assert refusal(data).category == "limit.pixels"
        whole = write_class_map(np.full((6000, 6000), 7, np.uint8))
        header = build_png(1, 1, GREY, 8, ihdr_width=6100, ihdr_height=6000)[:33]
        assert refusal(header + whole[33:]).category == "png.corrupt"

    def test_an_empty_file(self) -> None:
        assert "the file is empty" in refusal(b"").message


def test_the_header_is_enough() -> None:
    data = write_class_map(np.zeros((2, 3), np.uint16))[:33]
    assert read_label_header(data).size == (2, 3)
