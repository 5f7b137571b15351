"""The images of several data sets as one list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cocoseg
from cocoseg.errors import UsageError
from cocoseg.reshaping.photos import prefixed, together, words
from conftest import FIXTURES


def save(path: Path, *images: dict[str, Any]) -> cocoseg.Dataset:
    rows = [{"id": k, "height": 4, "width": 4} | row for k, row in enumerate(images, 1)]
    square = {"id": 1, "image_id": rows[0]["id"], "category_id": 1, "iscrowd": 0, "segmentation": [[0, 0, 2, 0, 2, 2]]}
    document = {"images": rows, "annotations": [square], "categories": [{"id": 1, "name": "cat"}]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return cocoseg.read(path)


def joined(*datasets: cocoseg.Dataset, same: Any = "error", prefix: bool = False) -> Any:
    return together(prefixed(datasets, prefix), same)


def images(found: Any) -> list[tuple[Any, str]]:
    return [(entry.image_id, entry.key) for entry in found.entries]


def test_ids_stay_where_they_are_free(tmp_path: Path) -> None:
    found = joined(
        save(tmp_path / "a.json", {"file_name": "a.jpg"}, {"file_name": "b.jpg"}),
        save(tmp_path / "b.json", {"file_name": "c.jpg"}, {"file_name": "d.jpg", "id": 9}),
    )
    assert images(found) == [(1, "a.png"), (2, "b.png"), (10, "c.png"), (9, "d.png")]
    assert [(row.source, row.id, row.new_id) for row in found.moved] == [(1, 1, 10)]
    assert words(found, 2) == ["4 images of 2 sources; 1 image id renumbered"]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"file_name": "a.jpg"}, {"file_name": "a.jpg", "id": 5}, True),
        ({"file_name": "a.jpg"}, {"file_name": "A.png", "id": 5}, True),
        ({"file_name": "x/a.jpg"}, {"file_name": "y/a.jpg"}, True),
        ({"file_name": "x/a.jpg"}, {"file_name": "y/a.jpg", "id": 5}, False),
        ({"file_name": "x/a.jpg"}, {"file_name": "y/a.jpg", "width": 5}, False),
    ],
    ids=["name", "ending", "id and name", "name in another folder", "another size"],
)
def test_what_is_one_photo(one: dict[str, Any], other: dict[str, Any], is_same: bool, tmp_path: Path) -> None:
    pair = save(tmp_path / "a.json", one), save(tmp_path / "b.json", other)
    if not is_same:
        assert len(joined(*pair).entries) == 2
        return
    with pytest.raises(cocoseg.UsageError, match="--same join makes one image of both") as caught:
        joined(*pair)
    assert caught.value.category == "merge.same"
    assert len(joined(*pair, same="join").entries) == 1


def test_photos_that_end_differently_are_counted(tmp_path: Path) -> None:
    names = [("a.jpg", "a.png"), ("b.jpg", "b.JPG"), ("c", "c.jpg"), ("d.bmp", "x/d.png")]
    pair = [save(tmp_path / f"{k}.json", *({"file_name": row[k]} for row in names)) for k in range(2)]
    with pytest.raises(cocoseg.UsageError, match="there as 'a.png'") as caught:
        joined(*pair)
    assert "as are 3 more" in caught.value.message
    assert words(joined(*pair, same="join"), 2)[1:] == [
        "2 joined photos end differently, as 'a.jpg' and 'a.png'; if these are two pictures, rename one"
    ]
    assert len(words(joined(*pair, same="both", prefix=True), 2)) == 1


@pytest.mark.parametrize("label", ["panoptic.json", "voc"])
def test_the_ending_of_a_label_is_none_of_the_photo(label: str, tmp_path: Path) -> None:
    labels = cocoseg.read(FIXTURES / label)
    rows = [
        {"file_name": f"{Path(entry.key).with_suffix('')}.jpg"}
        | dict(zip(("height", "width"), sample.size, strict=True))
        for entry, sample in zip(labels.entries, labels, strict=True)
    ]
    found = joined(save(tmp_path / "a.json", *rows), labels, same="join")
    assert found.joined == len(rows)
    assert len(words(found, 2)) == 1


def test_sources_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    pair = [save(tmp_path / name / "instances.json", {"file_name": "a.jpg"}) for name in ("one", "two")]
    found = joined(*pair, same="both", prefix=True)
    assert [key for _, key in images(found)] == ["one/a.png", "two/a.png"]
    again = joined(pair[0], pair[0], same="both", prefix=True)
    assert [key for _, key in images(again)] == ["instances_1/a.png", "instances_2/a.png"]


def test_two_images_of_one_name_need_a_prefix(tmp_path: Path) -> None:
    pair = (
        save(tmp_path / "a.json", {"file_name": "a.jpg"}),
        save(tmp_path / "b.json", {"file_name": "a.jpg", "width": 9}),
    )
    with pytest.raises(cocoseg.UsageError, match="--prefix") as caught:
        joined(*pair)
    assert caught.value.category == "merge.names"
    assert len(joined(*pair, prefix=True).entries) == 2


def test_a_refused_image_is_there_once(tmp_path: Path) -> None:
    pair = [save(tmp_path / f"{name}.json", {"file_name": f"{name}.jpg"}, {"file_name": "../x.jpg"}) for name in "ab"]
    assert [entry.key for entry in joined(*pair).entries][:2] == ["a.png", "b.png"]
    assert len(joined(*pair).entries) == 4


def test_tiles_of_one_photo_are_not_joined(tmp_path: Path) -> None:
    """Their rows say by a number of the source of which object they are."""
    cocoseg.tile(FIXTURES / "instances.json", tmp_path / "tiles.json", size=4)
    with pytest.raises(UsageError, match="merge what was cut into tiles") as caught:
        cocoseg.merge([tmp_path / "tiles.json"] * 2, tmp_path / "out.json", same="join")
    assert caught.value.category == "merge.tiles"
