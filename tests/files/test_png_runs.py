"""The native reader of runs: what it takes is exactly the picture; whatever is odd, it leaves to the others."""

from __future__ import annotations

import io
import random
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import badinput
import cocoseg
from badinput import chunk
from cocoseg import native as state
from cocoseg.codecs.panoptic import ids_from_rgb
from cocoseg.codecs.regions import runs
from cocoseg.errors import SampleError
from cocoseg.files.png import read_picture, write
from cocoseg.files.png import runs as png_runs
from cocoseg.files.png.chunks import SIGNATURE
from cocoseg.files.png.labels import read_labels
from cocoseg.files.png.runs import PictureRuns, id_runs, label_runs, rgba_runs
from cocoseg.formats.maps import writer as maps_writer
from cocoseg.limits import allowing
from conftest import FIXTURES

pytestmark = pytest.mark.skipif(state.native is None, reason=f"the native part {state.missing}")

GREY, RGB, PALETTE, RGBA = 0, 2, 3, 6
KINDS = [(GREY, 8, 1), (GREY, 16, 2), (PALETTE, 8, 1), (RGB, 8, 3), (RGBA, 8, 4)]
FEW = 45  # rows and columns of a picture that may be of any bytes
STRATEGIES = [
    zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED
]  # fmt: skip


