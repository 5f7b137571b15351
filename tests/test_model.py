"""The record in the middle: samples by columns, data sets as sequences of entries that are decoded when asked for."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as with_fields

from cocoseg.codecs.regions import find_regions
from cocoseg.errors import Problem, SampleError, UsageError
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Refused, Sample


def sample(drawing: str, ids: tuple[int, ...], key: str = "a") -> Sample:
    """``"aab / .bb"`` -> a sample whose first segment is a; a dot is void. Its category ids are the ids' hundreds."""
    picture = np.array(
        [[(0, *ids)[letter != "." and ord(letter) - 96] for letter in row.strip()] for row in drawing.split("/")],
        np.uint32,
    )
    listed = np.array(ids, np.uint32)
    regions, _ = find_regions(picture, listed)
    crowd = np.zeros(len(ids), np.bool_)
    return Sample(key, 1, listed, category_ids=listed.astype(np.int64) // 100, iscrowd=crowd, shapes=regions)


def entry(key: str, size: tuple[int, int] | None = None, **more: Any) -> Entry:
    """An entry whose one file is named as it."""
    return Entry(key, key, f"entry {key}", (key,), size, **more)


def make(entry: Entry, files: Any, place: str) -> Sample:
    if entry.key == "bad":
        raise SampleError("png.corrupt", "the PNG is corrupt")
    if entry.key == "large":
        raise MemoryError
    return replace(sample("ab", (100, 200), b" ".join(files).decode()), image_id=entry.image_id, place=place)


def loader(folder: str = "pngs") -> Loader:
    return Loader("a.json", (folder,), make)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loader:
    """A loader of the files x, y, z, bad and large, each holding its name."""
    (tmp_path / "pngs").mkdir()
    for name in ("x", "y", "z", "bad", "large"):
        (tmp_path / "pngs" / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return loader()


def shout(one: Sample) -> Sample:
    return replace(one, key=one.key.upper())


def twice(one: Sample) -> Sample:
    return replace(one, key=one.key * 2)


PROBLEMS = (Problem("label.names", "odd"),)


@pytest.fixture
def dataset(load: Loader) -> Dataset:
    return Dataset((Category(1, "road"),), tuple(map(entry, ("x", "bad", "y", "z"))), load, problems=PROBLEMS)


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


class TestEntry:
    def test_a_row_of_many_is_named_by_id_and_file(self) -> None:
        assert Entry("a.png", 7, "annotations[4]", ("b.png",)).place == "annotations[4] (image 7, 'b.png')"
        assert Entry("a.png", "7", "images[4]", file_name="a.jpg").place == "images[4] (image '7', 'a.jpg')"

    def test_content_covers_all_that_decides_the_sample_and_positions_only_on_request(self) -> None:
        one = entry("x", body=[1], positions=[5])
        for other in (entry("y", body=[1]), entry("x", (1, 2), body=[1]), entry("x", body=[2])):
            assert one.content(exact=False) != other.content(exact=False)
        moved = entry("x", body=[1], positions=[6])
        assert one.content(exact=False) == moved.content(exact=False)
        assert one.content(exact=True) != moved.content(exact=True)


class TestLoader:
    def test_fetches_the_files_and_makes_the_sample(self, load: Loader) -> None:
        assert load.fetch(entry("x")) == [b"x"]
        assert load.decode(entry("x"), [b"other"]).key == "other"
        assert (load(entry("x")).key, load(entry("x")).place) == ("x", "a.json: entry x")

    def test_files_lie_in_the_folders_of_their_positions_or_in_the_last(self, load: Loader, tmp_path: Path) -> None:
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "x").write_text("more")
        both = replace(load, folders=("pngs", "more"))
        assert both.fetch(Entry("x", 1, "x", ("x", "x", "x"))) == [b"x", b"more", b"more"]

    def test_the_first_file_may_list_others(self, load: Loader) -> None:
        listing = replace(load, lists=lambda entry, first: ["y", "z"])
        assert listing.fetch(entry("x")) == [b"x", b"y", b"z"]

    @pytest.mark.parametrize(
        ("key", "message"),
        [("gone", "a.json: entry gone: 'pngs/gone' does not"), ("bad", "a.json: entry bad: the PNG")],
    )
    def test_says_where_an_entry_stands_that_can_not_be_used(self, key: str, message: str, load: Loader) -> None:
        with pytest.raises(SampleError, match=message):
            load(entry(key))

    @pytest.mark.parametrize(
        ("size", "words"), [(None, "not enough memory$"), ((7, 9), "not enough memory for 7×9 pix")]
    )
    def test_a_lack_of_memory_is_an_error_of_the_image(
        self, size: tuple[int, int] | None, words: str, load: Loader
    ) -> None:
        with pytest.raises(SampleError, match=f"^a.json: entry large: {words}") as caught:
            load(entry("large", size))
        assert caught.value.category == "limit.memory"

    def test_gives_a_refused_entrys_own_reason(self, load: Loader) -> None:
        refused = Refused("entry 7", Problem("id.type", "a.json: entry 7: no id"))
        for call in (load, load.fetch):
            with pytest.raises(SampleError, match="^a.json: entry 7: no id$"):
                call(refused)

    def test_is_a_value_that_travels(self, load: Loader) -> None:
        assert pickle.loads(pickle.dumps(load)) == load


class TestDataset:
    def test_has_a_length_and_decodes_what_is_asked_for(self, dataset: Dataset) -> None:
        assert len(dataset) == 4
        assert (dataset[0].key, dataset[2].key, dataset[-1].key) == ("x", "y", "z")

    def test_decodes_nothing_before_it_is_asked(self) -> None:
        calls: list[Any] = []
        lazy = Dataset((), range(1000), calls.append)  # type: ignore[arg-type]
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
        assert (smaller.categories, smaller.source, smaller.folders) == (dataset.categories, "a.json", ("pngs",))

    def test_a_slice_does_not_repeat_the_problems_of_the_document(self, dataset: Dataset) -> None:
        assert dataset[:].problems == ()
        assert len(dataset.problems) == 1

    def test_of_no_entries_is_empty(self) -> None:
        assert list(Dataset((), (), loader())) == []

    @pytest.mark.parametrize("mask", [[True, False, True, True], np.array([True, False, True, True])])
    def test_a_mask_is_no_list_of_positions(self, dataset: Dataset, mask: Any) -> None:
        with pytest.raises(UsageError, match="numpy.flatnonzero"):
            dataset[mask]
        assert [one.key for one in dataset[np.flatnonzero(mask)]] == ["x", *(dataset[k].key for k in (2, 3))]

    @pytest.mark.parametrize("positions", [[3, 0], (3, 0), np.array([3, 0]), iter([3, 0])])
    def test_takes_positions_in_their_order(self, dataset: Dataset, positions: Any) -> None:
        assert [one.key for one in dataset.take(positions)] == ["z", "x"]

    def test_is_indexed_by_numbers_of_any_kind(self, dataset: Dataset) -> None:
        assert dataset[np.int64(2)].key == dataset[np.array(2)].key == "y"  # type: ignore[call-overload]
        assert [one.key for one in dataset[[2, -1]]] == ["y", "z"]

    def test_fields_after_the_first_three_are_named(self) -> None:
        with pytest.raises(TypeError):
            Dataset((), (), loader(), PROBLEMS)  # type: ignore[misc]
        with pytest.raises(TypeError):
            Sample("a", 1, np.zeros(0), np.zeros(0))  # type: ignore[misc]

    def test_is_filtered_by_entries_without_decoding(self, dataset: Dataset) -> None:
        refused = Refused("entry 7", Problem("id.type", "no id"))
        more = replace(dataset, entries=(*dataset.entries, refused))
        assert more.filter(lambda entry: entry.key in "bad").entries == [dataset.entries[1], refused]

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


class TestAddition:
    def test_parts_of_one_data_set_go_together_again(self, dataset: Dataset) -> None:
        joined = dataset[2:] + dataset[:1]
        assert [one.key for one in joined] == ["y", "z", "x"]
        assert joined.load == dataset.load

    def test_every_image_is_decoded_by_the_loader_of_its_source(self, dataset: Dataset, tmp_path: Path) -> None:
        (tmp_path / "others").mkdir()
        (tmp_path / "others" / "w").write_text("w")
        other = replace(dataset.map(shout), load=loader("others").changed(shout), entries=[entry("w")])
        joined = dataset[2:].map(twice) + other
        assert [one.key for one in joined] == ["yy", "zz", "W"]
        assert joined.folders == ("pngs", "others")
        assert [one.key for one in joined.map(shout)[::-1]] == ["W", "ZZ", "YY"]
        again = dataset[:1] + joined
        assert [one.key for one in again] == ["x", "yy", "zz", "W"]
        assert [one.key for one in pickle.loads(pickle.dumps(again))] == ["x", "yy", "zz", "W"]

    def test_content_and_place_are_those_of_the_part(self, dataset: Dataset) -> None:
        joined = dataset[2:] + dataset[:1].map(twice)
        content = list(joined.load.content(joined.entries[2], [b"x"], exact=False))
        assert content[-1] == b"x"
        assert joined.load.place(joined.entries[2]) == "a.json: entry x"

    def test_ids_of_two_files_are_not_unique(self, dataset: Dataset) -> None:
        unique = replace(dataset, conventions=Conventions(ids="file"))
        assert (unique[:1] + unique[2:]).conventions.ids == "file"
        assert (unique[:1] + unique[2:].map(shout)).conventions.ids == "none"

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"categories": (Category(2, "sky"),)}, "different categories"),
            ({"conventions": Conventions("background")}, "treat unlabelled pixels or things differently"),
            ({}, "both have 'x'"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, changes: dict[str, Any], words: str, dataset: Dataset) -> None:
        with pytest.raises(UsageError, match=words) as caught:
            dataset[:2] + replace(dataset[:1], **changes)
        assert caught.value.category == "usage.join"


