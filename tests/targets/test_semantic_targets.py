"""Class maps against the usual loop over segments."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cocoseg.codecs.panoptic import ID_LIMIT, rgb_from_ids
from cocoseg.codecs.regions import find_regions
from cocoseg.codecs.rle import encode
from cocoseg.errors import CocosegError, LabelError, SampleError, UsageError
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.model import Sample
from cocoseg.targets.semantic import (
    flat,
    instance_masks,
    panoptic_to_semantic,
    segment_classes,
    semantic,
    semantic_map,
)

Info = list[dict[str, Any]]
ROAD, SKY, CAR = (
    LabelClass(0, "road", (7,), False),
    LabelClass(1, "sky", (23,), False),
    LabelClass(2, "car", (3,), True),
)
TOWN = LabelScheme("town", (ROAD, SKY, CAR), ignored=(50,))
SIZES = st.tuples(st.integers(1, 8), st.integers(1, 8)) | st.sampled_from([(1, 1), (1, 30), (30, 1)])


def scene(drawing: str) -> np.ndarray:
    """``"aab / .cc"`` -> ids: a is 1, b is 2 ...; a dot is void."""
    rows = [[0 if letter == "." else ord(letter) - 96 for letter in row.strip()] for row in drawing.split("/")]
    return np.array(rows, np.uint32)


def segments(*category_ids: int, crowd: tuple[int, ...] = ()) -> Info:
    """Segments 1, 2, ... of these categories; the ones in ``crowd`` are crowds."""
    return [
        {"id": number, "category_id": category, "iscrowd": int(number in crowd)}
        for number, category in enumerate(category_ids, 1)
    ]


def sample_of(ids: np.ndarray, info: Info, place: str = "") -> Sample:
    listed = np.array([row["id"] for row in info], np.uint32)
    return Sample(
        "a",
        1,
        listed,
        category_ids=np.array([row["category_id"] for row in info], np.int64),
        iscrowd=np.array([bool(row.get("iscrowd", 0)) for row in info], np.bool_),
        shapes=find_regions(ids.astype(np.uint32), listed)[0],
        place=place,
    )


def by_segment(ids: np.ndarray, info: Info, scheme: LabelScheme) -> np.ndarray:
    """The loop: segments are painted one by one over a map of unlabelled pixels."""
    class_map = np.full(ids.shape, scheme.outside, scheme.dtype)
    for row in info:
        value = scheme.class_of.get(row["category_id"], scheme.void)
        if row.get("iscrowd") and scheme.crowd != "class":
            value = scheme.void if scheme.crowd == "void" else scheme.outside
        thing = any(row["category_id"] in known.category_ids and known.isthing for known in scheme.classes)
        if thing and scheme.things == "drop":
            value = scheme.outside
        if row["category_id"] not in scheme.class_of and scheme.unknown == "drop":
            value = scheme.outside
        class_map[ids == row["id"]] = value
    return class_map


def refusal(call: Any, *args: Any) -> SampleError:
    with pytest.raises(SampleError) as caught:
        call(*args)
    return caught.value


def wrong_call(call: Any, *args: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        call(*args)
    return caught.value


@st.composite
def images(draw: st.DrawFn) -> tuple[np.ndarray, Info]:
    """A picture of ids and its segments in any order, some without pixels; ids are small and large."""
    numbers = draw(st.lists(st.integers(1, 6) | st.integers(1, ID_LIMIT - 1), max_size=6, unique=True))
    ids = draw(hnp.arrays(np.uint32, draw(SIZES), elements=st.sampled_from([0, *numbers])))
    info = [
        {"id": number, "category_id": draw(st.sampled_from([7, 23, 3, 50])), "iscrowd": draw(st.integers(0, 1))}
        for number in draw(st.permutations(numbers))
    ]
    return ids, info


@st.composite
def policies(draw: st.DrawFn) -> LabelScheme:
    return replace(
        TOWN,
        void=draw(st.sampled_from([3, 255, 256, 65535])),
        unlabelled=draw(st.sampled_from([None, 0, 200, 300])),
        crowd=draw(st.sampled_from(["class", "void", "drop"])),
        things=draw(st.sampled_from(["keep", "merge", "drop"])),
    )


class TestAgainstTheLoop:
    @given(images(), policies())
    @settings(max_examples=200, deadline=None)
    def test_the_map_is_that_of_the_loop(self, image: tuple[np.ndarray, Info], scheme: LabelScheme) -> None:
        class_map = semantic(sample_of(*image), scheme)
        assert class_map.dtype == scheme.dtype
        np.testing.assert_array_equal(class_map, by_segment(*image, scheme))

    @given(images(), policies())
    @settings(max_examples=100, deadline=None)
    def test_the_pixels_of_every_value_are_counted(self, image: tuple[np.ndarray, Info], scheme: LabelScheme) -> None:
        class_map, pixels, _ = semantic_map(sample_of(*image), scheme)
        expected = by_segment(*image, scheme)
        np.testing.assert_array_equal(class_map, expected)
        found, counts = np.unique(expected, return_counts=True)
        assert pixels == dict(zip(found.tolist(), counts.tolist(), strict=True))

    @given(images(), policies(), st.sampled_from(["rgb", "rgba", np.uint32, np.int32, np.int64]))
    @settings(max_examples=150, deadline=None)
    def test_a_picture_and_its_segments_make_the_same_map(
        self, image: tuple[np.ndarray, Info], scheme: LabelScheme, form: Any
    ) -> None:
        ids, info = image
        picture = rgb_from_ids(ids) if form in ("rgb", "rgba") else ids.astype(form)
        if form == "rgba":
            picture = np.dstack([picture, np.full(ids.shape, 77, np.uint8)])
        before = picture.copy()
        np.testing.assert_array_equal(panoptic_to_semantic(picture, info, scheme), by_segment(ids, info, scheme))
        np.testing.assert_array_equal(picture, before)

    @given(images())
    @settings(max_examples=50, deadline=None)
    def test_the_order_of_the_segments_does_not_matter(self, image: tuple[np.ndarray, Info]) -> None:
        ids, info = image
        np.testing.assert_array_equal(
            panoptic_to_semantic(ids, info, TOWN), panoptic_to_semantic(ids, info[::-1], TOWN)
        )


class TestScenes:
    def paint(self, drawing: str, info: Info, **choices: Any) -> list[list[int]]:
        return panoptic_to_semantic(scene(drawing), info, replace(TOWN, **choices)).tolist()

    def test_void_stays_void(self) -> None:
        assert self.paint("aa. / .bb", segments(7, 23)) == [[0, 0, 255], [255, 1, 1]]

    def test_two_segments_of_one_class_touching(self) -> None:
        assert self.paint("aab / abb", segments(3, 3)) == [[2, 2, 2], [2, 2, 2]]

    def test_a_segment_in_two_parts(self) -> None:
        assert self.paint("aba / aba", segments(7, 23)) == [[0, 1, 0], [0, 1, 0]]

    def test_unlabelled_pixels_are_another_number_than_void(self) -> None:
        assert self.paint("a. / bb", segments(7, 50), unlabelled=9) == [[0, 9], [255, 255]]

    @pytest.mark.parametrize(("crowd", "value"), [("class", 2), ("void", 255), ("drop", 9)])
    def test_a_crowd_over_things(self, crowd: str, value: int) -> None:
        painted = self.paint("ab / b.", segments(3, 3, crowd=(2,)), crowd=crowd, unlabelled=9)
        assert painted == [[2, value], [value, 9]]

    @pytest.mark.parametrize(("things", "value"), [("keep", 2), ("merge", 2), ("drop", 9)])
    def test_things_among_stuff(self, things: str, value: int) -> None:
        assert self.paint("ab / b.", segments(7, 3), things=things, unlabelled=9) == [[0, value], [value, 9]]

    def test_an_ignored_category(self) -> None:
        assert self.paint("ab", segments(7, 50)) == [[0, 255]]

    def test_an_unknown_category_may_be_void(self) -> None:
        assert self.paint("ab", segments(7, 999), unknown="void") == [[0, 255]]

    def test_a_segment_without_pixels(self) -> None:
        assert self.paint("bb", segments(7, 23)) == [[1, 1]]

    def test_no_segments_at_all(self) -> None:
        assert self.paint(".. / ..", []) == [[255, 255], [255, 255]]

    def test_a_crowd_flag_that_is_not_given_is_none(self) -> None:
        info = [{"id": 1, "category_id": 3}]
        assert self.paint("a", info, crowd="void") == [[2]]

    def test_a_preset_by_its_name(self) -> None:
        assert panoptic_to_semantic(scene("ab."), segments(1, 200), "mask2former").tolist() == [[0, 132, 255]]
        assert semantic(sample_of(scene("ab."), segments(1, 200)), "deeplab2").tolist() == [[1, 133, 0]]


class TestRefused:
    def test_a_category_that_the_scheme_does_not_know_names_segment_and_category(self) -> None:
        error = refusal(semantic, sample_of(scene("ab"), segments(7, 999)), TOWN)
        assert error.category == "id.unknown"
        assert str(error).startswith("segment 2 has category_id 999, which labels 'town' do not list; ")

    def test_an_unknown_category_names_the_place_of_its_sample(self) -> None:
        error = refusal(segment_classes, sample_of(scene("a"), segments(999), "a.json: annotations[3]"), TOWN)
        assert str(error).startswith("a.json: annotations[3]: segment 1 has category_id 999")

    def test_an_unknown_category_is_one_even_without_pixels(self) -> None:
        assert refusal(semantic, sample_of(scene("a"), segments(7, 999)), TOWN).category == "id.unknown"

    def test_an_id_in_the_picture_that_is_not_listed(self) -> None:
        error = refusal(panoptic_to_semantic, scene("abc"), segments(7), TOWN)
        assert error.category == "panoptic.unknown_id"
        assert "segment id 2, 3 that segments_info does not list; list it, or paint it 0" in str(error)

    def test_many_ids_that_are_not_listed_are_not_all_named(self) -> None:
        assert "1, 2, 3, 4, 5, ... that" in str(refusal(panoptic_to_semantic, scene("abcdefg"), [], TOWN))

    def test_a_picture_in_bgr_order_is_said_to_be_one(self) -> None:
        picture = rgb_from_ids(np.array([[1, 70_000]]))[..., ::-1]
        info = [{"id": 1, "category_id": 7}, {"id": 70_000, "category_id": 23}]
        error = refusal(panoptic_to_semantic, picture, info, TOWN)
        assert error.category == "panoptic.unknown_id"
        assert "R and B look swapped" in str(error)

    @pytest.mark.parametrize("number", [0, -1, ID_LIMIT, 2**40])
    def test_a_segment_id_that_no_png_can_hold(self, number: int) -> None:
        error = refusal(panoptic_to_semantic, scene("a"), [*segments(7), {"id": number, "category_id": 7}], TOWN)
        assert error.category == "id.range"
        assert str(error).startswith(f"segments_info[1].id: segment id {number}, but ")

    def test_a_segment_id_that_is_listed_twice(self) -> None:
        error = refusal(panoptic_to_semantic, scene("ab"), [*segments(7, 23), *segments(23)], TOWN)
        assert error.category == "id.duplicate"
        assert "segment id 1 is listed twice" in str(error)

    @pytest.mark.parametrize(
        ("labels", "kind"), [("mask2fromer", UsageError), ("index", LabelError), ("no/such/file.toml", LabelError)]
    )
    def test_labels_that_can_not_be_had(self, labels: str, kind: type[CocosegError]) -> None:
        with pytest.raises(kind):
            panoptic_to_semantic(scene("a"), segments(7), labels)


class TestIntegersOfAnyWidth:
    """A picture of ids may have any integer dtype; ids are never wrapped to it."""

    DTYPES = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_is_painted_alike(self, dtype: type) -> None:
        painted = panoptic_to_semantic(scene("ab. / bb.").astype(dtype), segments(7, 23), TOWN)
        assert painted.tolist() == [[0, 1, 255], [1, 1, 255]]

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_has_its_strangers_found(self, dtype: type) -> None:
        error = refusal(panoptic_to_semantic, scene("abc").astype(dtype), segments(7), TOWN)
        assert error.category == "panoptic.unknown_id"

    @pytest.mark.parametrize("dtype", DTYPES[:4])
    def test_does_not_take_a_larger_id_for_one_of_its_own(self, dtype: type) -> None:
        listed = [{"id": (1 << 8 * np.dtype(dtype).itemsize) + 1, "category_id": 7}]
        assert refusal(panoptic_to_semantic, scene("a").astype(dtype), listed, TOWN).category == "panoptic.unknown_id"

    @pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint64])
    def test_may_hold_what_no_png_can(self, dtype: type) -> None:
        ids = np.array([[1, 2**24 + 1, 2**31 - 1]], dtype)
        assert refusal(panoptic_to_semantic, ids, segments(7), TOWN).category == "panoptic.unknown_id"

    @pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int64])
    def test_a_picture_of_colours_in_wider_integers_is_read_right_or_refused(self, dtype: type) -> None:
        ids = np.array([[1, 300, 70_000], [0, 0, 1]])
        info = [{"id": number, "category_id": 7} for number in (1, 300, 70_000)]
        try:
            painted = panoptic_to_semantic(rgb_from_ids(ids).astype(dtype), info, TOWN)
        except (CocosegError, TypeError, ValueError):
            return
        np.testing.assert_array_equal(painted, by_segment(ids, info, TOWN))


class TestArgumentsOfOtherTypes:
    @pytest.mark.parametrize("sample", [None, [], {"id": 1}])
    def test_are_no_sample(self, sample: Any) -> None:
        error = wrong_call(instance_masks, sample)
        assert error.category == "usage.sample"
        assert str(error).startswith(f"sample is a {type(sample).__name__}, expected one image of a data set")

    @pytest.mark.parametrize("info", [{"id": 1, "category_id": 7}, None, "ab", [1], [None], 3])
    def test_are_no_segments_info(self, info: Any) -> None:
        error = wrong_call(panoptic_to_semantic, scene("a"), info, TOWN)
        assert error.category == "usage.segments_info"
        assert "expected a list of dicts, as annotation['segments_info']" in str(error)

    @pytest.mark.parametrize("picture", [None, [[1]], "a.png"])
    def test_are_no_picture(self, picture: Any) -> None:
        error = wrong_call(panoptic_to_semantic, picture, segments(7), TOWN)
        assert error.category == "usage.picture"
        assert f"the picture is a {type(picture).__name__}, expected an array" in str(error)


class TestInstanceMasks:
    @pytest.mark.parametrize("count", [0, 1, 254, 255, 256, 300])
    def test_are_those_of_the_ids(self, count: int) -> None:
        ids = np.random.default_rng(count).permutation(np.arange(800) % (count + 1)).reshape(20, 40)
        masks = instance_masks(sample_of(ids, segments(*[7] * count)))
        np.testing.assert_array_equal(masks, ids == np.arange(1, count + 1)[:, None, None], strict=True)

    def test_make_no_large_temporary(self) -> None:
        ids = np.ones((300, 400), np.uint32)
        ids[:100] = 0
        sample = sample_of(ids, segments(7))
        instance_masks(sample)
        tracemalloc.start()
        masks = instance_masks(sample)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2.1 * masks.nbytes


class TestFlat:
    MASKS = np.array([[[1, 1, 1, 0, 0]], [[0, 1, 0, 0, 0]], [[0, 0, 1, 1, 0]]], bool)

    def sample(self, scores: list[float] | None = None) -> Sample:
        return Sample(
            "a.png",
            1,
            np.arange(1, 4),
            category_ids=np.array([7, 23, 3]),
            iscrowd=np.zeros(3, bool),
            shapes=encode(self.MASKS),
            place="a.json: images[0]",
            scores=None if scores is None else np.array(scores),
        )

    @pytest.mark.parametrize(
        ("overlap", "top"),
        [("file", [0, 1, 2, 2, 3]), ("area", [0, 1, 2, 2, 3]), ("score", [0, 0, 2, 2, 3]), ("void", [0, 3, 3, 2, 3])],
    )
    def test_has_one_segment_a_pixel(self, overlap: Any, top: list[int]) -> None:
        regions, contested = flat(self.sample([0.5, 0.1, 0.9]), overlap)
        assert regions.paint(np.arange(3), outside=3).tolist() == [top]
        assert contested == 2

    def test_says_where_it_could_not_decide(self) -> None:
        with pytest.raises(SampleError, match=r"a\.json: images\[0\]: 2 pixels belong to several masks"):
            flat(self.sample(), "error")
        with pytest.raises(SampleError, match=r"a\.json: images\[0\]: the annotations have no 'score'"):
            flat(self.sample(), "score")

    def test_of_a_picture_is_the_picture(self) -> None:
        regions, _ = find_regions(scene("aab / .cc"), np.array([1, 2, 3]))
        given = Sample(
            "a.png",
            1,
            np.arange(1, 4),
            category_ids=np.array([7, 23, 3]),
            iscrowd=np.zeros(3, bool),
            shapes=regions,
        )
        assert flat(given, "error") == (regions, 0)