def paeth(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    p = a + b - c
    distances = abs(p - a), abs(p - b), abs(p - c)
    first = (distances[0] <= distances[1]) & (distances[0] <= distances[2])
    return np.where(first, a, np.where(distances[1] <= distances[2], b, c))


def filtered(rows: np.ndarray, pixel: int, chance: random.Random, filters: str) -> bytes:
    """Rows (H, bytes) uint8, each after its filter type, which chance decides."""
    found, above = [], np.zeros(rows.shape[1], np.int64)
    for row in rows.astype(np.int64):
        left = np.concatenate([np.zeros(pixel, np.int64), row])[: len(row)]
        corner = np.concatenate([np.zeros(pixel, np.int64), above])[: len(row)]
        kind = int(chance.choice(filters))
        expected = [0, left, above, (left + above) // 2, paeth(left, above, corner)][kind]
        found.append(bytes([kind]) + ((row - expected) & 255).astype(np.uint8).tobytes())
        above = row
    return b"".join(found)


def packed(rows: bytes, chance: random.Random) -> bytes:
    """A zlib stream with any kind of block: stored, fixed, dynamic, in all windows that deflate has."""
    window = chance.choice([9, 10, 11, 12, 13, 14, 15])
    packer = zlib.compressobj(
        chance.randrange(10), zlib.DEFLATED, window, chance.randint(1, 9), chance.choice(STRATEGIES)
    )
    cut = chance.randrange(len(rows) + 1)
    found = packer.compress(rows[:cut])
    if chance.randrange(2):
        found += packer.flush(chance.choice([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
    return found + packer.compress(rows[cut:]) + packer.flush()


def file_of(size: tuple[int, int], color: int, depth: int, stream: bytes, parts: int = 1, extra: bytes = b"") -> bytes:
    head = chunk("IHDR", struct.pack(">IIBBBBB", size[1], size[0], depth, color, 0, 0, 0))
    palette = chunk("PLTE", bytes(range(9))) if color == PALETTE else b""
    step = max(1, -(-len(stream) // parts))
    data = [chunk("IDAT", stream[at : at + step]) for at in range(0, len(stream), step)]
    return b"".join([SIGNATURE, head, palette, extra, *data, chunk("IEND", b"")])


def samples(seed: int) -> tuple[np.ndarray, int, int, random.Random]:
    """A label picture (H, W, bytes of a pixel) as files have it: patches of few values, some pixels of any."""
    chance, numpy = random.Random(seed), np.random.default_rng(seed)
    color, depth, pixel = chance.choice(KINDS)
    small = chance.randint(1, FEW), chance.randint(1, FEW)
    height, width = chance.choice([(1, 1), (1, 300), (200, 1), small, small, (300, 250)])
    values = numpy.integers(0, 256, (chance.randint(1, 9), pixel), np.uint8)
    picture = np.broadcast_to(values[0], (height, width, pixel)).copy()
    for value in values[numpy.integers(0, len(values), chance.randrange(20))]:
        top, left = chance.randrange(height), chance.randrange(width)
        picture[top : top + chance.randint(1, 30), left : left + chance.randint(1, 30)] = value
    few = numpy.integers(0, height, chance.randrange(20)), numpy.integers(0, width, 1)
    picture[few] = numpy.integers(0, 256, pixel, np.uint8)
    return picture, color, depth, chance


def random_png(seed: int) -> tuple[bytes, int]:
    picture, color, depth, chance = samples(seed)
    large = max(picture.shape[:2]) > FEW  # so that bytes that are not zero are few, as they have to be
    filters = "124" if large else chance.choice(["0", "1", "2", "3", "4", "01234", "24"])
    rows = filtered(picture.reshape(len(picture), -1), picture.shape[2], chance, filters)
    return file_of(picture.shape[:2], color, depth, packed(rows, chance), chance.choice([1, 1, 2, 7])), color


def as_picture(found: PictureRuns | None) -> np.ndarray:
    assert found is not None
    assert (found.of_runs[1:] != found.of_runs[:-1]).all()
    assert (found.lengths > 0).all()
    assert len(np.unique(found.values)) == len(found.values)
    return np.repeat(found.of_runs, found.lengths).reshape(found.size)


def in_python(data: bytes, color: int) -> np.ndarray:
    return ids_from_rgb(read_picture(data)) if color in (RGB, RGBA) else read_labels(data)


def natively(data: bytes, color: int) -> PictureRuns | None:
    return id_runs(data) if color in (RGB, RGBA) else label_runs(data)


def check_equal(data: bytes, color: int) -> None:
    found, expected = natively(data, color), in_python(data, color)
    assert found is not None
    picture = as_picture(found)
    assert picture.dtype == expected.dtype
    assert np.array_equal(picture, expected)
    values, lengths = runs(expected.reshape(-1))
    assert found.lengths.dtype == lengths.dtype
    assert np.array_equal(found.of_runs, values)


def by_pillow(data: bytes) -> np.ndarray:
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    return pixels.astype(np.int64) if pixels.ndim == 2 else pixels[..., :3].astype(np.int64) @ (1, 256, 65536)


def check_random_pictures(seeds: range) -> None:
    for seed in seeds:
        data, color = random_png(seed)
        check_equal(data, color)
        assert np.array_equal(by_pillow(data), as_picture(natively(data, color))), seed


@pytest.mark.parametrize("start", range(0, 400, 50))
def test_random_pictures_are_read_exactly(start: int) -> None:
    check_random_pictures(range(start, start + 50))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(400, 20_400, 1000))
def test_twenty_thousand_random_pictures_are_read_exactly(start: int) -> None:
    check_random_pictures(range(start, start + 1000))


def test_alpha_is_part_of_the_number_where_it_is_wanted() -> None:
    rgba = np.array([[[1, 2, 3, 4], [1, 2, 3, 5], [1, 2, 3, 5]]], np.uint8)
    data = file_of((1, 3), RGBA, 8, zlib.compress(b"\0" + rgba.tobytes()))
    assert as_picture(rgba_runs(data)).tolist() == rgba.view("<u4")[..., 0].tolist()
    assert as_picture(id_runs(data)).tolist() == [[0x030201] * 3]
    assert label_runs(data) is None


def pictures_in(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*.png")) if path.read_bytes().startswith(SIGNATURE))


def same_answer(data: bytes, read: Callable[[bytes], np.ndarray], take: Callable[[bytes], PictureRuns | None]) -> bool:
    """Whether the native reader took the picture, which then has to be what the others read."""
    found = take(data)
    if found is not None:
        assert np.array_equal(as_picture(found), read(data))
    return found is not None


def both(data: bytes) -> list[bool]:
    return [
        same_answer(data, lambda data: ids_from_rgb(read_picture(data)), id_runs),
        same_answer(data, read_labels, label_runs),
    ]


def test_every_picture_of_the_fixtures() -> None:
    taken = [any(both(path.read_bytes())) for path in pictures_in(FIXTURES)]
    assert sum(taken) > 0.7 * len(taken) > 20


def test_every_real_picture(real_data: Path) -> None:
    taken = {path.relative_to(real_data).as_posix(): any(both(path.read_bytes())) for path in pictures_in(real_data)}
    assert all(read for name, read in taken.items() if name.startswith(("coco_panoptic/", "bdd100k/panseg", "ade20k/")))
    assert sum(taken.values()) > 0.8 * len(taken)


def outcome(source: Path) -> list[object]:
    """What each image of a data set is, or why it is refused; or why all of it is."""
    try:
        dataset = cocoseg.read(source)
    except cocoseg.CocosegError as error:
        return [(error.category, str(error))]
    found: list[object] = []
    for index in range(len(dataset)):
        try:
            sample = dataset[index]
            found.append((sample.id_map.tobytes(), sample.areas.tolist(), sample.problems))
        except SampleError as error:
            found.append((error.category, str(error)))
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", badinput.names("png"))
def test_bad_pictures_get_the_same_answer(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = badinput.lay_out(badinput.load(name), tmp_path / "set")
    expected = outcome(source)
    monkeypatch.setattr(png_runs, "native", None)
    assert outcome(source) == expected


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A file in which a few bytes are changed, left out or added, with right checksums of its chunks."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(found))
        found[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    start = 8
    while start + 12 <= len(found) and (stop := start + 8 + int.from_bytes(found[start : start + 4], "big")) + 4 <= len(
        found
    ):
        found[stop : stop + 4] = zlib.crc32(found[start + 4 : stop]).to_bytes(4, "big")
        start = stop + 4
    return bytes(found)


def test_damaged_pictures_are_read_as_others_read_them_or_not_at_all() -> None:
    taken = 0
    for seed in range(600):
        data, _ = random_png(seed % 60)
        taken += any(both(damaged(data, random.Random(seed))))
    assert taken  # some changes, as those of a time, of pixels or of a palette, leave a picture


def png(**changes: Any) -> bytes:
    rows = changes.pop("rows", b"\0\1\0\0\2\0\0" * 2)
    fields = {"size": (2, 2), "color": RGB, "depth": 8, "stream": zlib.compress(rows)} | changes
    return file_of(**fields)


STREAM = zlib.compress(b"\0\1\0\0\2\0\0" * 2)
TIME = chunk("tIME", bytes([7, 224, 1, 1, 0, 0, 0]))
ODD = {
    "interlaced": png().replace(png()[8:33], chunk("IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 1))),
    "16-bit RGB": png(depth=16),
    "4-bit grey": png(color=GREY, depth=4),
    "grey with alpha": png(color=4),
    "transparent colour": png(extra=chunk("tRNS", bytes(6))),
    "unknown chunk": png(extra=chunk("unKn", b"")),
    "unknown chunk that is needed": png(extra=chunk("UnKn", b"")),
    "palette of RGB": png(extra=chunk("PLTE", bytes(3))),
    "text": png(extra=chunk("tEXt", b"a\0b")),
    "two times": png(extra=TIME + TIME),
    "bytes behind the end": png() + b"\0",
    "bytes behind the stream": png(stream=STREAM + b"\0"),
    "cut stream": png(stream=STREAM[:-1]),
    "wrong Adler-32": png(stream=STREAM[:-1] + bytes([STREAM[-1] ^ 1])),
    "dictionary": png(stream=b"\x78\xbb" + STREAM[2:]),
    "row too many": png(rows=b"\0\1\0\0\2\0\0" * 3),
    "row too few": png(rows=b"\0\1\0\0\2\0\0"),
    "very many blocks": png(stream=STREAM[:2] + b"\0\0\0\xff\xff" * 20_000 + STREAM[2:]),
    "filter 5": png(rows=b"\5\1\0\0\2\0\0" * 2),
    "no end": png()[:-12],
    "no pixels": png(stream=b""),
    "wrong CRC": png()[:-13] + bytes([png()[-13] ^ 1]) + png()[-12:],
    "chunk among the pixels": png().replace(
        chunk("IDAT", STREAM), chunk("IDAT", STREAM[:9]) + TIME + chunk("IDAT", STREAM[9:])
    ),
    "chunk behind the pixels": png().replace(chunk("IEND", b""), TIME + chunk("IEND", b"")),
    "empty": b"",
    "no PNG": b"GIF8" + bytes(60),
}


@pytest.mark.parametrize(
    "extra",
    [TIME, chunk("pHYs", bytes(9)), chunk("gAMA", bytes([0, 0, 177, 143])), TIME + chunk("pHYs", bytes(9))],
    ids=["time", "size", "gamma", "two"],
)
def test_chunks_that_change_no_pixel_do_no_harm(extra: bytes) -> None:
    assert as_picture(id_runs(png(extra=extra))).tolist() == [[1, 2], [1, 2]]
    assert both(png(extra=extra)) == [True, False]


@pytest.mark.parametrize("what", ODD)
def test_leaves_what_is_odd_to_others(what: str) -> None:
    assert id_runs(ODD[what]) is None
    assert label_runs(ODD[what]) is None
    assert rgba_runs(ODD[what]) is None


def test_a_palette_has_to_be_there() -> None:
    good = file_of((1, 1), PALETTE, 8, zlib.compress(b"\0\7"))
    assert as_picture(label_runs(good)).tolist() == [[7]]
    assert label_runs(good.replace(chunk("PLTE", bytes(range(9))), b"")) is None
    assert label_runs(good.replace(chunk("PLTE", bytes(range(9))), chunk("PLTE", bytes(4)))) is None


def test_a_photo_is_left_to_others() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    assert id_runs(write.write_rgb(noise)) is None


def test_another_size_or_too_many_pixels_are_left_to_others() -> None:
    data = png()
    assert id_runs(data, (2, 2)) is not None
    assert [id_runs(data, size) for size in [(2, 3), (1, 2), (4, 1), (1, 4)]] == [None] * 4
    with allowing(3):
        assert id_runs(data) is None
    with allowing(4):
        assert id_runs(data) is not None


def test_a_header_that_promises_too_much_takes_no_memory() -> None:
    for size in [(1 << 31, 1), (1, 1 << 31), (1 << 16, 1 << 16), (1 << 15, 1 << 15), (13_000, 13_000)]:
        assert id_runs(png(size=size)) is None


def test_threads_read_at_once() -> None:
    pictures = [random_png(seed) for seed in range(40)]

    def read() -> None:
        for data, color in pictures:
            check_equal(data, color)

    threads = [threading.Thread(target=read) for _ in range(4)]
    found: list[object] = []
    before, threading.excepthook = threading.excepthook, found.append
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        threading.excepthook = before
    assert found == []


class TestRows:
    """Rows of class maps, of runs."""

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_are_those_of_the_painted_map(self, dtype: type) -> None:
        for seed in range(60):
            chance = np.random.default_rng(seed)
            height, width = chance.integers(1, 40, 2).tolist()
            cuts = np.sort(chance.integers(0, height * width + 1, chance.integers(0, 60)))  # runs of no pixel too
            lengths = np.diff(cuts, prepend=0, append=height * width)
            values = chance.integers(0, np.iinfo(dtype).max + 1, len(lengths)).astype(dtype)
            painted = np.repeat(values, lengths).reshape(height, width)
            assert write.write_class_runs(values, lengths, (height, width)) == write.write_class_map(painted)
            columns = np.repeat(values, lengths).reshape(width, height).T
            assert write.write_class_runs(values, lengths, (height, width), (), True) == write.write_class_map(columns)

    def test_keep_their_colours(self) -> None:
        colors = [(1, 2, 3)] * 256
        found = write.write_class_runs(np.array([7], np.uint8), np.array([6]), (2, 3), colors)
        assert found == write.write_class_map(np.full((2, 3), 7, np.uint8), colors)

    @pytest.mark.parametrize("lengths", [[6, 1], [5], [7, -1], [1 << 40], [-(1 << 62)] * 4, []])
    def test_refuses_runs_of_another_picture(self, lengths: list[int]) -> None:
        with pytest.raises(ValueError, match="not those of a picture"):
            write.write_class_runs(np.zeros(len(lengths), np.uint8), np.array(lengths, np.int64), (2, 3))

    def test_refuses_values_of_another_number(self) -> None:
        with pytest.raises(ValueError, match="not those of a picture"):
            write.write_class_runs(np.zeros(2, np.uint8), np.array([6]), (2, 3))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "source", ["panoptic.json", "voc", "cityscapes", "kitti", "ade20k", "bdd100k", "instances.json"]
)
def test_runs_leave_the_same_bytes_with_and_without_it(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Class maps, journal and report."""
    cocoseg.to_semantic(FIXTURES / source, tmp_path / "native", workers=1)
    monkeypatch.setattr(png_runs, "native", None)
    monkeypatch.setattr(maps_writer, "native", None)
    cocoseg.to_semantic(FIXTURES / source, tmp_path / "pure", workers=1)
    assert contents(tmp_path / "native") == contents(tmp_path / "pure")
