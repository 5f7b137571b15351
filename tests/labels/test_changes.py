"""A preset with other fields beside it, in a scheme file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cocoseg.errors import LabelError
from cocoseg.labels.choose import label_scheme
from cocoseg.labels.presets import official_categories
from cocoseg.labels.scheme import LabelClass, LabelScheme
from cocoseg.model import Categories, Category, Conventions

TOWN = (
    Category(1, "car", True),
    Category(2, "bus", True),
    Category(5, "road", False),
    Category(7, "pole", True),
    Category(9, "sky", False),
)
INSTANCES = Categories(TOWN, Conventions("background"))
COCO = official_categories("coco_panoptic")


def scheme(folder: Path, categories: Any = TOWN, background: bool | None = None, **fields: Any) -> LabelScheme:
    (folder / "labels.json").write_text(json.dumps(fields))
    return label_scheme(folder / "labels.json", categories, background=background)


def refusal(folder: Path, categories: Any = TOWN, **fields: Any) -> LabelError:
    with pytest.raises(LabelError) as caught:
        scheme(folder, categories, **fields)
    assert str(caught.value).startswith(f"{folder / 'labels.json'}: ")
    return caught.value


class TestUnlabelled:
    @pytest.mark.parametrize("preset", ["mask2former", "detectron2-fpn", "cocostuff", "mmseg-cocostuff"])
    def test_may_not_be_the_number_of_a_class(self, preset: str, tmp_path: Path) -> None:
        assert refusal(tmp_path, (), preset=preset, unlabelled=0).category == "label.collision"

    @pytest.mark.parametrize("number", [1, 17, 52])
    def test_may_be_no_other_class_either(self, number: int, tmp_path: Path) -> None:
        error = refusal(tmp_path, COCO, preset="mask2former", unlabelled=number)
        assert f"so background cannot be {number}" in str(error)

    @pytest.mark.parametrize("categories", [TOWN, INSTANCES])
    def test_of_index_is_as_the_option(self, categories: Any, tmp_path: Path) -> None:
        found = scheme(tmp_path, categories, preset="index", unlabelled=0)
        assert found == label_scheme("index", categories, background=True).with_unlabelled("background")
        assert found.class_of == {1: 1, 2: 2, 5: 3, 7: 4, 9: 5}

    def test_void_of_index_is_as_the_option(self, tmp_path: Path) -> None:
        found = scheme(tmp_path, INSTANCES, preset="index", unlabelled=255)
        assert (found.class_of, found.outside) == ({1: 0, 2: 1, 5: 2, 7: 3, 9: 4}, 255)

    @pytest.mark.parametrize("file", [0, 255, 100])
    @pytest.mark.parametrize("option", [True, False])
    def test_the_option_overrides_the_file(self, file: int, option: bool, tmp_path: Path) -> None:
        found = scheme(tmp_path, INSTANCES, preset="index", unlabelled=file, background=option)
        assert found == label_scheme("index", INSTANCES, background=option)

    def test_of_another_number_is_neither(self, tmp_path: Path) -> None:
        found = scheme(tmp_path, INSTANCES, preset="index", unlabelled=100)
        assert (found.class_of[1], found.outside) == (0, 100)

    def test_is_also_spelled_with_one_l(self, tmp_path: Path) -> None:
        for fields in ({"preset": "index"}, {"name": "a", "classes": [{"index": 1, "name": "a", "category_ids": [1]}]}):
            assert scheme(tmp_path, **fields, unlabeled=0) == scheme(tmp_path, **fields, unlabelled=0)


class TestEveryField:
    def test_ignored_categories_are_void_and_not_counted(self, tmp_path: Path) -> None:
        found = scheme(tmp_path, preset="index", ignored=[1, 5])
        assert found.class_of == {1: 255, 5: 255, 2: 0, 7: 1, 9: 2}
        assert scheme(tmp_path, INSTANCES, preset="index", ignored=[1]).class_of == {1: 255, 2: 1, 5: 2, 7: 3, 9: 4}

    def test_of_a_class_table_the_others_keep_their_numbers(self, tmp_path: Path) -> None:
        found = scheme(tmp_path, COCO, preset="mask2former", ignored=[1, 92])
        assert found.class_of == label_scheme("mask2former").class_of | {1: 255, 92: 255}

    def test_those_of_the_preset_stay_ignored(self, tmp_path: Path) -> None:
        assert scheme(tmp_path, (), preset="cocostuff", ignored=[1]).ignored == (183, 1)

    def test_a_category_that_is_not_there_may_be_ignored(self, tmp_path: Path) -> None:
        assert scheme(tmp_path, preset="index", ignored=[0]).class_of[1] == 0

    def test_name(self, tmp_path: Path) -> None:
        assert scheme(tmp_path, preset="index", name="town").name == "town"

    def test_classes_replace_those_of_their_number_and_take_their_categories(self, tmp_path: Path) -> None:
        rows = [{"index": 0, "name": "vehicle", "category_ids": [1, 2], "isthing": True}]
        found = scheme(tmp_path, preset="index", classes=rows)
        assert found.class_of == {1: 0, 2: 0, 5: 2, 7: 3, 9: 4}
        assert found.classes[0].name == "vehicle"

    def test_wrong_values_of_another_type_are_named(self, tmp_path: Path) -> None:
        assert "$.ignored[0]" in str(refusal(tmp_path, preset="index", ignored=[[0]]))
        assert "$.classes" in str(refusal(tmp_path, preset="index", classes=[]))


class TestMergedThings:
    def test_leave_no_index_unused(self, tmp_path: Path) -> None:
        found = scheme(tmp_path, preset="index", things="merge")
        assert found.class_of == {1: 0, 2: 0, 7: 0, 5: 1, 9: 2}
        assert found.num_classes == 3

    def test_leave_background_where_it_is(self, tmp_path: Path) -> None:
        found = scheme(tmp_path, INSTANCES, preset="index", things="merge")
        assert (found.class_of, found.outside) == ({1: 1, 2: 1, 7: 1, 5: 2, 9: 3}, 0)

    def test_of_mask2former_are_the_layout_of_detectron2(self, tmp_path: Path) -> None:
        found = scheme(tmp_path, COCO, preset="mask2former", things="merge")
        assert found.class_of == label_scheme("detectron2-fpn").class_of

    @pytest.mark.parametrize("preset", ["panopticapi", "cocostuff-helper"])
    def test_of_raw_ids_leave_stuff_its_ids(self, preset: str, tmp_path: Path) -> None:
        rows = [Category(1, "car", True), Category(2, "bus", True), Category(3, "road", False)]
        assert scheme(tmp_path, rows, preset=preset, things="merge").class_of == {1: 1, 2: 1, 3: 3}

    def test_move_a_class_of_unlabelled_pixels_with_the_others(self, tmp_path: Path) -> None:
        rows = [{"index": 5, "name": "nothing", "isthing": False}]
        found = scheme(tmp_path, preset="index", things="merge", classes=rows, unlabelled=5)
        assert (found.outside, [row.index for row in found.table]) == (3, [0, 1, 2, 3])

    def test_may_make_room_for_another_number(self, tmp_path: Path) -> None:
        assert scheme(tmp_path, COCO, preset="mask2former", things="merge", unlabelled=60).outside == 60

    def test_keep_the_numbers_of_a_file_that_lists_them(self, tmp_path: Path) -> None:
        rows = [{"index": n, "name": str(n), "category_ids": [n], "isthing": n < 2} for n in range(3)]
        assert scheme(tmp_path, name="own", classes=rows, things="merge").class_of == {0: 0, 1: 0, 2: 2}


def test_categories_of_a_data_set_give_its_numbers() -> None:
    assert label_scheme("index", INSTANCES).class_of[1] == 1
    maps = Categories(TOWN, Conventions("void", grouped=True))
    own = LabelScheme("own", (LabelClass(0, "road", (5,)),), unlabelled=9, crowd="drop")
    assert (label_scheme(own, maps).unlabelled, label_scheme(own, maps).crowd) == (9, "class")
