from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cocoseg
from cocoseg.errors import CocosegError, UsageError
from command import cocoseg as run
from conftest import FIXTURES


def save(path: Path, names: list[str], classes: list[int] | None = None) -> Path:
    """A JSON of images with a square each."""
    numbers = classes or [1] * len(names)
    row = {"iscrowd": 0, "segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]]}
    document = {
        "images": [{"id": k, "file_name": name, "height": 4, "width": 4} for k, name in enumerate(names, 1)],
        "annotations": [row | {"id": k, "image_id": k, "category_id": number} for k, number in enumerate(numbers, 1)],
        "categories": [{"id": number, "name": f"class {number}"} for number in sorted(set(numbers))],
    }
    path.write_text(json.dumps(document))
    return path


def names_in(path: Path) -> set[str]:
    return {row["file_name"] for row in json.loads(path.read_text())["images"]}


NAMES = [f"{k:04}.jpg" for k in range(200)]


def test_images_that_are_added_move_none(tmp_path: Path) -> None:
    cocoseg.split(save(tmp_path / "before.json", NAMES), tmp_path / "a", parts="train=.8,val=.2")
    more = [f"new-{k}.jpg" for k in range(10)] + NAMES
    cocoseg.split(save(tmp_path / "after.json", more), tmp_path / "b", parts="train=.8,val=.2")
    for name in ("train.json", "val.json"):
        assert names_in(tmp_path / "b" / name) & set(NAMES) == names_in(tmp_path / "a" / name)


def test_every_image_is_in_one_part(tmp_path: Path) -> None:
    source = save(tmp_path / "x.json", NAMES)
    result = cocoseg.split(source, tmp_path / "out")
    parts = [names_in(tmp_path / "out" / f"{name}.json") for name in ("train", "val", "test")]
    assert sum(map(len, parts)) == len(NAMES)
    assert set.union(*parts) == set(NAMES)
    assert 140 < result.sizes["train"] < 180
    assert "no image is in two parts" in result.remarks()


def test_groups_stay_together(tmp_path: Path) -> None:
    names = [f"scene{k // 5}_{k % 5}.jpg" for k in range(100)]
    cocoseg.split(save(tmp_path / "x.json", names), tmp_path / "out", parts="a=.5,b=.5", by=r"scene(\d+)_")
    scenes = [{name.partition("_")[0] for name in names_in(tmp_path / "out" / f"{part}.json")} for part in "ab"]
    assert not scenes[0] & scenes[1]
    assert len(scenes[0] | scenes[1]) == 20


def test_balance_gives_each_part_its_share_of_a_class(tmp_path: Path) -> None:
    classes = [1] * 150 + [2] * 40 + [3] * 10
    result = cocoseg.split(
        save(tmp_path / "x.json", NAMES, classes), tmp_path / "out", parts="train=.8,val=.2", balance=True
    )
    assert result.sizes == {"train": 160, "val": 40}
    assert result.classes == {
        "class 1": {"train": 120, "val": 30},
        "class 2": {"train": 32, "val": 8},
        "class 3": {"train": 8, "val": 2},
    }


def test_balance_keeps_groups_together(tmp_path: Path) -> None:
    names = [f"scene{k // 5}_{k % 5}.jpg" for k in range(100)]
    source = save(tmp_path / "x.json", names, [1 + k // 50 for k in range(100)])
    result = cocoseg.split(source, tmp_path / "out", parts="a=.5,b=.5", by="scene[0-9]+", balance=True)
    scenes = [{name.partition("_")[0] for name in names_in(tmp_path / "out" / f"{part}.json")} for part in "ab"]
    assert not scenes[0] & scenes[1]
    assert result.sizes == {"a": 50, "b": 50}


def test_lists_are_all_that_is_written(tmp_path: Path) -> None:
    cocoseg.split(save(tmp_path / "x.json", NAMES), tmp_path / "out", lists=True, parts="train=.8,val=.2")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["train.txt", "val.txt"]
    lines = [(tmp_path / "out" / name).read_text().splitlines() for name in ("train.txt", "val.txt")]
    assert sorted(lines[0] + lines[1]) == NAMES


def test_lists_hold_names_of_images_alone(tmp_path: Path) -> None:
    document = json.loads(save(tmp_path / "x.json", ["a.jpg", "b\n.jpg", "c.jpg", "d.jpg"]).read_text())
    document["images"][2]["id"] = 1  # refused, and so is the annotation of image 3
    (tmp_path / "x.json").write_text(json.dumps(document))
    result = cocoseg.split(tmp_path / "x.json", tmp_path / "out", lists=True, parts="all=1")
    assert (tmp_path / "out" / "all.txt").read_text() == "a.jpg\nd.jpg\n"
    assert "3 images in no list: refused, or with a line break in the name" in result.notes


def test_a_dry_run_of_lists_looks_at_out(tmp_path: Path) -> None:
    source = save(tmp_path / "x.json", NAMES[:20])
    (tmp_path / "file").write_text("")
    with pytest.raises(CocosegError, match="is a file, expected a folder"):
        cocoseg.split(source, tmp_path / "file", lists=True, dry_run=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text(f"{NAMES[3]}\n")
    with pytest.raises(UsageError, match=r"has 'mine.txt', which lists '0003.jpg' too"):
        cocoseg.split(source, tmp_path / "out", lists=True, dry_run=True)
    cocoseg.split(source, tmp_path / "new", lists=True, dry_run=True)
    assert not (tmp_path / "new").exists()


def test_a_list_of_somebody_else_stays(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "train.txt").write_text("mine")
    with pytest.raises(CocosegError) as caught:
        cocoseg.split(save(tmp_path / "x.json", NAMES), tmp_path / "out", lists=True)
    assert caught.value.category == "out.exists"
    assert (tmp_path / "out" / "train.txt").read_text() == "mine"


def test_panoptic_parts_are_folders(tmp_path: Path) -> None:
    result = cocoseg.split(FIXTURES / "panoptic.json", tmp_path / "out", parts="train=.5,val=.5")
    read = [cocoseg.read(tmp_path / "out" / name) for name in result.parts]
    assert sum(map(len, read)) == 3


@pytest.mark.parametrize(
    "parts", ["train=.8,val=.1", "train=.8,val=.3", "train", "a=.5,a=.5", "a/b=1", "a=2,b=-1", "a=x", "=1", "a=nan"]
)
def test_shares_that_do_not_add_up_are_refused(parts: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        cocoseg.split(FIXTURES / "instances.json", tmp_path / "out", parts=parts)
    assert caught.value.category == "usage.parts"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("by", ["scene(", "scene"])
def test_a_group_that_is_not_found_is_refused(by: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        cocoseg.split(FIXTURES / "instances.json", tmp_path / "out", by=by)
    assert caught.value.category == "usage.by"


def test_a_bad_image_costs_itself(tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(save(tmp_path / "x.json", NAMES).read_text())
    document["images"][3]["height"] = 0
    (tmp_path / "x.json").write_text(json.dumps(document))
    result = cocoseg.split(tmp_path / "x.json", tmp_path / "out")
    assert (result.images, len(result.failures)) == (199, 1)


def test_a_bad_image_may_stop_it(tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(save(tmp_path / "x.json", NAMES).read_text())
    for row in document["images"]:
        row["height"] = 0
    (tmp_path / "x.json").write_text(json.dumps(document))
    result = cocoseg.split(tmp_path / "x.json", tmp_path / "out", on_error="stop")
    assert (result.images, len(result.failures), list(result.parts)) == (0, 1, ["train"])


def test_the_command_prints_the_shares(tmp_path: Path) -> None:
    source = save(tmp_path / "x.json", NAMES, [1, 2] * 100)
    result = run("split", source, tmp_path / "out", "--parts", "a=.5,b=.5", "--balance")
    assert result.code == 0
    assert "no image is in two parts" in result.stdout
    assert "50 (50.0%)" in result.stdout


class TestAnEarlierSplit:
    """Images of its parts must not be beside them in other parts."""

    def test_a_part_that_would_stay_is_refused(self, tmp_path: Path) -> None:
        source = save(tmp_path / "x.json", NAMES)
        cocoseg.split(source, tmp_path / "out", parts="train=.8,val=.1,test=.1")
        with pytest.raises(UsageError, match=r"has 'test.json' of an earlier split") as caught:
            cocoseg.split(source, tmp_path / "out", parts="train=.8,val=.2")
        assert caught.value.category == "out.parts"

    def test_other_shares_are_refused(self, tmp_path: Path) -> None:
        cocoseg.split(FIXTURES / "panoptic.json", tmp_path / "out", parts="train=.5,val=.5")
        with pytest.raises(UsageError, match=r"has 'train' of an earlier split"):
            cocoseg.split(FIXTURES / "panoptic.json", tmp_path / "out", parts="val=.5,train=.5")

    @pytest.mark.parametrize("to", ["panoptic", "semantic"])
    def test_pictures_of_a_split_that_was_stopped_are_seen(self, to: Any, tmp_path: Path) -> None:
        source = save(tmp_path / "x.json", NAMES[:20])
        cocoseg.split(source, tmp_path / "out", parts="train=.5,val=.5", to=to)
        (tmp_path / "out" / "train" / "cocoseg.json").unlink()  # which is written last
        (tmp_path / "out" / "val" / "cocoseg.json").unlink()
        for parts in ("train=.1,val=.9", "one=.5,two=.5"):
            with pytest.raises(UsageError, match=r"has the image '00\d\d.png' in 'train', which is in '(val|one)' now"):
                cocoseg.split(source, tmp_path / "out", parts=parts, to=to)
        assert cocoseg.split(source, tmp_path / "out", parts="train=.5,val=.5", to=to).kept == 20

    def test_a_part_that_is_empty_now_is_refused(self, tmp_path: Path) -> None:
        cocoseg.split(save(tmp_path / "x.json", NAMES), tmp_path / "out")
        with pytest.raises(UsageError, match=r"of an earlier split"):
            cocoseg.split(save(tmp_path / "x.json", NAMES[:1]), tmp_path / "out")

    def test_the_same_split_of_more_images_is_made(self, tmp_path: Path) -> None:
        cocoseg.split(save(tmp_path / "x.json", NAMES[:100]), tmp_path / "out", by=r"\d")
        cocoseg.split(save(tmp_path / "x.json", NAMES), tmp_path / "out", by=r"\d")
        assert names_in(tmp_path / "out" / "train.json") == set(NAMES)

    def test_a_list_with_an_image_of_another_is_refused(self, tmp_path: Path) -> None:
        source = save(tmp_path / "x.json", NAMES)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "classes.txt").write_text("cat\ndog\n")
        cocoseg.split(source, tmp_path / "out", lists=True)
        with pytest.raises(UsageError, match=r"has 'test.txt', which lists '0\d\d\d.jpg' too"):
            cocoseg.split(source, tmp_path / "out", parts="train=.8,val=.2", lists=True)


def test_tiles_stay_with_the_others_of_their_photo(tmp_path: Path) -> None:
    """In the part of the photo, whichever of ``tile`` and ``split`` comes first."""
    cocoseg.tile(save(tmp_path / "x.json", NAMES), tmp_path / "tiles.json", size=2, overlap=0)
    cocoseg.split(tmp_path / "x.json", tmp_path / "photos", parts="a=.5,b=.5")
    result = cocoseg.split(tmp_path / "tiles.json", tmp_path / "tiles", parts="a=.5,b=.5")
    for part in "ab":
        photos = {f"{name.partition('_')[0]}.jpg" for name in names_in(tmp_path / "tiles" / f"{part}.json")}
        assert photos == names_in(tmp_path / "photos" / f"{part}.json")
    assert "800 tiles stay with the others of their photos" in result.notes


def test_tiles_of_tiles_stay_together_too(tmp_path: Path) -> None:
    names = [f"{k}_y0_x{x}_y0_x{inner}.jpg" for k in range(20) for x in (0, 8) for inner in (0, 4)]
    result = cocoseg.split(save(tmp_path / "x.json", names), tmp_path / "out", parts="a=.5,b=.5")
    photos = [{name.partition("_")[0] for name in names_in(tmp_path / "out" / f"{part}.json")} for part in "ab"]
    assert not photos[0] & photos[1]
    assert "80 tiles stay with the others of their photos" in result.notes


def test_photos_that_differ_in_their_ending_are_no_tiles(tmp_path: Path) -> None:
    result = cocoseg.split(save(tmp_path / "x.json", ["a.jpg", "a.png"]), tmp_path / "out", parts="a=.5,b=.5")
    assert not [note for note in result.notes if "tile" in note]
