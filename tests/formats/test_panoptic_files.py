"""A sample to its panoptic picture and rows, against a loop over pixels."""

from __future__ import annotations

import io
import json
import pickle
from typing import Any

import masks
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cocoseg.codecs import rle
from cocoseg.codecs.panoptic import ids_from_rgb
from cocoseg.codecs.regions import find_regions
from cocoseg.errors import SampleError
from cocoseg.formats.coco_json.categories import category_row
from cocoseg.formats.panoptic.writer import PanopticFiles, output_categories
from cocoseg.model import Category, Sample
from cocoseg.runs.writer import Converted

CATEGORIES = output_categories(
    [
        Category(1, "person", True, (220, 20, 60)),
        Category(18, "dog", True, (0, 0, 142)),
        Category(184, "tree-merged", False, (107, 142, 35)),
        Category(-3, "void-coloured", False, (0, 0, 0)),
    ]
)
THINGS = (1, 18)


def sample(drawn: np.ndarray, category_ids: list[int], iscrowd: list[int] | None = None, **more: Any) -> Sample:
    count = len(drawn)
    crowd = np.array(iscrowd or [0] * count, np.bool_)
    columns = {"category_ids": np.array(category_ids, np.int64), "iscrowd": crowd, "shapes": rle.encode(drawn)}
    words = {"place": "set.json: images[0]", "file_name": "a/b.jpg"}
    return Sample("a/b.png", 7, np.arange(1, count + 1), **(columns | words | more))


def picture(converted: Converted) -> np.ndarray:
    (data,) = converted.files.values()
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "RGB"
        return ids_from_rgb(np.array(image))


def rows(converted: Converted) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(converted.texts[1])["segments_info"]
    return found


def owner(drawn: np.ndarray, y: int, x: int, rank: list[Any], policy: str) -> int | None:
    claims = [number for number in range(len(drawn)) if drawn[number, y, x]]
    if not claims or (policy == "void" and len(claims) > 1):
        return None
    return max(claims, key=lambda number: rank[number])


@given(masks.packs(), st.sampled_from(["file", "area", "score", "void"]), st.data())
@settings(max_examples=150, deadline=None)
def test_is_what_a_loop_over_pixels_makes(drawn: np.ndarray, policy: Any, data: Any) -> None:
    count = len(drawn)
    category_ids = data.draw(st.lists(st.sampled_from([1, 18, 184, -3]), min_size=count, max_size=count))
    crowd = data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    scores = np.array(data.draw(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=count, max_size=count)))
    converted = PanopticFiles(CATEGORIES, policy)(sample(drawn, category_ids, crowd, scores=scores))
    ranks = {"area": [(-int(mask.sum()), k) for k, mask in enumerate(drawn)]}
    ranks["score"] = list(zip(scores.tolist(), range(count), strict=True))
    rank = ranks.get(policy, list(range(count)))
    height, width = drawn.shape[1:]
    owners: dict[tuple[int, int], int] = {}  # number of the segment, that of its category's first for stuff
    for y in range(height):
        for x in range(width):
            if (top := owner(drawn, y, x, rank, policy)) is not None:
                thing = category_ids[top] in THINGS
                owners[y, x] = top if thing else category_ids.index(category_ids[top])
    expected = []
    for number in sorted(set(owners.values())):
        ys, xs = zip(*(place for place, other in owners.items() if other == number), strict=True)
        box = [min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1]
        is_crowd = crowd[number] if category_ids[number] in THINGS else 0
        expected.append((category_ids[number], len(ys), box, is_crowd))
    found = rows(converted)
    assert [(row["category_id"], row["area"], row["bbox"], row["iscrowd"]) for row in found] == expected
    number_of = dict(zip((row["id"] for row in found), sorted(set(owners.values())), strict=True))
    ids = picture(converted)
    told = {(y, x): number_of[ids[y, x]] for y, x in np.argwhere(ids).tolist()}
    assert told == owners
    counts = converted.result
    shown = {category_ids.index(c) if c not in THINGS else k for k, c in enumerate(category_ids) if drawn[k].any()}
    assert counts.hidden == len(shown) - len(expected)  # type: ignore[attr-defined]
    assert counts.contested == int((drawn.sum(axis=0) > 1).sum())  # type: ignore[attr-defined]


def test_rows_are_strict_json_of_one_line() -> None:
    converted = PanopticFiles(CATEGORIES)(sample(masks.draw("##. / ##."), [1]))
    image, annotation = (text.decode() for text in converted.texts)
    assert image == '{"id":7,"file_name":"a/b.jpg","height":2,"width":3}'
    segment = '{"id":3937500,"category_id":1,"area":4,"bbox":[0,0,2,2],"iscrowd":0}'
    assert annotation == f'{{"image_id":7,"file_name":"a/b.png","segments_info":[{segment}]}}'
    assert list(converted.files) == ["panoptic/a/b.png"]


def test_stuff_has_its_colour_and_is_never_a_crowd() -> None:
    converted = PanopticFiles(CATEGORIES)(sample(masks.draw("#.. / #..", "..# / ..#"), [184, 184], [1, 1]))
    color = 107 | 142 << 8 | 35 << 16
    assert rows(converted) == [{"id": color, "category_id": 184, "area": 4, "bbox": [0, 0, 3, 2], "iscrowd": 0}]
    assert picture(converted).tolist() == [[color, 0, color]] * 2


