"""CSVs of run lengths, as Kaggle's competitions have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.drawings import drawn, expected
from hypothesis import given, settings
from hypothesis import strategies as st

import cocoseg
from cocoseg.codecs.rle import decode
from cocoseg.formats.detect import detect
from cocoseg.formats.kaggle import read_runs
from cocoseg.model import Dataset
from command import cocoseg as run
from conftest import FIXTURES

PLAIN, JOINED = FIXTURES / "kaggle" / "train.csv", FIXTURES / "kaggle_joined" / "train.csv"
LETTERS = {"1": "1", "4": "4"}

Read = Callable[..., Dataset]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def call(*lines: str, size: str | None = "6x8", **options: Any) -> Dataset:
        (tmp_path / "a.csv").write_text("\n".join(lines))
        return cocoseg.read(tmp_path / "a.csv", size=size, source_format="kaggle", **options)

    return call


def oracle(text: str, height: int, width: int) -> list[list[bool]]:
    """As competitors write it: set the pixels of a flat picture, and turn it."""
    flat = [False] * (height * width)
    numbers = [int(word) for word in text.split()]
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        for pixel in range(start - 1, start - 1 + length):
            flat[pixel] = True
    return [[flat[column * height + row] for column in range(width)] for row in range(height)]


def test_is_recognised_by_its_header(tmp_path: Path) -> None:
    assert detect(PLAIN) == detect(PLAIN.parent) == detect(JOINED) == "kaggle"
    (tmp_path / "a.csv").write_text("id,rle_mask\n")
    (tmp_path / "b.csv").write_text("name,r,g,b\n")
    assert (detect(tmp_path / "a.csv"), detect(tmp_path / "b.csv")) == ("kaggle", None)


@pytest.mark.parametrize("source", [PLAIN, JOINED])
def test_the_drawn_set_is_what_was_drawn(source: Path) -> None:
    dataset = cocoseg.read(source, size="6x8")
    assert [sample.file_name for sample in dataset] == ["steel.jpg", "plain.jpg", "corner.jpg"]
    for sample in dataset:
        assert drawn(sample, dataset, LETTERS) == expected(f"kaggle/{Path(sample.key).stem}")


def test_every_row_is_a_mask() -> None:
    assert [len(sample.ids) for sample in cocoseg.read(PLAIN, size="6x8")] == [2, 0, 2]
    assert [len(sample.ids) for sample in cocoseg.read(JOINED, size="6x8")] == [2, 0, 1]


def test_the_example_of_the_competition() -> None:
    mask = cocoseg.decode(read_runs("14 3 20 3", (6, 5)), (6, 5))
    assert np.argwhere(mask).tolist() == [[row, column] for row in (1, 2, 3) for column in (2, 3)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), max_size=8), st.integers(1, 9))
def test_runs_are_those_of_the_oracle(pairs: list[tuple[int, int]], height: int) -> None:
    words, position = [], 1
    for gap, length in pairs:
        words += [position + gap, length]
        position += gap + length
    width = max(1, -(-position // height))
    text = " ".join(map(str, words))
    found = cocoseg.decode(read_runs(text, (height, width)), (height, width))
    assert found.tolist() == oracle(text, height, width)


@pytest.mark.parametrize(
    ("runs", "category"),
    [
        ("1 2 3", "rle.truncated"),
        ("1 x", "rle.type"),
        ("1 2.5", "rle.type"),
        ("0 3", "rle.negative"),
        ("3 0", "rle.negative"),
        ("3 -1", "rle.negative"),
        ("10 2 5 2", "rle.order"),
        ("10 5 12 5", "rle.order"),
        ("47 3", "rle.sum"),
        ("1 99999999999999999999", "rle.type"),
        ("1 9223372036854775807", "rle.sum"),
    ],
)
def test_bad_runs_cost_their_image(runs: str, category: str, read: Read) -> None:
    dataset = read("ImageId,EncodedPixels", f"a.jpg,{runs}", "b.jpg,1 1")
    with pytest.raises(cocoseg.SampleError, match="line 2") as caught:
        dataset[0]
    assert caught.value.category == category
    assert dataset[1].areas.tolist() == [1]


def test_distances_as_those_of_siim_are_refused(read: Read) -> None:
    dataset = read("ImageId, EncodedPixels", "1.2.276.0.7230010, 20 3 3 3 3 3", "1.2.276.0.7230011, -1")
    with pytest.raises(cocoseg.SampleError, match="SIIM-ACR"):
        dataset[0]
    assert [entry.key for entry in dataset.entries] == ["1.2.276.0.7230010.png", "1.2.276.0.7230011.png"]
    assert len(dataset[1].ids) == 0


class TestTheSize:
    def test_must_be_known(self) -> None:
        with pytest.raises(cocoseg.DocumentError, match="--size HEIGHTxWIDTH, or the photos with --photos"):
            cocoseg.read(PLAIN)

    @pytest.mark.parametrize("size", ["6x8", "6X8", "6×8"])
    def test_is_given(self, size: str) -> None:
        assert cocoseg.read(PLAIN, size=size)[0].size == (6, 8)

    @pytest.mark.parametrize("size", ["6", "6x", "6x8x3", "axb", "-6x8", "0x8", "6.5x8"])
    def test_is_refused_otherwise(self, size: str) -> None:
        with pytest.raises(cocoseg.UsageError, match="expected HEIGHTxWIDTH|of at least 1") as caught:
            cocoseg.read(PLAIN, size=size)
        assert caught.value.category == "usage.size"

    def test_is_that_of_the_photo(self, tmp_path: Path) -> None:
        from PIL import Image

        for name, size in (("steel", (8, 6)), ("plain", (5, 3))):
            Image.new("RGB", size).save(tmp_path / f"{name}.jpg")
        dataset = cocoseg.read(PLAIN, photos=tmp_path)
        assert (dataset[0].size, dataset[1].size) == ((6, 8), (3, 5))
        with pytest.raises(cocoseg.SampleError, match="no photo 'corner'"):
            dataset[2]

    def test_may_be_in_columns(self, read: Read) -> None:
        dataset = read("id,annotation,width,height,cell_type", "a,1 2,5,4,cort", "b,1 2,5.0,3,cort", size=None)
        assert [sample.size for sample in dataset] == [(4, 5), (3, 5)]

    def test_on_the_command_line(self, tmp_path: Path) -> None:
        assert run("to-semantic", PLAIN, tmp_path / "out", "--size", "6x8").code == 0
        result = run("to-semantic", PLAIN, tmp_path / "out2", "--size", "6")
        assert (result.code, "usage.size" in result.stderr) == (2, True)


class TestClasses:
    def test_numbers_are_in_their_order(self, read: Read) -> None:
        rows = [f"a.jpg,1 1,{number}" for number in (10, 2, 1)]
        dataset = read("ImageId,EncodedPixels,ClassId", *rows)
        assert [row.name for row in dataset.categories] == ["1", "2", "10"]

    def test_names_for_numbers(self, read: Read, tmp_path: Path) -> None:
        (tmp_path / "names.json").write_text('[{"id": 1, "name": "pit"}, {"id": 4, "name": "scratch"}]')
        dataset = read("ImageId,EncodedPixels,ClassId", "a,1 1,4", categories=tmp_path / "names.json")
        assert dataset[0].category_ids.tolist() == [4]

    def test_without_a_column_there_is_one(self, read: Read) -> None:
        dataset = read("ImageId,EncodedPixels", "a,1 1")
        assert [row.name for row in dataset.categories] == ["object"]
        assert "--class names it" in dataset.problems[0].message
        named = read("ImageId,EncodedPixels", "a,1 1", class_name="ship")
        assert ([row.name for row in named.categories], named.problems) == (["ship"], ())

    def test_which_of_several_categories_is_asked_for(self, read: Read, tmp_path: Path) -> None:
        (tmp_path / "names.txt").write_text("ship\n")
        assert read("ImageId,EncodedPixels", "a,1 1", categories=tmp_path / "names.txt")[0].category_ids.tolist() == [0]
        (tmp_path / "names.txt").write_text("ship\nboat\n")
        with pytest.raises(cocoseg.DocumentError, match="which of the 2 categories"):
            read("ImageId,EncodedPixels", "a,1 1", categories=tmp_path / "names.txt")

    def test_a_joined_name_ends_in_its_class(self, read: Read) -> None:
        dataset = read("Image_Label,EncodedPixels", "0_1.jpg_Fish,1 1", "0_1.jpg_Sugar,", "0_1.jpg_Flower,3 1")
        assert [entry.key for entry in dataset.entries] == ["0_1.png"]
        assert [row.name for row in dataset.categories] == ["Fish", "Flower"]

    def test_a_mask_without_a_class_is_refused(self, read: Read) -> None:
        dataset = read("ImageId,EncodedPixels,ClassId", "a,1 1,")
        with pytest.raises(cocoseg.SampleError, match="line 2: a mask without a class"):
            dataset[0]


def test_a_field_may_be_long(read: Read) -> None:
    text = " ".join(f"{start} 1" for start in range(1, 200_000, 2))
    assert read("id,rle", f"a,{text}", size="500x500")[0].areas.tolist() == [100_000]


def test_a_header_of_something_else_is_named(read: Read) -> None:
    with pytest.raises(cocoseg.DocumentError, match="the columns are 'x', 'y'; expected those of images and of runs"):
        read("x,y", "1,2")


def test_masks_go_through_json_unchanged(tmp_path: Path) -> None:
    cocoseg.to_coco(PLAIN, tmp_path / "a.json", size="6x8")
    one, two = cocoseg.read(PLAIN, size="6x8"), cocoseg.read(tmp_path / "a.json")
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(decode(first.runs), decode(second.runs))


def test_a_row_without_its_size_is_named(read: Read) -> None:
    with pytest.raises(cocoseg.DocumentError, match="line 3 has 2 cells, fewer than the first line"):
        read("ImageId,EncodedPixels,Height,Width", "a,1 2,6,8", "b,1 2", size=None)


def test_rows_that_differ_in_the_size_refuse_their_image(read: Read) -> None:
    dataset = read("ImageId,EncodedPixels,Height,Width", "a,1 2,6,8", "a,5 2,8,6", "b,1 2,6,8", size=None)
    with pytest.raises(cocoseg.SampleError, match=r"images\[0\].*line 3 has the size 8×6.*6×8") as caught:
        dataset[0]
    assert caught.value.category == "size.mismatch"
    assert dataset[1].areas.tolist() == [2]