def both(one: Sample | None, other: Sample | None) -> Sample:
    found = one or other
    assert found is not None
    return replace(found, key="+".join(sample.key if sample else "-" for sample in (one, other)))


class TestPairs:
    def test_an_id_of_several_images_is_that_of_none(self, dataset: Dataset) -> None:
        """As several files count their images from 1."""
        entries = [with_fields(dataset.entries[k], key=key) for k, key in ((2, "p"), (3, "q"))]
        joined = dataset + replace(dataset, entries=entries)
        assert joined.by_image_id("x").key == dataset.by_image_id("x").key
        calls: list[Callable[[], Any]] = [
            lambda: joined.by_image_id("y"),
            lambda: dataset.paired(joined, both),
            lambda: joined.paired(dataset, both),
        ]
        for call in calls:
            with pytest.raises(UsageError, match=r"a.json: image id 'y' is that of 'y' and 'p'") as caught:
                call()
            assert caught.value.category == "usage.image_id"
        assert dataset.take([2, 2]).by_image_id("y").key == "y"

    def test_are_joined_by_image_id_through_both_loaders(self, dataset: Dataset) -> None:
        pairs = dataset.map(shout).paired(dataset[2:][::-1].map(twice), both)
        assert [pairs[number].key for number in (0, 2, 3)] == ["X+-", "Y+yy", "Z+zz"]
        assert [one.key for one in pickle.loads(pickle.dumps(pairs.map(shout)[2:]))] == ["Y+YY", "Z+ZZ"]

    def test_those_of_the_other_alone_come_last(self, dataset: Dataset) -> None:
        pairs = dataset[2:].paired(dataset[:1], both)
        assert [one.key for one in pairs] == ["y+-", "z+-", "-+x"]
        assert "not listed, but in a.json: entry x" in pairs.load.place(pairs.entries[2])

    def test_what_one_side_refuses_is_refused(self, dataset: Dataset) -> None:
        refused = replace(dataset, entries=[Refused("entry y", Problem("id.type", "no id"), "y", "y")])
        for pairs in (dataset[2:3].paired(refused, both), refused.paired(dataset[2:3], both)):
            with pytest.raises(SampleError, match="^no id$"):
                pairs[0]

    def test_an_error_of_either_side_names_both(self, dataset: Dataset) -> None:
        with pytest.raises(SampleError, match="a.json: entry bad: .*corrupt"):
            dataset[1:2].paired(dataset[:0], both)[0]
        other = replace(dataset, load=Loader("b.json", ("pngs",), make), entries=[entry("bad")])
        with pytest.raises(SampleError, match="a.json: not listed, but in b.json: entry bad: b.json: entry bad: .*cor"):
            dataset[:1].paired(other, both)[1]

    def test_content_is_that_of_both(self, dataset: Dataset) -> None:
        alone, pair = (dataset[:1].paired(other, both) for other in (dataset[:0], dataset[:1]))
        contents = [
            list(one.load.content(one.entries[0], one.load.fetch(one.entries[0]), False)) for one in (alone, pair)
        ]
        assert contents[0] != contents[1]
        assert contents[1].count(b"x") == 2


def test_a_data_set_is_shown_in_a_line(dataset: Dataset) -> None:
    assert repr(dataset) == "Dataset('a.json', 4 images, 1 categories)"