def test_stuff_has_its_colour_where_a_thing_of_the_same_colour_comes_first() -> None:
    same = output_categories([Category(1, "person", True, (0, 128, 0)), Category(184, "tree", False)])
    converted = PanopticFiles(same)(sample(masks.draw("#..", "..#"), [1, 184]))
    assert [row["id"] == 128 << 8 for row in rows(converted)] == [False, True]


def test_a_hidden_segment_is_counted_and_one_of_nothing_is_not() -> None:
    converted = PanopticFiles(CATEGORIES)(sample(masks.draw("##.", "...", "###"), [1, 1, 18]))
    assert [row["category_id"] for row in rows(converted)] == [18]
    assert converted.result.hidden == 1  # type: ignore[attr-defined]


def test_an_image_without_segments_is_black() -> None:
    converted = PanopticFiles(CATEGORIES)(sample(np.zeros((0, 2, 3), bool), []))
    assert rows(converted) == []
    assert picture(converted).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_ids_of_one_image_do_not_depend_on_another_nor_on_hidden_segments() -> None:
    alone = PanopticFiles(CATEGORIES)(sample(masks.draw("##..", "..##"), [1, 1]))
    over = PanopticFiles(CATEGORIES)(sample(masks.draw("#...", "##..", "..##"), [1, 1, 1]))
    assert alone.files == over.files
    elsewhere = PanopticFiles(CATEGORIES)(replaced(sample(masks.draw("##..", "..##"), [1, 1]), key="c.png"))
    assert rows(elsewhere)[0]["id"] == rows(alone)[0]["id"]
    assert rows(elsewhere)[1]["id"] != rows(alone)[1]["id"]


def replaced(one: Sample, **changes: Any) -> Sample:
    import dataclasses

    return dataclasses.replace(one, **changes)


def test_ids_of_a_picture_are_kept() -> None:
    ids = np.array([[5, 5, 0], [70000, 9, 9]])
    listed = np.array([70000, 5, 9])
    shapes, _ = find_regions(ids, listed)
    columns = {"category_ids": np.array([184, 184, 1]), "iscrowd": np.zeros(3, np.bool_)}
    given = Sample("a.png", 1, listed, **columns, shapes=shapes)
    converted = PanopticFiles(CATEGORIES, keep_ids=True)(given)
    np.testing.assert_array_equal(picture(converted), ids)
    assert [(row["id"], row["category_id"]) for row in rows(converted)] == [(70000, 184), (5, 184), (9, 1)]


@pytest.mark.parametrize(
    ("wrong", "category"), [([0, 2], "id.range"), ([2, 2], "id.duplicate"), ([1, 1 << 24], "id.range")]
)
def test_ids_that_no_picture_holds_are_refused(wrong: list[int], category: str) -> None:
    given = replaced(sample(masks.draw("#..", "..#"), [1, 1]), ids=np.array(wrong))
    with pytest.raises(SampleError) as caught:
        PanopticFiles(CATEGORIES, keep_ids=True)(given)
    assert caught.value.category == category


def test_a_category_that_is_not_listed() -> None:
    with pytest.raises(
        SampleError, match=r"images\[0\]: segment 2 has category_id 99, which is not among the"
    ) as caught:
        PanopticFiles(CATEGORIES)(sample(masks.draw("#..", "..#"), [1, 99]))
    assert caught.value.category == "id.unknown"


def test_contested_pixels_as_an_error() -> None:
    with pytest.raises(SampleError, match=r"1 pixels belong to several masks") as caught:
        PanopticFiles(CATEGORIES, "error")(sample(masks.draw("##.", ".##"), [1, 18]))
    assert caught.value.category == "overlap.contested"


def test_scores_that_are_not_there() -> None:
    with pytest.raises(SampleError, match="no 'score'"):
        PanopticFiles(CATEGORIES, "score")(sample(masks.draw("##.", ".##"), [1, 18]))


def test_categories_are_complete() -> None:
    given = [Category(1, "person"), Category(92, "banner"), Category(5, "cat", False, (1, 2, 3), "animal")]
    assert [category_row(row) for row in output_categories(given)] == [
        {"id": 1, "name": "person", "supercategory": "person", "isthing": 1, "color": (128, 0, 0)},
        {"id": 92, "name": "banner", "supercategory": "banner", "isthing": 0, "color": (0, 128, 0)},
        {"id": 5, "name": "cat", "supercategory": "animal", "isthing": 0, "color": (1, 2, 3)},
    ]


def test_settings_tell_what_decides_the_files() -> None:
    first = PanopticFiles(CATEGORIES)
    other = [PanopticFiles(CATEGORIES[:2]), PanopticFiles(CATEGORIES, "area"), PanopticFiles(CATEGORIES, keep_ids=True)]
    assert len({convert.settings() for convert in [first, *other]}) == 4
    assert pickle.loads(pickle.dumps(first)).settings() == first.settings()
