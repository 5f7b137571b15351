"""Supervisely: a project of data sets, with a JSON for each image."""

from __future__ import annotations

import base64
import json
import shutil
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.drawings import drawn, expected

import cocoseg
from cocoseg.codecs.rle import decode
from cocoseg.formats.detect import detect
from cocoseg.formats.supervisely import decode_bitmap
from cocoseg.model import Sample
from conftest import FIXTURES

PROJECT = FIXTURES / "supervisely"
LETTERS = {"car": "c", "person": "p", "road": "r"}
KEYS = ["day/park.png", "day/street.png", "night/soft.png"]

# Of the format's documentation: a bitmap and an alpha mask, as they are stored.
RING = "eJzrDPBz5+WS4mJgYOD19HAJAtLMIMwIInOeqf8BUmwBPiGuQPr///9Lb86/C2QxlgT5BTM4PLuRBuTwebo4hlTMSa44cOHAB6DqY0yORgq8YkAZBk9XP5d1TglNANAFGzA="
SOFT = "eJzrDPBz5+WS4mJgYOD19HAJAtLMIMwBJBiKnV8lAymmkiC/YAaGsslnLYA8EU8Xx5CKOckJa5JSEv6cP3DixAEGBq43jPUMLJK+IF2ern4u65wSmgBoaRby"


def read(folder: Path, *objects: dict[str, Any], size: tuple[int, int] = (8, 10), meta: Any = None) -> Sample:
    (folder / "ann").mkdir(exist_ok=True)
    document = {"size": {"height": size[0], "width": size[1]}, "objects": list(objects)}
    (folder / "ann" / "a.jpg.json").write_text(json.dumps(document))
    if meta:
        (folder / "meta.json").write_text(json.dumps({"classes": meta}))
    return cocoseg.read(folder)[0]


def figure(kind: str | None, exterior: Any, *interior: Any) -> dict[str, Any]:
    row = {"classTitle": "a", "geometryType": kind, "points": {"exterior": exterior, "interior": list(interior)}}
    return {key: value for key, value in row.items() if value is not None}


def test_vectors_of_the_documentation() -> None:
    assert decode_bitmap(RING, (9, 9)).astype(int).tolist() == [[1, 1, 1], [1, 0, 0], [1, 1, 1]]
    from cocoseg.files.png.alpha import read_alpha

    assert read_alpha(zlib.decompress(base64.b64decode(SOFT))).tolist() == [[1, 122, 1], [1, 255, 0], [1, 1, 1]]
    assert decode_bitmap(SOFT, (9, 9)).astype(int).tolist() == [[1, 1, 1], [1, 1, 0], [1, 1, 1]]


def test_is_recognised_from_above_and_below() -> None:
    for folder in (PROJECT, PROJECT / "day", PROJECT / "day" / "ann", PROJECT / "day" / "ann" / "street.jpg.json"):
        assert detect(folder) == "supervisely"


@pytest.mark.parametrize("number", range(3))
def test_the_drawn_set_is_what_was_drawn(number: int) -> None:
    dataset = cocoseg.read(PROJECT)
    assert dataset[number].key == KEYS[number]
    name = Path(KEYS[number]).stem
    assert drawn(dataset[number], dataset, LETTERS) == expected(f"supervisely/{name}")


def test_photos_are_named_in_their_folder() -> None:
    dataset = cocoseg.read(PROJECT)
    names = [sample.file_name for sample in dataset]
    assert names == ["day/img/park.jpg", "day/img/street.jpg", "night/img/soft.png"]
    inside = cocoseg.read(PROJECT / "day" / "ann")
    assert (inside[0].file_name, inside.photos) == ("park.jpg", str(PROJECT / "day" / "img"))


def test_classes_are_those_of_meta_json_above() -> None:
    wanted = [("car", (0x20, 0x8F, 0x4C)), ("person", (0xEC, 0x0A, 0x0A)), ("road", (0x0F, 0x1C, 0x8A))]
    for folder in (PROJECT, PROJECT / "night", PROJECT / "night" / "ann"):
        assert [(row.name, row.color) for row in cocoseg.read(folder).categories] == wanted


def test_without_meta_json_the_labels_are_the_classes(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "day", tmp_path / "x" / "y" / "day")
    assert [row.name for row in cocoseg.read(tmp_path / "x" / "y" / "day").categories] == ["car", "person", "road"]


