"""PNG: what is a picture of ids is read exactly, everything else refused by name and before it costs memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from badinput import build_png, chunk
from cocoseg.errors import SampleError
from cocoseg.files.png import (
    Header,
    read_header,
    read_picture,
    verify_stream,
)
from cocoseg.files.png.chunks import SIGNATURE
from cocoseg.files.png.labels import read_labels
from cocoseg.files.png.masks import read_mask
from cocoseg.files.png.write import write_rgb
from cocoseg.limits import MAX_PIXELS

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
READ = {(RGB, 8), (RGBA, 8), *((PALETTE, depth) for depth in (1, 2, 4, 8))}
COLORS = bytes(value for number in range(256) for value in (number, 255 - number, number // 2))
SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9)) | st.sampled_from([(1, 1), (1, 50), (50, 1)])


def png(width: int = 5, height: int = 4, color_type: int = RGB, bit_depth: int = 8, **options: Any) -> bytes:
    """A PNG of ``badinput``, with a palette where it needs one."""
    if color_type == PALETTE:
        options.setdefault("before_idat", [("PLTE", COLORS[: 3 << bit_depth])])
    return build_png(width, height, color_type, bit_depth, **options)


def samples(array: np.ndarray) -> list[list[int]]:
    return array.reshape(array.shape[0], -1).tolist()


def file_of(header: tuple[int, int, int, int, int, int, int], *chunks: tuple[str, bytes]) -> bytes:
    """A PNG from the fields of its header and its other chunks."""
    parts = [("IHDR", struct.pack(">IIBBBBB", *header)), *chunks, ("IEND", b"")]
    return SIGNATURE + b"".join(chunk(name, content) for name, content in parts)


def refusal(data: bytes, size: tuple[int, int] | None = None) -> SampleError:
    with pytest.raises(SampleError) as caught:
        read_picture(data, size)
    assert str(caught.value).isprintable()
    return caught.value


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


class TestHeader:
    @pytest.mark.parametrize(
        ("color_type", "bit_depth"), [(kind, depth) for kind, depths in DEPTHS.items() for depth in depths]
    )
    def test_says_size_depth_and_kind(self, color_type: int, bit_depth: int) -> None:
        assert read_header(png(5, 4, color_type, bit_depth)) == Header((4, 5), bit_depth, color_type)

    @pytest.mark.parametrize(
        ("color_type", "bit_depth", "mode"),
        [
            (GREY, 16, "16-bit grey"),
            (RGB, 8, "8-bit RGB"),
            (PALETTE, 4, "4-bit palette"),
            (GREY_ALPHA, 8, "8-bit grey with alpha"),
            (RGBA, 8, "8-bit RGBA"),
            (7, 3, "3-bit unknown"),
        ],
    )
    def test_says_its_mode_in_words(self, color_type: int, bit_depth: int, mode: str) -> None:
        assert Header((1, 1), bit_depth, color_type).mode == mode

    def test_is_all_that_is_looked_at(self) -> None:
        assert read_header(png()[:33]) == read_header(png()[:33] + b"rubbish")

    @pytest.mark.parametrize("end", range(8, 33))
    def test_cut_off_is_corrupt(self, end: int) -> None:
        assert refusal(png()[:end]).category == "png.corrupt"

    @pytest.mark.parametrize("place", range(8, 33))
    def test_with_one_wrong_byte_is_corrupt(self, place: int) -> None:
        data = bytearray(png())
        data[place] ^= 1
        assert refusal(bytes(data)).category == "png.corrupt"

    @pytest.mark.parametrize("options", [{"ihdr_width": 0}, {"ihdr_height": 0}, {"ihdr_width": 0, "ihdr_height": 0}])
    def test_without_pixels_is_corrupt(self, options: dict[str, int]) -> None:
        error = refusal(png(**options))
        assert error.category == "png.corrupt"
        assert "at least 1×1" in str(error)

    @pytest.mark.parametrize(
        "size", [(2**31 - 1, 2**31 - 1), (2**32 - 1, 2**32 - 1), (1 << 16, 1 << 17), (1, 2**32 - 1)]
    )
    def test_of_a_size_that_no_picture_has_is_over_the_limit_whatever_the_json_says(
        self, size: tuple[int, int]
    ) -> None:
        data = file_of((size[1], size[0], 8, RGB, 0, 0, 0))
        assert refusal(data).category == refusal(data, size).category == "limit.pixels"


@pytest.mark.parametrize(
    ("head", "category", "text"),
    [
        (b"", "png.corrupt", "the file is empty"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "png.format", "the file is a JPEG"),
        (b"GIF89a", "png.format", "the file is a GIF"),
        (b"BM\0\0\0\0", "png.format", "the file is a BMP"),
        (b"II*\0", "png.format", "the file is a TIFF"),
        (b"MM\0*", "png.format", "the file is a TIFF"),
        (b"RIFF\0\0\0\0WEBP", "png.format", "the file is a WebP"),
        (b"\0\0\0\x0cjP  ", "png.format", "the file is a JPEG 2000"),
        (b"<!DOCTYPE html>", "png.corrupt", "a web page"),
        (b"\n <html>", "png.corrupt", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "png.corrupt", "git lfs pull"),
        (b"\x89PNG\n\x1a\n", "png.corrupt", "does not start as a PNG does"),
        (b"\x89PN", "png.corrupt", "does not start as a PNG does"),
        (b"\0" * 64, "png.corrupt", "does not start as a PNG does"),
    ],
)
def test_what_is_no_png_is_called_what_it_is(head: bytes, category: str, text: str) -> None:
    error = refusal(head, (4, 5))
    assert error.category == category
    assert text in str(error)


class TestPictures:
    @pytest.mark.parametrize(
        ("color_type", "bit_depth"), [(kind, depth) for kind, depths in DEPTHS.items() for depth in depths]
    )
    def test_of_eight_bits_rgb_and_rgba_and_palettes_are_read_others_refused(
        self, color_type: int, bit_depth: int
    ) -> None:
        data = png(5, 4, color_type, bit_depth)
        if (color_type, bit_depth) in READ:
            assert read_picture(data, (4, 5)).shape == (4, 5, 4 if color_type == RGBA else 3)
        else:
            error = refusal(data, (4, 5))
            assert error.category == "png.mode"
            assert str(error).startswith(f"the PNG is {bit_depth}-bit ")

    @pytest.mark.parametrize(
        ("color_type", "bit_depth"), [(1, 8), (5, 8), (7, 8), (255, 8), (RGB, 3), (RGB, 0), (6, 32)]
    )
    def test_of_a_kind_that_png_does_not_have_are_refused(self, color_type: int, bit_depth: int) -> None:
        data = file_of((5, 4, bit_depth, color_type, 0, 0, 0), ("IDAT", zlib.compress(b"\0" * 64)))
        assert refusal(data, (4, 5)).category == "png.mode"

    @given(hnp.arrays(np.uint8, st.tuples(SIZES, st.sampled_from([3, 4])).map(lambda s: (*s[0], s[1]))), st.booleans())
    @settings(max_examples=80, deadline=None)
    def test_come_out_as_they_went_in(self, picture: np.ndarray, interlaced: bool) -> None:
        height, width, channels = picture.shape
        data = png(width, height, RGB if channels == 3 else RGBA, pixels=samples(picture), interlace=interlaced)
        read = read_picture(data, (height, width))
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, picture)
        verify_stream(data)

    @given(hnp.arrays(np.uint8, SIZES), st.booleans())
    @settings(max_examples=60, deadline=None)
    def test_with_a_palette_come_out_as_its_colours(self, indices: np.ndarray, interlaced: bool) -> None:
        height, width = indices.shape
        data = png(width, height, PALETTE, pixels=indices.tolist(), interlace=interlaced)
        np.testing.assert_array_equal(read_picture(data), np.frombuffer(COLORS, np.uint8).reshape(256, 3)[indices])
        verify_stream(data)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
    @pytest.mark.parametrize("size", [(1, 1), (3, 200), (480, 640)])
    def test_written_by_pillow_come_out_as_pillow_reads_them(self, mode: str, size: tuple[int, int]) -> None:
        file = io.BytesIO()
        channels = {"RGB": 3, "RGBA": 4, "P": 3}[mode]
        image = Image.fromarray(noise(*size, channels))
        (image.quantize(17) if mode == "P" else image).save(file, "PNG", bits=8)
        with Image.open(file) as back:
            expected = np.asarray(back.convert("RGB" if mode == "P" else mode))
        np.testing.assert_array_equal(read_picture(file.getvalue(), size), expected)

    @pytest.mark.parametrize("filters", range(5))
    def test_are_read_whatever_filter_their_rows_have(self, filters: int) -> None:
        rows = bytes([filters, 1, 2, 3, 4, 5, 6]) * 2
        expected = Image.open(io.BytesIO(file := file_of((2, 2, 8, RGB, 0, 0, 0), ("IDAT", zlib.compress(rows)))))
        np.testing.assert_array_equal(read_picture(file), np.asarray(expected))

    @pytest.mark.parametrize(
        "extra",
        [
            [("tRNS", b"\0\1\0\2\0\3")],
            [("gAMA", struct.pack(">I", 10000))],
            [("sRGB", b"\0")],
            [("cHRM", struct.pack(">8I", *range(1, 9)))],
            [("bKGD", b"\0\1\0\2\0\3")],
            [("pHYs", struct.pack(">IIB", 1, 2, 0))],
            [("sBIT", b"\5\6\5")],
            [("tEXt", b"Comment\0hello")],
            [("PLTE", COLORS)],
        ],
        ids=lambda extra: extra[0][0],
    )
    def test_keep_their_ids_whatever_is_said_about_their_colours(self, extra: list[tuple[str, bytes]]) -> None:
        picture = noise(4, 5)
        picture[0, 0] = 1, 2, 3
        read = read_picture(png(pixels=samples(picture), before_idat=extra), (4, 5))
        np.testing.assert_array_equal(read[..., :3], picture)

    def test_may_have_their_pixels_in_many_chunks(self) -> None:
        picture = noise(20, 30)
        data = png(30, 20, pixels=samples(picture), split_idat=50)
        np.testing.assert_array_equal(read_picture(data), picture)
        verify_stream(data)


class TestSizes:
    def test_other_than_the_json_says_are_a_mismatch(self) -> None:
        error = refusal(png(5, 4), (6, 7))
        assert error.category == "size.mismatch"
        assert str(error).startswith("the PNG is 4×5 (height×width), the JSON says 6×7; ")

    def test_turned_are_said_to_be_turned(self) -> None:
        assert "height and width look swapped" in str(refusal(png(5, 4), (5, 4)))

    @pytest.mark.parametrize("size", [(3, 5), (4, 4), (1, 20), (20, 1), (0, 0)])
    def test_are_compared_in_both_directions(self, size: tuple[int, int]) -> None:
        assert refusal(png(5, 4), size).category == "size.mismatch"

    def test_come_before_the_mode(self) -> None:
        assert refusal(png(5, 4, GREY, 16), (6, 7)).category == "size.mismatch"

    def test_that_the_header_makes_up_are_damage_not_a_mismatch(self) -> None:
        assert refusal(png(5, 4, ihdr_height=9), (4, 5)).category == "png.corrupt"


class TestBombs:
    """Refused by the header: nothing is decoded, so nothing is paid."""

    @pytest.mark.parametrize("color_type", [RGB, RGBA, PALETTE])
    @pytest.mark.parametrize("size", [(13400, 13400), (1, MAX_PIXELS + 1), (46000, 46000), (10000, 10000)])
    def test_cost_no_memory(self, color_type: int, size: tuple[int, int]) -> None:
        height, width = size
        data = file_of(
            (width, height, 8, color_type, 0, 0, 0), ("PLTE", COLORS), ("IDAT", zlib.compress(bytes(1 << 20)))
        )
        tracemalloc.start()
        try:
            for said in (None, size):
                assert refusal(data, said).category == "limit.pixels"
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
        finally:
            tracemalloc.stop()

    def test_are_not_pictures_of_one_colour(self) -> None:
        picture = np.full((6000, 6000, 3), 9, np.uint8)
        data = write_rgb(picture)
        assert len(data) < picture.size / 600
        assert np.array_equal(read_picture(data, (6000, 6000)), picture)
        verify_stream(data)

    def test_that_the_json_says_are_small_are_a_mismatch(self) -> None:
        data = file_of((10000, 10000, 8, RGB, 0, 0, 0), ("IDAT", zlib.compress(bytes(1 << 20))))
        assert refusal(data, (480, 640)).category == "size.mismatch"

    def test_that_go_on_behind_the_last_row_are_not_inflated(self) -> None:
        data = file_of((5, 4, 8, RGB, 0, 0, 0), ("IDAT", zlib.compress(bytes(50 << 20))))
        tracemalloc.start()
        try:
            with pytest.raises(SampleError):
                verify_stream(data)
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
        finally:
            tracemalloc.stop()

    def test_are_not_large_pictures_of_few_segments(self) -> None:
        height, width = 5800, 5800
        rows = zlib.compressobj(1)
        stream = b"".join([*(rows.compress(bytes(1 + 3 * width)) for _ in range(height)), rows.flush()])
        data = file_of((width, height, 8, RGB, 0, 0, 0), ("IDAT", stream))
        assert read_picture(data, (height, width)).shape == (height, width, 3)


@pytest.mark.parametrize("color_type", [RGB, RGBA, PALETTE], ids=["RGB", "RGBA", "palette"])
class TestDamage:
    """What is damaged is refused, or read right: never read wrong without a word."""

    PIXELS = noise(24, 30, 4)

    def build(self, color_type: int, **options: Any) -> bytes:
        channels = {RGB: 3, RGBA: 4, PALETTE: 1}[color_type]
        return png(30, 24, color_type, pixels=samples(self.PIXELS[..., :channels]), **options)

    def test_pixels_with_a_wrong_checksum(self, color_type: int) -> None:
        assert refusal(self.build(color_type, bad_crc=["IDAT"])).category == "png.corrupt"

    @pytest.mark.parametrize("rows", [25, 48, 2000])
    def test_rows_that_are_not_there(self, color_type: int, rows: int) -> None:
        assert refusal(self.build(color_type, ihdr_height=rows)).category == "png.corrupt"

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
    def test_pixels_that_end_early(self, color_type: int, share: float) -> None:
        whole = self.build(color_type)
        stream = whole[whole.index(b"IDAT") + 4 : whole.index(b"IEND") - 8]
        assert refusal(self.build(color_type, idat_cut=int(share * len(stream)))).category == "png.corrupt"

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_a_file_that_is_cut_off(self, color_type: int, share: float) -> None:
        data = self.build(color_type)
        assert refusal(data[: int(share * len(data))]).category == "png.corrupt"

    def test_no_pixels_at_all(self, color_type: int) -> None:
        assert refusal(self.build(color_type, drop=["IDAT"])).category == "png.corrupt"

    @pytest.mark.parametrize("method", ["compression", "filter", "interlacing"])
    def test_a_method_that_png_does_not_have(self, color_type: int, method: str) -> None:
        fields = [1 if method == name else 0 for name in ("compression", "filter")] + [9 * (method == "interlacing")]
        data = self.build(color_type)
        header = struct.pack(">IIBBBBB", 30, 24, 8, color_type, *fields)
        assert refusal(SIGNATURE + chunk("IHDR", header) + data[33:]).category == "png.corrupt"

    def test_one_wrong_bit_anywhere_in_the_file(self, color_type: int) -> None:
        good = self.build(color_type)
        right = read_picture(good)
        for place in range(0, len(good), 61):
            data = bytearray(good)
            data[place] ^= 1 << place % 8
            try:
                read = read_picture(bytes(data), (24, 30))
            except SampleError as error:
                assert error.category.startswith("png.")
            else:
                np.testing.assert_array_equal(read, right)


def head(side: int, color_type: int, bit_depth: int = 8) -> tuple[str, bytes]:
    return "IHDR", struct.pack(">IIBBBBB", side, side, bit_depth, color_type, 0, 0, 0)


def pixels(side: int, color_type: int, value: int = 1) -> tuple[str, bytes]:
    row = bytes([0]) + bytes([value]) * (side * (3 if color_type == RGB else 1))
    return "IDAT", zlib.compress(row * side)


def parts(*rows: tuple[str, bytes]) -> bytes:
    return SIGNATURE + b"".join(chunk(name, content) for name, content in rows)


END = ("IEND", b"")
COLOUR = ("PLTE", COLORS)
ANOTHER_COLOUR = ("PLTE", COLORS[::-1])
READERS = {"ids": (read_picture, RGB), "colours": (read_picture, PALETTE), "labels": (read_labels, PALETTE)}
READERS |= {"numbers": (read_labels, GREY), "mask": (read_mask, GREY)}


@pytest.mark.parametrize(("read", "kind"), READERS.values(), ids=READERS)
class TestChunks:
    """Where decoders disagree about a file, one of them reads wrong labels."""

    def disorder(self, read: Any, *rows: tuple[str, bytes]) -> str:
        with pytest.raises(SampleError) as caught:
            read(parts(*rows))
        assert caught.value.category == "png.corrupt"
        return str(caught.value)

    @pytest.mark.parametrize("side", [2, 4, 8])
    def test_a_second_header_wherever_it_stands(self, read: Any, kind: int, side: int) -> None:
        first, second, colour, idat = head(4, kind), head(side, kind), COLOUR, pixels(4, kind)
        for rows in (
            [first, second, colour, idat],
            [first, colour, second, idat],
            [first, colour, second, pixels(side, kind)],
            [first, colour, idat, second],
        ):
            assert "2 headers, expected one" in self.disorder(read, *rows, END)

    def test_a_second_header_costs_no_memory(self, read: Any, kind: int) -> None:
        tracemalloc.start()
        self.disorder(read, head(4, kind), COLOUR, head(20_000, kind), pixels(4, kind), END)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()

    def test_a_second_palette(self, read: Any, kind: int) -> None:
        said = self.disorder(read, head(4, kind), COLOUR, ANOTHER_COLOUR, pixels(4, kind), END)
        assert "2 palettes, expected one" in said

    def test_a_palette_behind_the_pixels(self, read: Any, kind: int) -> None:
        assert "behind" in self.disorder(read, head(4, kind), pixels(4, kind), COLOUR, END)

    def test_pixels_that_are_interrupted(self, read: Any, kind: int) -> None:
        name, stream = pixels(4, kind)
        rows = [(name, stream[:5]), ("tEXt", b"a\0b"), (name, stream[5:])]
        assert "among its pixels" in self.disorder(read, head(4, kind), COLOUR, *rows, END)

    def test_pixels_behind_the_end(self, read: Any, kind: int) -> None:
        name, stream = pixels(4, kind)
        self.disorder(read, head(4, kind), COLOUR, (name, stream[:5]), END, (name, stream[5:]))

    def test_a_chunk_that_nobody_knows(self, read: Any, kind: int) -> None:
        for rows in ([("ABCD", b"x"), pixels(4, kind)], [pixels(4, kind), ("ABCD", b"x")]):
            assert "'ABCD'" in self.disorder(read, head(4, kind), COLOUR, *rows, END)

    def test_no_end(self, read: Any, kind: int) -> None:
        assert "cut off" in self.disorder(read, head(4, kind), COLOUR, pixels(4, kind))

    def test_what_is_in_order_is_read(self, read: Any, kind: int) -> None:
        name, stream = pixels(4, kind)
        extra = [("tEXt", b"a\0b"), ("tEXt", b"a\0b"), ("abCd", b"x")]
        data = parts(head(4, kind), COLOUR, *extra, (name, stream[:5]), (name, b""), (name, stream[5:]), *extra, END)
        plain = parts(head(4, kind), COLOUR, pixels(4, kind), END)
        assert samples(read(data + plain)) == samples(read(plain)), "what stands behind the end does not count"


@pytest.mark.parametrize(("kind", "decoder"), [(RGB, "kornia_rs.io.decode_image_png_u8"), (PALETTE, "PIL.Image.open")])
def test_a_decoder_that_answers_with_another_size_is_not_believed(
    kind: int, decoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Image.new("P", (5, 3), 1) if kind == PALETTE else np.zeros((3, 5, 3), np.uint8)
    monkeypatch.setattr(decoder, lambda *_, **__: answer)
    error = refusal(png(5, 4, kind))
    assert error.category == "png.corrupt"
    assert "decoded to 3×5 pixels, its header says 4×5" in str(error)


class TestPalettes:
    def test_that_are_missing(self) -> None:
        assert refusal(png(color_type=PALETTE, before_idat=[])).category == "png.corrupt"

    def test_that_are_too_short_for_the_pixels(self) -> None:
        assert refusal(png(color_type=PALETTE, fill=7, before_idat=[("PLTE", COLORS[:6])])).category == "png.corrupt"

    def test_that_are_just_long_enough(self) -> None:
        data = png(color_type=PALETTE, fill=1, before_idat=[("PLTE", COLORS[:6])])
        assert (read_picture(data) == np.frombuffer(COLORS[3:6], np.uint8)).all()

    def test_with_transparent_colours_keep_their_ids(self) -> None:
        extra = [("PLTE", COLORS), ("tRNS", bytes(256))]
        assert (read_picture(png(color_type=PALETTE, fill=9, before_idat=extra)) == (9, 246, 4)).all()


class TestVerifyStream:
    """Finds what the fast decoder passes over."""

    def wrong_adler(self) -> bytes:
        stream = zlib.compress(b"".join(b"\0" + bytes(row) for row in samples(noise(4, 5))))
        return file_of((5, 4, 8, RGB, 0, 0, 0), ("IDAT", stream[:-4] + b"\1\2\3\4"))

    def refuses(self, data: bytes) -> bool:
        try:
            verify_stream(data)
        except SampleError as error:
            return error.category == "png.corrupt"
        return False

    def test_a_wrong_adler_checksum(self) -> None:
        assert self.refuses(self.wrong_adler())

    def test_a_wrong_adler_checksum_before_a_wrong_size(self) -> None:
        assert refusal(self.wrong_adler(), (6, 7)).category == "png.corrupt"

    @pytest.mark.parametrize("lie", [{"ihdr_height": 3}, {"ihdr_height": 5}, {"ihdr_width": 4}, {"ihdr_width": 6}])
    def test_rows_that_are_not_the_headers(self, lie: dict[str, int]) -> None:
        assert self.refuses(png(5, 4, **lie))

    @pytest.mark.parametrize("cut", [0, 1, 5, -4, -1])
    def test_a_stream_without_its_end(self, cut: int) -> None:
        assert self.refuses(png(pixels=samples(noise(4, 5)), idat_cut=cut))

    @pytest.mark.parametrize(
        ("color_type", "bit_depth"), [(kind, depth) for kind, depths in DEPTHS.items() for depth in depths]
    )
    @pytest.mark.parametrize("size", [(1, 1), (4, 5), (3, 9)])
    def test_nothing_in_a_right_picture_of_any_kind(
        self, color_type: int, bit_depth: int, size: tuple[int, int]
    ) -> None:
        verify_stream(png(size[1], size[0], color_type, bit_depth))

    def test_nothing_in_a_large_right_picture(self) -> None:
        verify_stream(png(640, 480, pixels=samples(noise(480, 640)), split_idat=9))

    def test_missing_rows_of_interlaced_pictures(self) -> None:
        verify_stream(png(interlace=1))
        assert self.refuses(png(interlace=1, idat_cut=4))
