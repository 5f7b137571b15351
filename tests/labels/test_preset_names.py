"""Presets with a class table are compared with the categories of a data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import cocoseg
from cocoseg.errors import LabelError
from cocoseg.labels.choose import label_scheme
from cocoseg.labels.presets import PRESETS, official_categories
from cocoseg.model import Category
from conftest import FIXTURES

PANOPTIC = official_categories("coco_panoptic")
STUFF = (*official_categories("coco_stuff"), Category(183, "other", False))
THINGS = [Category(row.id, row.name) for row in PANOPTIC if row.isthing]
OWN = [Category(1, "car", True), Category(2, "road", False), Category(3, "sky", False), Category(4, "bus", True)]
WITH_TABLE = [name for name, preset in PRESETS.items() if (preset.table or "").startswith("coco")]
FULL = "ade20k-150-full"  # 153 of thousands of classes, so most subsets have none of them
OTHERS = [name for name, preset in PRESETS.items() if preset.table and name not in (*WITH_TABLE, FULL)]
OF_PANOPTIC = ["mask2former", "detectron2-fpn", "deeplab2", "deeplab2-crowds"]
OF_STUFF = ["cocostuff", "mmseg-cocostuff"]


def refusal(preset: str | Path, categories: Sequence[Category]) -> str:
    with pytest.raises(LabelError) as caught:
        label_scheme(preset, categories)
    assert caught.value.category == "label.names"
    return str(caught.value)


@pytest.mark.parametrize("preset", OTHERS)
class TestTablesOfOtherDataSets:
    def test_are_refused_for_other_classes(self, preset: str) -> None:
        for rows in (OWN, PANOPTIC, THINGS, [Category(rank, row.name) for rank, row in enumerate(THINGS)]):
            assert refusal(preset, rows).startswith(f"labels '{preset}' are for other categories: of ")

    def test_take_their_own_and_subsets(self, preset: str) -> None:
        rows = official_categories(PRESETS[preset].table or "")
        assert label_scheme(preset, rows).problems == ()
        assert label_scheme(preset, rows[3:6]).problems == ()

    def test_name_the_presets_that_fit(self, preset: str) -> None:
        rows = official_categories(PRESETS[preset].table or "")
        text = refusal("mask2former", rows)
        fitting = text.partition("presets for these categories are ")[2].split(", ")
        assert preset in fitting
        assert {PRESETS[name].table for name in fitting} == {PRESETS[preset].table}


@pytest.mark.parametrize("preset", WITH_TABLE)
class TestEveryClassTable:
    def test_is_refused_for_other_classes(self, preset: str) -> None:
        text = refusal(preset, OWN)
        assert text.startswith(f"labels '{preset}' are for other categories: of 4 categories, 0 have ")
        assert "(id 1 is 'car' here, 'person' there)" in text
        assert f"use labels '{PRESETS[preset].own}'" in text
        assert "'index'" in text

    def test_is_refused_for_ids_that_it_does_not_list(self, preset: str) -> None:
        assert "id 1001 is 'person' here, not listed there" in refusal(
            preset, [replace(row, id=row.id + 1000) for row in THINGS]
        )

    def test_is_refused_for_cocos_names_with_other_ids(self, preset: str) -> None:
        refusal(preset, [Category(rank, row.name) for rank, row in enumerate(THINGS)])

    def test_is_refused_for_lvis(self, preset: str) -> None:
        refusal(preset, [Category(number, f"lvis {number}") for number in range(1, 1204)])

    def test_takes_cocos_things_and_their_subsets(self, preset: str) -> None:
        assert label_scheme(preset, THINGS).problems == ()
        assert label_scheme(preset, THINGS[7:9]).problems == ()

    def test_compares_nothing_without_categories(self, preset: str) -> None:
        assert label_scheme(preset, ()).problems == ()

    def test_says_so_where_a_few_differ(self, preset: str) -> None:
        [problem] = label_scheme(preset, [Category(1, "pedestrian"), Category(2, "rider"), *THINGS[2:]]).problems
        assert problem.category == "label.names"
        assert problem.message.startswith(
            f"2 categories have other names than in the class table of '{preset}': id 1 is 'pedestrian' in the file, "
        )

    def test_half_is_enough(self, preset: str) -> None:
        assert label_scheme(preset, [*THINGS[:2], *OWN[2:]]).problems != ()
        refusal(preset, [*THINGS[:1], *OWN[2:]])

    def test_takes_class_maps_that_it_made(self, preset: str, tmp_path: Path) -> None:
        cocoseg.to_semantic(FIXTURES / "instances.json", tmp_path / "out", labels=preset)
        maps = cocoseg.read(tmp_path / "out")
        assert {problem.category for problem in label_scheme(preset, maps).problems} <= {"label.crowd"}


@pytest.mark.parametrize("preset", OF_PANOPTIC)
def test_presets_of_panoptic_files(preset: str) -> None:
    assert label_scheme(preset, PANOPTIC).problems == ()
    assert label_scheme(preset, [*PANOPTIC[:5], Category(5000, "new")]).problems == ()
    assert "presets for these categories are cocostuff, mmseg-cocostuff" in refusal(preset, STUFF)
    refusal(preset, [row for row in STUFF if not row.isthing])


@pytest.mark.parametrize("preset", OF_STUFF)
def test_presets_of_stuff_files(preset: str) -> None:
    assert label_scheme(preset, STUFF).problems == ()
    assert label_scheme(preset, [row for row in STUFF if not row.isthing]).problems == ()
    assert "presets for these categories are mask2former, detectron2-fpn, deeplab2" in refusal(preset, PANOPTIC)
    refusal(preset, [row for row in PANOPTIC if not row.isthing])


def test_names_without_suffixes_agree() -> None:
    rows = [Category(184, "tree"), Category(189, "Table"), Category(196, "food"), Category(10, "traffic_light")]
    assert label_scheme("mask2former", rows).problems == ()


def test_a_preset_that_drops_others_takes_panoptic_files() -> None:
    assert label_scheme("torchvision-voc21", PANOPTIC).problems == ()


def test_a_preset_that_drops_others_is_refused_where_it_drops_all() -> None:
    refusal("torchvision-voc21", [row for row in STUFF if not row.isthing])


def test_voc_is_not_coco() -> None:
    refusal("torchvision-voc21", official_categories("voc"))


def test_a_scheme_file_over_a_preset_is_compared_too(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for fields in ({}, {"unknown": "void"}):
        path.write_text(json.dumps({"preset": "mask2former"} | fields))
        assert refusal(path, OWN).startswith(f"{path}: labels 'mask2former' are for other categories")


def test_a_scheme_file_may_say_what_to_do_with_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for fields in ({"unknown": "void"}, {"ignored": [row.id for row in PANOPTIC if row.id > 182]}):
        path.write_text(json.dumps({"preset": "cocostuff"} | fields))
        assert label_scheme(path, PANOPTIC).problems == ()
    rows = [{"index": row.id - 1, "name": row.name, "category_ids": [row.id]} for row in OWN]
    path.write_text(json.dumps({"preset": "mask2former", "classes": rows}))
    assert label_scheme(path, OWN).class_of[2] == 1


def test_merged_categories_agree_where_all_parts_are_known() -> None:
    things = tuple(row.id for row in PANOPTIC if row.isthing)
    assert label_scheme("mask2former", [Category(300, "things", merged=things)]).problems == ()
    refusal("mask2former", [Category(300, "things", merged=(5000,))])
    assert label_scheme("mask2former", [Category(0, "background", merged=())]).problems == ()


@pytest.mark.parametrize("rows", [[Category(8, "truck"), Category(10, "traffic light")], STUFF[91:101]])
def test_a_preset_that_lists_none_of_cocos_categories_says_so(rows: Sequence[Category]) -> None:
    text = refusal("torchvision-voc21", rows)
    first = f"{rows[0].id}, '{rows[0].name}'"
    assert text.startswith(
        f"labels 'torchvision-voc21' list none of the {len(rows)} categories (the first is {first}); presets"
    )
    assert "cocostuff" in text


def test_a_single_category_that_a_preset_does_not_list_is_named() -> None:
    assert "do not list category 8 ('truck'); presets for" in refusal("torchvision-voc21", [Category(8, "truck")])


def test_a_scheme_file_that_takes_a_class_away_is_told_which(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    taken = [{"index": 1, "name": "branch", "category_ids": [94]}]
    path.write_text(json.dumps({"preset": "mask2former", "classes": taken}))
    text = refusal(path, [Category(2, "bicycle"), Category(94, "branch")])
    assert "list 1 of the 2 categories, and not category 2 ('bicycle')" in text


def test_categories_that_a_preset_ignores_are_counted() -> None:
    assert "of 80 categories, " in refusal("mmseg-cocostuff", [Category(n, f"own {n}") for n in range(1, 81)])


def test_what_cityscapes_ignores_is_unknown_where_no_categories_are_listed() -> None:
    assert 5 not in cocoseg.label_scheme("cityscapes").class_of  # train id 5 is a pole, the id 5 is 'dynamic'
    listed = cocoseg.label_scheme("cityscapes", cocoseg.read(FIXTURES / "cityscapes"))
    assert listed.class_of[5] == listed.void
