"""Label schemes: the value of a segment under every choice, and the schemes that are refused."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.codecs.looks import default_color
from cocoseg.errors import LabelError
from cocoseg.labels.scheme import LIMIT, LabelClass, LabelScheme

CAR = LabelClass(4, "car", (1, 2), True, (1, 1, 1))
BUS = LabelClass(2, "bus", (3,), True, (2, 2, 2))
SKY = LabelClass(7, "sky", (10,), False)
SEA = LabelClass(0, "sea", (11, 12), False, (3, 3, 3))
TOWN = LabelScheme("town", (CAR, BUS, SKY, SEA), void=99, unlabelled=50, ignored=(20,))


def values(scheme: LabelScheme, *category_ids: int, crowd: bool = False) -> list[int]:
    ids = np.array(category_ids, np.int64)
    return scheme.lookup(ids, np.full(len(ids), crowd))[0].tolist()


def known(scheme: LabelScheme, *category_ids: int) -> list[bool]:
    ids = np.array(category_ids, np.int64)
    return scheme.lookup(ids, np.zeros(len(ids), np.bool_))[1].tolist()


def refusal(*classes: LabelClass, **choices: Any) -> LabelError:
    with pytest.raises(LabelError) as caught:
        LabelScheme("odd", classes, **choices)
    assert str(caught.value).startswith("labels 'odd': ")
    return caught.value


class TestLookup:
    def test_gives_each_category_the_index_of_its_class(self) -> None:
        assert values(TOWN, 1, 2, 3, 10, 11, 12) == [4, 4, 2, 7, 0, 0]

    def test_keeps_order_and_repetition(self) -> None:
        assert values(TOWN, 10, 1, 10, 10, 3) == [7, 4, 7, 7, 2]

    def test_of_no_segments_is_empty(self) -> None:
        assert (values(TOWN), known(TOWN)) == ([], [])

    def test_gives_ignored_categories_void_and_knows_them(self) -> None:
        assert values(TOWN, 20) == [99]
        assert known(TOWN, 20) == [True]

    @pytest.mark.parametrize("stranger", [0, 4, 9, 13, 19, 21, -1, 2**62, -(2**63), 2**63 - 1])
    def test_gives_unknown_categories_void_and_says_so(self, stranger: int) -> None:
        assert values(TOWN, 1, stranger, 10) == [4, 99, 7]
        assert known(TOWN, 1, stranger, 10) == [True, False, True]

    @pytest.mark.parametrize(("void", "dtype"), [(255, np.uint8), (256, np.uint16), (65535, np.uint16)])
    def test_has_the_dtype_of_the_scheme(self, void: int, dtype: type) -> None:
        found, _ = replace(TOWN, void=void).lookup(np.array([1, 77]), np.array([False, True]))
        assert found.dtype == dtype
        assert found.tolist() == [4, void]

    @pytest.mark.parametrize(("crowd", "value"), [("class", 4), ("void", 99), ("drop", 50)])
    def test_paints_a_crowd_as_its_class_as_void_or_not_at_all(self, crowd: str, value: int) -> None:
        scheme = replace(TOWN, crowd=crowd)
        assert values(scheme, 1, crowd=True) == [value]
        assert values(scheme, 1, crowd=False) == [4]

    @pytest.mark.parametrize(
        ("things", "expected"),
        [("keep", [4, 4, 2, 7, 0]), ("merge", [2, 2, 2, 7, 0]), ("drop", [50, 50, 50, 7, 0])],
    )
    def test_keeps_things_makes_them_one_class_or_does_not_paint_them(self, things: str, expected: list[int]) -> None:
        scheme = replace(TOWN, things=things)
        assert values(scheme, 1, 2, 3, 10, 11) == expected
        assert all(known(scheme, 1, 2, 3, 10, 11))

    def test_a_crowd_of_merged_things_is_still_a_crowd(self) -> None:
        assert values(replace(TOWN, things="merge", crowd="void"), 1, 3, crowd=True) == [99, 99]

    def test_leaves_its_input_as_it_is(self) -> None:
        ids, crowd = np.array([1, 77, 10]), np.array([True, True, False])
        replace(TOWN, crowd="drop").lookup(ids, crowd)
        assert (ids.tolist(), crowd.tolist()) == ([1, 77, 10], [True, True, False])

    @given(st.data())
    @settings(max_examples=150, deadline=None)
    def test_is_what_a_dictionary_and_the_rules_say(self, data: st.DataObject) -> None:
        scheme = data.draw(schemes())
        category = st.sampled_from([*scheme.class_of]) | st.integers(-5, 30)
        segments = data.draw(st.lists(st.tuples(category, st.booleans()), max_size=12))
        found, familiar = scheme.lookup(
            np.array([number for number, _ in segments], np.int64), np.array([flag for _, flag in segments], np.bool_)
        )
        assert found.tolist() == [by_the_rules(scheme, number, flag) for number, flag in segments]
        assert familiar.tolist() == [number in scheme.class_of for number, _ in segments]


def by_the_rules(scheme: LabelScheme, category: int, crowd: bool) -> int:
    outside = scheme.void if scheme.unlabelled is None else scheme.unlabelled
    if scheme.things == "drop" and any(category in row.category_ids and row.isthing for row in scheme.classes):
        return outside  # what is not painted at all is no crowd either
    if scheme.unknown == "drop" and category not in scheme.class_of:
        return outside
    if crowd and scheme.crowd != "class":
        return scheme.void if scheme.crowd == "void" else outside
    for row in scheme.classes:
        if category in row.category_ids:
            if not row.isthing or scheme.things == "keep":
                return row.index
            things = [other.index for other in scheme.classes if other.isthing]
            return min(things) if scheme.things == "merge" else outside
    return scheme.void


@st.composite
def schemes(draw: st.DrawFn) -> LabelScheme:
    numbers = st.integers(0, 12) | st.integers(0, LIMIT)
    indices = draw(st.lists(numbers, min_size=1, max_size=5, unique=True))
    ids = iter(draw(st.permutations(range(25))))
    classes = [
        LabelClass(index, str(index), tuple(next(ids) for _ in range(draw(st.integers(0, 3)))), draw(st.booleans()))
        for index in indices
    ]
    return LabelScheme(
        "drawn",
        tuple(classes),
        draw(numbers.filter(lambda number: number not in indices)),
        draw(st.none() | numbers),
        draw(st.sampled_from(["class", "void", "drop"])),
        draw(st.sampled_from(["keep", "merge", "drop"])),
        draw(st.sampled_from(["error", "void"])),
        (next(ids), next(ids)),
    )


class TestTable:
    def test_lists_the_classes_by_index(self) -> None:
        assert TOWN.table == (SEA, BUS, CAR, SKY)

    def test_has_one_class_for_merged_things_under_their_lowest_index(self) -> None:
        merged = LabelClass(2, "things", (1, 2, 3), True, (2, 2, 2))
        assert replace(TOWN, things="merge").table == (SEA, merged, SKY)

    def test_has_no_things_where_they_are_not_painted(self) -> None:
        assert replace(TOWN, things="drop").table == (SEA, SKY)

    def test_stays_where_there_are_no_things(self) -> None:
        stuff = LabelScheme("stuff", (SKY, SEA), things="merge")
        assert stuff.table == (SEA, SKY)


@pytest.mark.parametrize(("unlabelled", "expected"), [(None, 8), (99, 8), (3, 8), (9, 10), (200, 201)])
def test_classes_count_up_to_the_largest_index_or_background(unlabelled: int | None, expected: int) -> None:
    assert replace(TOWN, unlabelled=unlabelled).num_classes == expected


def test_classes_that_are_not_painted_do_not_count() -> None:
    assert replace(TOWN, classes=(*TOWN.classes, LabelClass(30, "bike", (4,), True)), unlabelled=None).num_classes == 31
    assert replace(TOWN, things="drop", unlabelled=None, classes=(CAR, SEA)).num_classes == 1
    assert replace(TOWN, things="drop", unlabelled=None, classes=(CAR,)).num_classes == 1


class TestNumbers:
    def test_unlabelled_pixels_are_void_unless_said_otherwise(self) -> None:
        assert (replace(TOWN, unlabelled=None).outside, TOWN.outside, replace(TOWN, unlabelled=0).outside) == (
            99,
            50,
            0,
        )

    def test_unlabelled_pixels_may_be_a_class(self) -> None:
        assert LabelScheme("ground", (SEA, SKY), unlabelled=0).outside == 0

    @pytest.mark.parametrize(
        ("classes", "choices", "dtype"),
        [
            ((SEA,), {}, np.uint8),
            ((SEA, LabelClass(254, "last", (5,))), {}, np.uint8),
            ((SEA, LabelClass(256, "one more", (5,))), {}, np.uint16),
            ((SEA,), {"void": 65535}, np.uint16),
            ((SEA,), {"unlabelled": 300}, np.uint16),
            ((LabelClass(255, "white", (5,)),), {"void": 0}, np.uint8),
        ],
    )
    def test_are_of_eight_bits_while_all_fit(self, classes: tuple[LabelClass, ...], choices: Any, dtype: type) -> None:
        assert LabelScheme("x", classes, **choices).dtype == dtype

    def test_void_zero_is_void(self) -> None:
        scheme = LabelScheme("zero", (SKY,), void=0)
        assert scheme.outside == 0
        assert values(scheme, 10, 77) == [7, 0]


class TestPalette:
    def test_has_the_classes_colours_and_a_colour_for_those_that_have_none(self) -> None:
        palette = TOWN.palette
        assert len(palette) == 256
        assert (palette[4], palette[2], palette[0], palette[7]) == ((1, 1, 1), (2, 2, 2), (3, 3, 3), default_color(7))

    def test_is_black_where_void_and_unlabelled_are(self) -> None:
        assert TOWN.palette[99] == TOWN.palette[50] == (0, 0, 0)

    def test_there_is_none_of_sixteen_bits(self) -> None:
        with pytest.raises(LabelError) as caught:
            _ = replace(TOWN, void=300).palette
        assert caught.value.category == "label.range"

    def test_every_class_that_has_no_colour_gets_another_one(self) -> None:
        colors = [default_color(index) for index in range(255)]
        assert len(set(colors)) == 255
        assert (0, 0, 0) not in colors
        assert all(0 <= value <= 255 for color in colors for value in color)


class TestRefused:
    @pytest.mark.parametrize(
        ("choices", "text"),
        [
            ({"crowd": "ignore"}, "crowd is 'ignore', expected one of class, void, drop"),
            ({"things": "yes"}, "things is 'yes', expected one of keep, merge, drop"),
            ({"unknown": None}, "unknown is None, expected one of error, void"),
        ],
    )
    def test_choices_that_there_are_not(self, choices: dict[str, Any], text: str) -> None:
        error = refusal(SEA, **choices)
        assert error.category == "label.type"
        assert text in str(error)

    @pytest.mark.parametrize("number", [-1, LIMIT + 1, 10**30, 1.0, "255", True, float("nan")])
    @pytest.mark.parametrize("field", ["void", "unlabelled", "index"])
    def test_numbers_that_no_map_can_hold(self, field: str, number: Any) -> None:
        classes = [SEA, LabelClass(number, "x", (5,))] if field == "index" else [SEA]
        error = refusal(*classes, **{} if field == "index" else {field: number})
        assert error.category == "label.range"
        assert f"expected an integer from 0 to {LIMIT}" in str(error)

    def test_void_that_is_no_number(self) -> None:
        assert refusal(SEA, void=None).category == "label.range"

    def test_no_classes(self) -> None:
        assert refusal().category == "label.type"

    def test_classes_without_any_category(self) -> None:
        assert refusal(LabelClass(0, "a"), LabelClass(1, "b")).category == "label.type"

    @pytest.mark.parametrize("index", [0, 1, 254, LIMIT])
    def test_two_classes_of_one_index(self, index: int) -> None:
        error = refusal(LabelClass(index, "a", (1,)), LabelClass(index, "b", (2,)))
        assert error.category == "label.collision"
        assert f"index {index}" in str(error)

    @pytest.mark.parametrize("index", [0, 255])
    def test_a_class_that_is_void(self, index: int) -> None:
        assert refusal(LabelClass(index, "a", (1,)), void=index).category == "label.collision"

    @pytest.mark.parametrize("category", [0, 1, -1, 2**40])
    @pytest.mark.parametrize("where", ["one class", "two classes", "ignored", "ignored twice"])
    def test_a_category_that_is_given_twice(self, category: int, where: str) -> None:
        first, second = LabelClass(0, "a", (category,)), LabelClass(1, "b", (category,))
        cases: dict[str, tuple[list[LabelClass], tuple[int, ...]]] = {
            "one class": ([LabelClass(0, "a", (category, category))], ()),
            "two classes": ([first, second], ()),
            "ignored": ([first], (category,)),
            "ignored twice": ([LabelClass(0, "a", (7,))], (category, category)),
        }
        classes, ignored = cases[where]
        error = refusal(*classes, ignored=ignored)
        assert error.category == "label.collision"
        assert f"category id {category}" in str(error)

    @pytest.mark.parametrize("category", [2**63, -(2**63) - 1, 1.5, "1", True, None])
    def test_category_ids_that_are_no_integers_of_64_bits(self, category: Any) -> None:
        assert refusal(LabelClass(0, "a", (category,))).category == "label.range"
        assert refusal(LabelClass(0, "a", (7,)), ignored=(category,)).category == "label.range"

    @pytest.mark.parametrize("things", ["merge", "drop"])
    def test_a_choice_about_things_where_nobody_says_what_a_thing_is(self, things: Any) -> None:
        assert refusal(SEA, LabelClass(1, "x", (5,)), things=things).category == "doc.missing_key"

    @pytest.mark.parametrize("color", [(0, 0, 256), (-1, 0, 0), (0, 0)])
    def test_colours_that_no_palette_can_hold(self, color: Any) -> None:
        assert refusal(LabelClass(0, "a", (1,), None, color)).category.startswith("label.")


def test_a_scheme_is_a_value_that_compares_hashes_pickles_and_can_not_be_changed() -> None:
    twin = pickle.loads(pickle.dumps(TOWN))
    assert {twin, TOWN} == {TOWN}
    assert replace(TOWN, void=98) != TOWN
    with pytest.raises(FrozenInstanceError):
        TOWN.void = 3  # type: ignore[misc]


def test_class_of_has_the_value_of_each_category() -> None:
    assert TOWN.class_of == {1: 4, 2: 4, 3: 2, 10: 7, 11: 0, 12: 0, 20: 99}


class TestWhatDecides:
    def test_are_those_of_a_scheme_that_has_travelled(self) -> None:
        assert pickle.loads(pickle.dumps(TOWN)).numbers == TOWN.numbers

    def test_leave_out_names_and_colours_alone(self) -> None:
        renamed = replace(TOWN, name="city", classes=(replace(CAR, name="auto", color=None), BUS, SKY, SEA))
        assert renamed.numbers == TOWN.numbers
        for change in ({"void": 98}, {"unlabelled": 51}, {"crowd": "void"}, {"overlap": "area"}, {"ignored": ()}):
            assert replace(TOWN, **change).numbers != TOWN.numbers