def test_a_data_set_is_a_split() -> None:
    assert [sample.key for sample in cocoseg.read(PROJECT, split="day")] == KEYS[:2]
    with pytest.raises(
        cocoseg.DocumentError, match="no data set is called 'nigth'; .* 'day', 'night'; did you mean 'night'"
    ):
        cocoseg.read(PROJECT, split="nigth")


def test_a_hole_is_cut_out_of_its_polygon_alone(tmp_path: Path) -> None:
    ring, hole = [[0, 0], [8, 0], [8, 8], [0, 8]], [[2, 2], [6, 2], [6, 6], [2, 6]]
    sample = read(tmp_path, figure("polygon", hole), figure("polygon", ring, hole, [[7, 7], [8, 7], [8, 8], [7, 8]]))
    assert [int(mask.sum()) for mask in decode(sample.runs)] == [16, 64 - 16 - 1]


def test_holes_take_no_memory_for_pixels(tmp_path: Path) -> None:
    ring, hole = [[0, 0], [800, 0], [800, 800], [0, 800]], [[2, 2], [6, 2], [6, 6], [2, 6]]
    tracemalloc.start()
    read(tmp_path, *[figure("polygon", ring, hole)] * 50, size=(2000, 2000))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 50_000_000


def test_corners_of_a_rectangle_are_pixels_unless_they_are_not_whole(tmp_path: Path) -> None:
    rows = [figure("rectangle", corners) for corners in ([[3, 2], [1, 2]], [[1.0, 2.0], [3.5, 3.0]])]
    assert [int(mask.sum()) for mask in decode(read(tmp_path, *rows).runs)] == [3, 3]


def test_bitmaps_may_stick_out(tmp_path: Path) -> None:
    rows = [
        {"classTitle": "a", "geometryType": "bitmap", "bitmap": {"data": RING, "origin": origin}}
        for origin in ([-1, -1], [9, 7], [20, 20], [10**20, 0], [0, -(10**20)])
    ]
    assert [int(mask.sum()) for mask in decode(read(tmp_path, *rows).runs)] == [2, 1, 0, 0, 0]


def test_old_files_have_the_shape_in_the_class(tmp_path: Path) -> None:
    row = figure(None, [[0, 0], [4, 0], [4, 4]])
    for shape, count in (("polygon", 1), ("line", 0)):
        sample = read(tmp_path, row, meta=[{"title": "a", "shape": shape, "color": "#000000"}])
        assert len(sample.ids) == count
    with pytest.raises(cocoseg.SampleError, match=r"objects\[0\]: geometryType is 'any', expected one of polygon"):
        read(tmp_path, row, meta=[{"title": "a", "shape": "any", "color": "#000000"}])


def test_a_bitmap_that_unpacks_to_gigabytes_is_stopped() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(50 << 20))).decode()
    with pytest.raises(cocoseg.SampleError, match="unpacks to more than the 66,036 bytes") as caught:
        decode_bitmap(bomb, (10, 10))
    assert caught.value.category == "limit.pixels"


@pytest.mark.parametrize(("mode", "good"), [("P", False), ("L", True), ("RGBA", True), ("LA", True), ("RGB", False)])
def test_alpha_of_every_mode(mode: str, good: bool) -> None:
    import io

    from PIL import Image

    picture = Image.fromarray(np.array([[255, 0]], np.uint8)).convert("RGBA" if "A" in mode else mode)
    if "A" in mode:
        picture.putalpha(Image.fromarray(np.array([[7, 0]], np.uint8)))
        picture = picture.convert(mode)
    data = io.BytesIO()
    picture.save(data, format="PNG")
    packed = base64.b64encode(zlib.compress(data.getvalue())).decode()
    if good:
        assert decode_bitmap(packed, (4, 4)).tolist() == [[True, False]]
    else:
        with pytest.raises(cocoseg.SampleError, match="alpha"):
            decode_bitmap(packed, (4, 4))


def test_alpha_masks_are_told() -> None:
    assert [problem.category for problem in cocoseg.read(PROJECT)[2].problems] == ["seg.soft"]


def test_a_coco_json_in_a_folder_called_ann_stays_one(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "train.json").write_text((FIXTURES / "instances.json").read_text())
    assert detect(tmp_path) == "coco"
