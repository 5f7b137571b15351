"""Each preset gives exactly the numbers of the tool that it is named after."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pytest

from cocoseg.errors import LabelError
from cocoseg.labels.choose import label_scheme
from cocoseg.labels.presets import PRESETS, is_stuff, is_thing, official_categories
from cocoseg.labels.scheme import LIMIT, LabelScheme
from cocoseg.model import Category

COCO = official_categories("coco_panoptic")
IDS = [category.id for category in COCO]
THINGS = [category.id for category in COCO if category.isthing]
STUFF = [category.id for category in COCO if not category.isthing]
COCO_STUFF_UNUSED = [12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91]


def category(number: int, isthing: bool | None = None) -> Category:
    return Category(number, f"category {number}", isthing)


def indices(scheme: LabelScheme) -> list[int]:
    return [row.index for row in scheme.table]


def refusal(preset: str, categories: Sequence[Category]) -> LabelError:
    with pytest.raises(LabelError) as caught:
        label_scheme(preset, categories)
    return caught.value


class TestClassTables:
    def test_coco_has_80_things_of_1_to_90_and_53_stuff_of_92_to_200(self) -> None:
        assert (len(COCO), len(THINGS), len(STUFF)) == (133, 80, 53)
        assert (min(THINGS), max(THINGS), min(STUFF), max(STUFF)) == (1, 90, 92, 200)
        assert sorted(IDS) == IDS
        assert len(set(IDS)) == 133

    def test_coco_has_its_names_and_colours(self) -> None:
        by_id = {category.id: category for category in COCO}
        assert (by_id[1].name, by_id[1].color, by_id[1].isthing) == ("person", (220, 20, 60), True)
        assert (by_id[90].name, by_id[90].isthing) == ("toothbrush", True)
        assert (by_id[92].name, by_id[92].isthing) == ("banner", False)
        assert (by_id[200].name, by_id[200].color) == ("rug-merged", (250, 141, 255))
        assert len({category.name for category in COCO}) == 133
        assert all(category.color and category.supercategory for category in COCO)

    def test_coco_stuff_has_91_things_and_91_stuff_without_a_gap(self) -> None:
        table = official_categories("coco_stuff")
        assert [category.id for category in table] == list(range(1, 183))
        assert [category.id for category in table if category.isthing] == list(range(1, 92))

    def test_coco_stuff_has_171_that_occur(self) -> None:
        used = {category.id for category in official_categories("coco_stuff", annotated_only=True)}
        assert sorted(set(range(1, 183)) - used) == COCO_STUFF_UNUSED

    def test_both_name_the_things_alike(self) -> None:
        names = {category.id: category.name for category in official_categories("coco_stuff")}
        assert {category.id: category.name for category in COCO if category.isthing}.items() <= names.items()


def coco_of(preset: str) -> tuple[Category, ...]:
    """The categories of COCO that a preset is for."""
    return official_categories(PRESETS[preset].table or "coco_panoptic")


CHOICES = {
    "torchvision-voc21": ("class", "keep", "drop", "void"),
    "cocostuff-helper": ("drop", "keep", "error", None),
    "deeplab2": ("void", "keep", "error", None),
    "ade20k-150-full": ("class", "keep", "void", None),  # of thousands of classes
}


@pytest.mark.parametrize("preset", PRESETS)
class TestEveryPreset:
    def test_builds_for_coco_and_is_called_by_its_name(self, preset: str) -> None:
        scheme = label_scheme(preset, coco_of(preset))
        assert scheme.name == preset
        assert scheme.problems == ()
        assert scheme.dtype == np.uint8
        assert scheme.outside == (0 if preset == "torchvision-voc21" else scheme.void)
        choices = (scheme.crowd, scheme.things, scheme.unknown, scheme.overlap)
        assert choices == CHOICES.get(preset, ("class", "keep", "error", None))

    def test_says_in_a_line_what_it_is(self, preset: str) -> None:
        assert 10 < len(PRESETS[preset].summary) < 80

    def test_does_not_depend_on_the_order_of_the_categories(self, preset: str) -> None:
        assert label_scheme(preset, coco_of(preset)[::-1]).table == label_scheme(preset, coco_of(preset)).table

    def test_knows_all_of_coco(self, preset: str) -> None:
        known = label_scheme(preset, coco_of(preset)).class_of
        if preset == "torchvision-voc21":
            assert len(known) == 20
        elif preset == "ade20k-150-full":
            assert len(known) == 153
        elif not (PRESETS[preset].table or "coco").startswith("coco"):
            assert {row.id for row in coco_of(preset)} <= set(known)
        elif PRESETS[preset].table == "coco_stuff":
            assert set(THINGS) < set(known)
        else:
            assert set(IDS) <= set(known)

    def test_needs_categories_unless_it_brings_them(self, preset: str) -> None:
        if PRESETS[preset].table:
            assert label_scheme(preset).table == label_scheme(preset, coco_of(preset)).table
        else:
            assert refusal(preset, []).category == "doc.missing_key"


class TestPresetsOfInstanceFiles:
    def test_index_counts_from_1_where_unlabelled_is_background(self) -> None:
        scheme = label_scheme("index", [category(7), category(3)], background=True)
        assert scheme.class_of == {3: 1, 7: 2}
        assert (scheme.outside, scheme.void, scheme.table[0].name) == (0, 255, "background")

    def test_torchvision_takes_the_classes_of_voc_in_its_order(self) -> None:
        order = [0, 5, 2, 16, 9, 44, 6, 3, 17, 62, 21, 67, 18, 19, 4, 1, 64, 20, 63, 7, 72]
        scheme = label_scheme("torchvision-voc21")
        assert scheme.class_of == {number: index for index, number in enumerate(order) if number}
        assert (scheme.outside, scheme.void, scheme.overlap, scheme.unknown) == (0, 255, "void", "drop")

    def test_cocostuff_helper_keeps_the_ids_and_leaves_out_crowds(self) -> None:
        scheme = label_scheme("cocostuff-helper", [category(1), category(183), category(1230)])
        assert scheme.class_of == {1: 1, 183: 183, 1230: 1230}
        assert (scheme.outside, scheme.crowd, scheme.dtype) == (0, "drop", np.uint16)
        assert refusal("cocostuff-helper", [category(0)]).category == "label.range"

    def test_unlabelled_can_be_chosen(self) -> None:
        assert label_scheme("deeplab2").with_unlabelled("background").outside == 0
        assert label_scheme("torchvision-voc21").with_unlabelled("void").outside == 255
        with pytest.raises(LabelError, match="0 is class 'person', so background cannot be 0"):
            label_scheme("mask2former").with_unlabelled("background")


class TestIndex:
    def test_numbers_categories_by_ascending_id(self) -> None:
        scheme = label_scheme("index", [category(23), category(7), category(-1), category(2**40)])
        assert scheme.class_of == {-1: 0, 7: 1, 23: 2, 2**40: 3}
        assert scheme.void == 255

    def test_of_coco_is_the_rank_of_the_id(self) -> None:
        assert label_scheme("index", COCO).class_of == {number: rank for rank, number in enumerate(IDS)}

    @pytest.mark.parametrize(
        ("count", "void", "dtype"),
        [(1, 255, np.uint8), (255, 255, np.uint8), (256, LIMIT, np.uint16), (LIMIT, LIMIT, np.uint16)],
    )
    def test_has_void_behind_its_classes(self, count: int, void: int, dtype: type) -> None:
        scheme = label_scheme("index", [category(number) for number in range(count)])
        assert (scheme.void, scheme.dtype) == (void, dtype)
        assert indices(scheme) == list(range(count))

    def test_takes_no_more_categories_than_16_bits_hold(self) -> None:
        assert refusal("index", [category(number) for number in range(LIMIT + 1)]).category == "label.range"

    def test_takes_no_id_twice(self) -> None:
        assert refusal("index", [category(1), category(1)]).category == "label.collision"

    def test_keeps_what_is_known_of_the_categories(self) -> None:
        [row] = label_scheme("index", [Category(7, "road", False, (1, 2, 3), "ground")]).classes
        assert (row.name, row.isthing, row.color, row.category_ids) == ("road", False, (1, 2, 3), (7,))


class TestPanopticapi:
    def test_keeps_the_raw_ids_and_has_void_0(self) -> None:
        scheme = label_scheme("panopticapi", COCO)
        assert scheme.class_of == {number: number for number in IDS}
        assert scheme.void == 0

    @pytest.mark.parametrize("preset", ["panopticapi", "panopticapi-things-other"])
    @pytest.mark.parametrize("number", [-1, 256, 70_000])
    def test_takes_no_id_that_8_bits_can_not_hold(self, preset: str, number: int) -> None:
        error = refusal(preset, [category(1, True), category(number, True)])
        assert error.category == "label.range"
        assert f"category id {number}" in str(error)

    @pytest.mark.parametrize("preset", ["panopticapi", "panopticapi-things-other"])
    def test_takes_no_255_which_training_code_ignores(self, preset: str) -> None:
        assert refusal(preset, [category(1, True), category(255, False)]).category == "label.collision"

    def test_tells_of_category_0_which_is_void_there(self) -> None:
        scheme = label_scheme("panopticapi", [category(0), category(3)])
        assert [problem.category for problem in scheme.problems] == ["label.collision"]
        assert scheme.class_of == {0: 0, 3: 3}


class TestPanopticapiThingsOther:
    def test_makes_every_thing_183_and_keeps_stuff(self) -> None:
        scheme = label_scheme("panopticapi-things-other", COCO)
        assert scheme.class_of == dict.fromkeys(THINGS, 183) | {number: number for number in STUFF}
        assert scheme.void == 0

    def test_takes_in_a_stuff_category_that_is_183_already(self) -> None:
        scheme = label_scheme("panopticapi-things-other", [category(1, True), category(183, False), category(9, False)])
        assert scheme.class_of == {1: 183, 183: 183, 9: 9}

    def test_makes_a_thing_of_id_0_other_too(self) -> None:
        scheme = label_scheme("panopticapi-things-other", [category(0, True), category(9, False)])
        assert scheme.class_of == {0: 183, 9: 9}

    def test_needs_to_know_what_a_thing_is(self) -> None:
        error = refusal("panopticapi-things-other", [category(1, True), category(2)])
        assert error.category == "doc.missing_key"
        assert "category 2" in str(error)


TOWN = [Category(1, "car", True), Category(2, "road", False), Category(3, "bus", True), Category(9, "sky", False)]


class TestOwnThingsAndStuff:
    def test_things_come_first(self) -> None:
        scheme = label_scheme("things-first", TOWN)
        assert scheme.class_of == {1: 0, 3: 1, 2: 2, 9: 3}
        assert (scheme.void, scheme.outside, [row.isthing for row in scheme.table]) == (
            255,
            255,
            [True, True, False, False],
        )

    def test_things_are_0(self) -> None:
        scheme = label_scheme("things-other", TOWN)
        assert scheme.class_of == {1: 0, 3: 0, 2: 1, 9: 2}
        assert (scheme.void, scheme.table[0].name, scheme.table[0].isthing) == (255, "things", True)

    def test_of_coco_are_the_numbers_of_the_tools(self) -> None:
        assert label_scheme("things-first", COCO).class_of == label_scheme("mask2former").class_of
        assert label_scheme("things-other", COCO).class_of == label_scheme("detectron2-fpn").class_of

    def test_need_to_know_what_a_thing_is(self) -> None:
        for preset in ("things-first", "things-other"):
            error = refusal(preset, [*TOWN, category(50)])
            assert error.category == "doc.missing_key"
            assert "category 50 ('category 50') has no 'isthing'" in str(error)

    def test_of_coco_know_it_from_cocos_tables(self) -> None:
        rows = [Category(row.id, row.name) for row in COCO]
        assert label_scheme("things-other", rows).class_of == label_scheme("detectron2-fpn").class_of

    def test_keep_0_for_things_where_there_are_none(self) -> None:
        assert label_scheme("things-other", [row for row in TOWN if not row.isthing]).class_of == {2: 1, 9: 2}

    @pytest.mark.parametrize(("count", "void"), [(255, 255), (256, LIMIT)])
    def test_have_void_behind_their_classes(self, count: int, void: int) -> None:
        rows = [category(number, isthing=False) for number in range(count)]
        assert label_scheme("things-first", rows).void == void


class TestMask2former:
    def test_is_the_rank_of_the_id_0_to_132_and_void_255(self) -> None:
        scheme = label_scheme("mask2former")
        assert scheme.class_of == {number: rank for rank, number in enumerate(IDS)}
        assert (indices(scheme), scheme.void) == (list(range(133)), 255)


class TestDetectron2Fpn:
    def test_makes_things_0_and_stuff_1_to_53_and_void_255(self) -> None:
        scheme = label_scheme("detectron2-fpn")
        assert scheme.class_of == dict.fromkeys(THINGS, 0) | {number: rank for rank, number in enumerate(STUFF, 1)}
        assert (indices(scheme), scheme.void) == (list(range(54)), 255)


class TestDeeplab2:
    def test_is_1_to_133_and_void_0(self) -> None:
        for preset in ("deeplab2", "deeplab2-crowds"):
            scheme = label_scheme(preset)
            assert scheme.class_of == {number: rank for rank, number in enumerate(IDS, 1)}
            assert (indices(scheme), scheme.void) == (list(range(1, 134)), 0)

    @pytest.mark.parametrize(("preset", "value"), [("deeplab2", 0), ("deeplab2-crowds", 1)])
    def test_ignores_crowds_unless_asked_to_paint_them(self, preset: str, value: int) -> None:
        one = np.array([1])
        assert label_scheme(preset).lookup(one, np.array([True]))[0].tolist() == [value]
        assert label_scheme(preset).lookup(one, np.array([False]))[0].tolist() == [1]


class TestCocostuff:
    def test_is_the_id_less_1_and_void_255(self) -> None:
        scheme = label_scheme("cocostuff")
        assert scheme.class_of == {number: number - 1 for number in range(1, 183)} | {183: 255}
        assert (indices(scheme), scheme.void) == (list(range(182)), 255)


class TestMmsegCocostuff:
    def test_skips_the_png_values_that_never_occur(self) -> None:
        skipped = [11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90]
        used = [value for value in range(182) if value not in skipped]
        clsid_to_trainid = {value: rank for rank, value in enumerate(used)} | dict.fromkeys([*skipped, 182], 255)
        scheme = label_scheme("mmseg-cocostuff")
        assert {number - 1: value for number, value in scheme.class_of.items()} == clsid_to_trainid
        assert (indices(scheme), scheme.void) == (list(range(171)), 255)

    @pytest.mark.parametrize(
        ("number", "train_id"),
        [(1, 0), (11, 10), (13, 11), (25, 23), (27, 24), (28, 25), (31, 26), (90, 79), (92, 80), (182, 170)],
    )
    def test_has_the_train_ids_of_the_mmseg_table(self, number: int, train_id: int) -> None:
        assert label_scheme("mmseg-cocostuff").class_of[number] == train_id


def test_no_two_classes_of_a_preset_share_a_category() -> None:
    for preset in PRESETS:
        ids = list(chain.from_iterable(row.category_ids for row in label_scheme(preset, coco_of(preset)).table))
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("row", "thing"),
    [
        (Category(1, "person"), True),
        (Category(1, "person", False), False),
        (Category(92, "banner"), False),
        (Category(184, "tree-merged"), False),
        (Category(184, "tree"), None),
        (Category(5, "cat", True), True),
    ],
)
def test_what_a_category_is(row: Category, thing: bool | None) -> None:
    assert is_thing(row) is thing
    assert is_stuff(row) is (thing is False)
