from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.errors import CocosegError
from conftest import FIXTURES

PANOPTIC, INSTANCES, PHOTOS = FIXTURES / "panoptic.json", FIXTURES / "instances.json", FIXTURES / "photos"


def rows(path: Path, name: str = "images") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())[name]
    return found


def test_rows_say_what_tiles_are_of(tmp_path: Path) -> None:
    result: Any = cocoseg.tile(INSTANCES, tmp_path / "tiles.json", size="4x5", overlap=1)
    images = rows(tmp_path / "tiles.json")
    assert result.pieces == len(images) == len({row["id"] for row in images})
    sizes = {row["id"]: [row["height"], row["width"]] for row in rows(INSTANCES)}
    for row in images:
        tile, (y, x) = row["tile"], row["tile"]["offset"]
        assert tile["size"] == sizes[tile["image_id"]]
        assert row["id"] // 1_000_000 == tile["image_id"]
        assert row["file_name"] == f"{tile['file_name'][:-4]}_y{y}_x{x}.jpg"


def test_annotations_are_numbered_and_say_what_they_are_of(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    for row in document["annotations"]:
        row |= {"track_id": 7, "keypoints": [1, 2, 2]}
    (tmp_path / "source.json").write_text(json.dumps(document))
    cocoseg.tile(tmp_path / "source.json", tmp_path / "tiles.json", size="4x5", overlap=1)
    found = rows(tmp_path / "tiles.json", "annotations")
    assert [row["id"] for row in found] == list(range(1, len(found) + 1))
    assert {row["of"] for row in found} <= {row["id"] for row in document["annotations"]}
    assert all(row["track_id"] == 7 and "keypoints" not in row for row in found)


@pytest.mark.parametrize("to", ["coco", "panoptic", "semantic"])
@pytest.mark.parametrize(("orientation", "count"), [(1, 0), (3, 1)])
def test_a_photo_that_is_turned_by_a_guess_is_counted(to: Any, orientation: int, count: int, tmp_path: Path) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    path, exif = tmp_path / "photos" / "crowd.png", Image.Exif()
    exif[0x112] = orientation
    Image.open(path).save(path, exif=exif)
    for found in (
        cocoseg.tile(PANOPTIC, tmp_path / "tiles", size=4, to=to, photos=tmp_path / "photos"),
        cocoseg.resize(PANOPTIC, tmp_path / "small", longest=4, to=to, photos=tmp_path / "photos"),
    ):
        said = [text for text in found.remarks() if "turned as EXIF says, though their size fits both ways" in text]
        assert (found.as_dict().get("turned", 0), len(said)) == (count, count)


@pytest.mark.parametrize("to", ["coco", "panoptic", "semantic"])
def test_photos_are_cut_too(to: Any, tmp_path: Path) -> None:
    assert not cocoseg.tile(PANOPTIC, tmp_path / "out", size=4, overlap=1, to=to, photos=PHOTOS).failures
    table = {"coco": "instances.json", "panoptic": "panoptic.json", "semantic": "tiles.json"}[to]
    for row in rows(tmp_path / "out" / table):
        (y, x), name = row["tile"]["offset"], row["tile"]["file_name"]
        whole = np.array(Image.open(next(PHOTOS.rglob(f"{Path(name).stem}.*"))).convert("RGB"))
        part = np.array(Image.open(tmp_path / "out" / "photos" / row["file_name"]).convert("RGB"))
        np.testing.assert_array_equal(part, whole[y : y + row["height"], x : x + row["width"]])
    assert cocoseg.show(tmp_path / "out", tmp_path / "shown").without_photo == 0
    assert cocoseg.verify(tmp_path / "out").whole


def test_a_photo_that_exif_turns_is_cut_as_its_labels_are(tmp_path: Path) -> None:
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "photos").mkdir()
    Image.fromarray(pixels).save(tmp_path / "photos" / "a.png", exif=exif)
    mask = {"size": [6, 4], "counts": [0, 24]}
    image = {"id": 1, "file_name": "a.png", "height": 6, "width": 4}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": mask}
    document = {"images": [image], "annotations": [annotation], "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "a.json").write_text(json.dumps(document))
    cocoseg.tile(tmp_path / "a.json", tmp_path / "out", size="3x4", overlap=0, photos=tmp_path / "photos")
    parts = [np.array(Image.open(tmp_path / "out" / "photos" / f"a_y{y}_x0.png")) for y in (0, 3)]
    np.testing.assert_array_equal(np.concatenate(parts), np.rot90(pixels, -1))
    with Image.open(tmp_path / "out" / "photos" / "a_y0_x0.png") as photo:
        assert not photo.getexif()


def test_a_jpeg_stays_one(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for row in rows(INSTANCES):
        path = tmp_path / "photos" / row["file_name"]
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (row["width"], row["height"]), (9, 99, 199)).save(path)
    cocoseg.tile(INSTANCES, tmp_path / "out", size=4, overlap=1, photos=tmp_path / "photos")
    found = [path.read_bytes()[:2] for path in (tmp_path / "out" / "photos").rglob("*.*")]
    assert set(found) == {b"\xff\xd8"}


@pytest.mark.parametrize(("mode", "category"), [("L", ""), ("P", ""), ("1", ""), ("I;16", ""), ("F", "image.mode")])
def test_photos_keep_their_mode_or_are_refused(mode: str, category: str, tmp_path: Path) -> None:
    name, pixels = "a.tif" if mode == "F" else "a.png", np.arange(48).reshape(6, 8)
    made = {"I;16": np.uint16(pixels * 999), "F": np.float32(pixels)}.get(mode, np.uint8(pixels * 5))
    (tmp_path / "photos").mkdir()
    whole = Image.fromarray(made) if mode in ("I;16", "F") else Image.fromarray(made).convert(mode)
    whole.save(tmp_path / "photos" / name)
    document = {"images": [{"id": 1, "file_name": name, "height": 6, "width": 8}], "annotations": []}
    (tmp_path / "a.json").write_text(json.dumps(document | {"categories": [{"id": 1, "name": "cat"}]}))
    result = cocoseg.tile(
        tmp_path / "a.json", tmp_path / "out", to="coco", size=6, overlap=0, photos=tmp_path / "photos"
    )
    assert [row.category for row in result.failures] == ([category] if category else [])
    if not category:
        with Image.open(tmp_path / "out" / "photos" / "a_y0_x2.png") as part:
            assert part.mode == mode
            np.testing.assert_array_equal(np.array(part.convert("I")), np.array(whole.convert("I"))[:, 2:])


def test_one_bad_image_costs_itself(tmp_path: Path) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    next((tmp_path / "photos").rglob("crowd.*")).write_bytes(b"\x89PNG none")
    result = cocoseg.tile(PANOPTIC, tmp_path / "out", size=4, overlap=1, photos=tmp_path / "photos")
    assert [row.category for row in result.failures] == ["image.corrupt"]
    assert result.images == 2
    assert not list((tmp_path / "out").rglob("crowd*"))


def test_a_run_is_resumed_and_tiles_of_another_size_replace_it(tmp_path: Path) -> None:
    options: dict[str, Any] = {"overlap": 1, "to": "semantic"}
    cocoseg.tile(PANOPTIC, tmp_path / "out", size=4, **options)
    next((tmp_path / "out").glob("touching_y0_x0.png")).unlink()
    assert cocoseg.tile(PANOPTIC, tmp_path / "out", size=4, **options).kept == 2
    result: Any = cocoseg.tile(PANOPTIC, tmp_path / "out", size=5, **options)
    assert len(list((tmp_path / "out").rglob("*.png"))) == result.pieces
    assert cocoseg.verify(tmp_path / "out").whole


@pytest.mark.parametrize("workers", [2])
def test_workers_write_the_same(workers: int, tmp_path: Path) -> None:
    for number in (1, workers):
        cocoseg.tile(INSTANCES, tmp_path / f"{number}.json", size=4, overlap=1, workers=number)
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / f"{workers}.json").read_bytes()


