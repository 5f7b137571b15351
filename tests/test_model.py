"""The record in the middle: samples by columns, data sets as sequences of entries that are decoded when asked for."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import numpy as np
import pytest

from cocoseg.codecs.regions import find_regions
from cocoseg.errors import Problem, SampleError
from cocoseg.model import Category, Dataset, Loader, Refused, Sample


def sample(drawing: str, ids: tuple[int, ...], key: str = "a") -> Sample:
    """``"aab / .bb"`` -> a sample whose first segment is a; a dot is void. Its category ids are the ids' hundreds."""
    picture = np.array(
        [[(0, *ids)[letter != "." and ord(letter) - 96] for letter in row.strip()] for row in drawing.split("/")],
        np.uint32,
    )
    listed = np.array(ids, np.uint32)
    regions, _ = find_regions(picture, listed)
    crowd = np.zeros(len(ids), np.bool_)
    return Sample(key, 1, listed, listed.astype(np.int64) // 100, crowd, regions)


@dataclass(frozen=True)
class Entry:
    """A stand-in for what a format lists: its picture is its name."""

    key: str
    size: tuple[int, int] | None = None

    @property
    def place(self) -> str:
        return f"entry {self.key}"


def picture(folder: str | None, entry: Entry) -> bytes:
    if entry.key == "gone":
        raise SampleError("file.missing", "the PNG is gone")
    if entry.key == "vast":
        raise MemoryError
    return f"{folder}/{entry.key}".encode()


def make(entry: Entry, picture: bytes, place: str) -> Sample:
    if entry.key == "bad":
        raise SampleError("png.corrupt", "the PNG is corrupt")
    if entry.key == "large":
        raise MemoryError
    return replace(sample("ab", (100, 200), picture.decode().removeprefix("pngs/")), place=place)


LOAD = Loader("a.json", "pngs", picture, make)


def shout(one: Sample) -> Sample:
    return replace(one, key=one.key.upper())


def twice(one: Sample) -> Sample:
    return replace(one, key=one.key * 2)


PROBLEMS = (Problem("label.names", "odd"),)


@pytest.fixture
def dataset() -> Dataset:
    return Dataset((Category(1, "road"),), tuple(map(Entry, ("x", "bad", "y", "z"))), LOAD, "a.json", "a", PROBLEMS)


class TestSample:
    def test_tells_its_size_as_height_and_width(self) -> None:
        assert sample("aab / .bb", (7, 9)).size == (2, 3)

    def test_tells_the_pixels_of_each_segment(self) -> None:
        areas = sample("aab / .bb", (7, 9, 8)).areas
        assert areas.tolist() == [2, 3, 0]
        assert areas.dtype == np.int64

    def test_gives_back_the_ids_of_its_pixels(self) -> None:
        id_map = sample("aab / .bb", (7, 2**24 - 1)).id_map
        assert id_map.tolist() == [[7, 7, 2**24 - 1], [0, 2**24 - 1, 2**24 - 1]]
        assert id_map.dtype == np.uint32

    def test_may_have_no_segments(self) -> None:
        empty = sample(".. / ..", ())
        assert empty.areas.tolist() == []
        assert empty.id_map.tolist() == [[0, 0], [0, 0]]

    def test_travels_between_processes(self) -> None:
        one = sample("aab / .bb", (7, 9))
        twin = pickle.loads(pickle.dumps(one))
        assert twin.id_map.tolist() == one.id_map.tolist()
        assert (twin.key, twin.size, twin.problems) == ("a", (2, 3), ())

    def test_can_not_be_changed(self) -> None:
        with pytest.raises(FrozenInstanceError):
            sample("a", (1,)).key = "b"  # type: ignore[misc]

    @pytest.mark.parametrize("scores", [None, np.array([0.5, 0.25, 1])])
    def test_without_some_categories(self, scores: Any) -> None:
        one = replace(sample("aab / .cb", (100, 101, 300)), scores=scores)
        assert one.without([7]) is one
        left = one.without({3, 7})
        assert left.ids.tolist() == [100, 101]
        assert (left.category_ids.tolist(), left.iscrowd.tolist()) == ([1, 1], [False, False])
        assert left.areas.tolist() == [2, 2]
        assert scores is None or left.scores.tolist() == [0.5, 0.25]
        assert len(one.without([1, 3]).runs) == 0


class TestCategory:
    def test_is_silent_where_its_file_is(self) -> None:
        category = Category(7, "road")
        assert (category.isthing, category.color, category.supercategory) == (None, None, None)

    def test_is_a_value(self) -> None:
        assert {Category(7, "road"), Category(7, "road")} == {Category(7, "road")}
        assert Category(7, "road", True) != Category(7, "road", False)


class TestLoader:
    def test_fetches_the_picture_and_makes_the_sample(self) -> None:
        assert LOAD.fetch(Entry("x")) == b"pngs/x"
        assert LOAD.decode(Entry("x"), b"pngs/other").key == "other"
        assert (LOAD(Entry("x")).key, LOAD(Entry("x")).place) == ("x", "a.json: entry x")

    @pytest.mark.parametrize(
        ("key", "message"), [("gone", "a.json: entry gone: the PNG is gone"), ("bad", "a.json: entry bad: the PNG is")]
    )
    def test_says_where_an_entry_stands_that_can_not_be_used(self, key: str, message: str) -> None:
        with pytest.raises(SampleError, match=message):
            LOAD(Entry(key))

    @pytest.mark.parametrize("key", ["vast", "large"])
    @pytest.mark.parametrize(
        ("size", "words"), [(None, "not enough memory$"), ((7, 9), "not enough memory for 7×9 pix")]
    )
    def test_tells_of_memory_as_of_any_other_fault(self, key: str, size: tuple[int, int] | None, words: str) -> None:
        with pytest.raises(SampleError, match=f"^a.json: entry {key}: {words}") as caught:
            LOAD(Entry(key, size))
        assert caught.value.category == "limit.memory"

    def test_gives_a_refused_entrys_own_reason(self) -> None:
        refused = Refused("entry 7", Problem("id.type", "a.json: entry 7: no id"))
        for call in (LOAD, LOAD.fetch):
            with pytest.raises(SampleError, match="^a.json: entry 7: no id$"):
                call(refused)

    def test_is_a_value_that_travels(self) -> None:
        assert pickle.loads(pickle.dumps(LOAD)) == LOAD


class TestDataset:
    def test_has_a_length_and_decodes_what_is_asked_for(self, dataset: Dataset) -> None:
        assert len(dataset) == 4
        assert (dataset[0].key, dataset[2].key, dataset[-1].key) == ("x", "y", "z")

    def test_decodes_nothing_before_it_is_asked(self) -> None:
        calls: list[Any] = []
        lazy = Dataset((), range(1000), lambda entry: calls.append(entry))  # type: ignore[arg-type]
        iterator = iter(lazy[10:])
        assert (len(lazy), len(lazy[10:]), calls) == (1000, 990, [])
        next(iterator)
        assert calls == [10]

    def test_raises_where_an_entry_is_bad_and_only_there(self, dataset: Dataset) -> None:
        with pytest.raises(SampleError, match="corrupt"):
            dataset[1]
        assert dataset[2].key == "y"

    @pytest.mark.parametrize("place", [4, -5, 1000])
    def test_ends_where_its_entries_end(self, dataset: Dataset, place: int) -> None:
        with pytest.raises(IndexError):
            dataset[place]

    def test_is_gone_through_in_order(self, dataset: Dataset) -> None:
        assert [one.key for one in dataset[2:]] == ["y", "z"]
        assert [one.key for one in reversed(dataset[2:])] == ["z", "y"]

    @pytest.mark.parametrize(
        "part",
        [slice(0, 2), slice(2, None), slice(None, None, 2), slice(None, None, -1), slice(9, 12), slice(-1, None)],
    )
    def test_slices_to_a_data_set_of_those_entries(self, dataset: Dataset, part: slice) -> None:
        smaller = dataset[part]
        assert isinstance(smaller, Dataset)
        assert smaller.entries == dataset.entries[part]
        assert (smaller.categories, smaller.source, smaller.folder) == (dataset.categories, "a.json", "a")

    def test_a_slice_does_not_repeat_the_problems_of_the_document(self, dataset: Dataset) -> None:
        assert dataset[:].problems == ()
        assert len(dataset.problems) == 1

    def test_of_no_entries_is_empty(self) -> None:
        assert list(Dataset((), (), LOAD)) == []

    def test_travels_between_processes(self, dataset: Dataset) -> None:
        twin = pickle.loads(pickle.dumps(dataset[2:]))
        assert [one.key for one in twin] == ["y", "z"]
        assert twin.categories == dataset.categories


class TestMap:
    def test_changes_every_sample_when_it_is_decoded(self, dataset: Dataset) -> None:
        louder = dataset.map(shout)
        assert (louder[0].key, dataset[0].key) == ("X", "x")
        assert [one.key for one in louder[2:]] == ["Y", "Z"]
        assert len(louder) == 4
        assert (louder.categories, louder.problems) == (dataset.categories, dataset.problems)

    def test_is_done_in_the_order_in_which_it_is_asked_for(self, dataset: Dataset) -> None:
        assert dataset.map(shout).map(twice)[0].key == "XX"
        assert dataset.map(twice).map(lambda one: replace(one, key=one.key + "!"))[0].key == "xx!"

    def test_leaves_errors_as_they_are(self, dataset: Dataset) -> None:
        with pytest.raises(SampleError, match="corrupt"):
            dataset.map(shout)[1]

    def test_travels_between_processes(self, dataset: Dataset) -> None:
        twin = pickle.loads(pickle.dumps(dataset.map(shout).map(twice)))
        assert twin[0].key == "XX"


def test_a_data_set_is_shown_in_a_line(dataset: Dataset) -> None:
    assert repr(dataset) == "Dataset('a.json', 4 images, 1 categories)"