def test_what_is_on_top_in_the_image_is_on_top_in_its_tiles(tmp_path: Path) -> None:
    """The smaller of two masks is below where a tile shows less of the larger one."""
    small, large = np.zeros((4, 8), int), np.ones((4, 8), int)
    small[:, 1:4], large[:, :3] = 1, 0
    masks = [cocoseg.encode(mask.astype(bool)) for mask in (large, small)]
    annotations = [
        {"id": k, "image_id": 1, "category_id": k, "iscrowd": 0, "segmentation": mask}
        for k, mask in enumerate(masks, 1)
    ]
    image = {"id": 1, "file_name": "a.jpg", "height": 4, "width": 8}
    categories = [{"id": 1, "name": "large"}, {"id": 2, "name": "small"}]
    document = {"images": [image], "annotations": annotations, "categories": categories}
    (tmp_path / "a.json").write_text(json.dumps(document))
    cocoseg.tile(tmp_path / "a.json", tmp_path / "out", size=4, overlap=0, to="semantic")
    cocoseg.to_semantic(tmp_path / "a.json", tmp_path / "whole")
    whole = np.array(Image.open(tmp_path / "whole" / "a.png"))
    for x in (0, 4):
        tile = np.array(Image.open(tmp_path / "out" / f"a_y0_x{x}.png"))
        np.testing.assert_array_equal(tile, whole[:, x : x + 4])


@pytest.mark.parametrize(
    ("options", "category"),
    [
        ({"size": 0}, "usage.size"),
        ({"size": "4x"}, "usage.size"),
        ({"size": "4x0"}, "usage.size"),
        ({"size": (4, 4, 4)}, "usage.size"),
        ({"size": 4, "overlap": 4}, "usage.overlap"),
        ({"size": "9x4", "overlap": 4}, "usage.overlap"),
        ({"min_visible": 2.0}, "usage.min_visible"),
        ({"photos": PHOTOS}, "usage.photos"),
        ({"labels": "index"}, "usage.labels"),
    ],
)
def test_what_cannot_be_done_is_refused(options: dict[str, Any], category: str, tmp_path: Path) -> None:
    with pytest.raises(CocosegError) as caught:
        cocoseg.tile(INSTANCES, tmp_path / "out.json", **options)
    assert caught.value.category == category
    assert not (tmp_path / "out.json").exists()
