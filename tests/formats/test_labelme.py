"""LabelMe: a JSON for each image, of all versions."""

from __future__ import annotations

import base64
import io
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

import cocoseg
from cocoseg.codecs.rle import decode
from cocoseg.formats.detect import detect
from cocoseg.formats.labelme import drawn
from conftest import FIXTURES

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools on NumPy 2

LABELME = FIXTURES / "labelme"
NAMES = ["old", "shapes", "sub/round"]
CLASSES = {"a": 1, "b": 1, "d": 2, "#": 3}


def drawing(name: str) -> np.ndarray:
    text = (FIXTURES / "expected" / "labelme" / f"{name}.txt").read_text()
    return np.array([list(row) for row in text.split()])


def document(*shapes: dict[str, Any], **more: Any) -> dict[str, Any]:
    rows = [{"label": "cat", "group_id": None, "shape_type": "polygon"} | shape for shape in shapes]
    head = {"version": "5.0", "imagePath": "a.jpg", "imageData": None, "imageHeight": 20, "imageWidth": 30}
    return head | {"shapes": rows} | more


def save(folder: Path, *shapes: dict[str, Any], **more: Any) -> Path:
    (folder / "a.json").write_text(json.dumps(document(*shapes, **more)))
    return folder


RING = [[1.5, 2], [25.25, 3.75], [18, 17.1], [3, 12]]


@pytest.mark.parametrize("name", NAMES)
def test_objects_are_those_that_were_drawn(name: str) -> None:
    sample = cocoseg.read(LABELME)[NAMES.index(name)]
    letters = drawing(name)
    pairs = zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True)
    wanted = {(CLASSES[letter], (letters == letter).tobytes()) for letter in {*letters.flat} - {"."}}
    assert {(number, mask.tobytes()) for number, mask in pairs} == wanted
    assert (sample.key, sample.file_name) == (f"{name}.png", f"{name}.jpg")


@pytest.mark.parametrize("name", NAMES)
def test_class_maps_have_the_numbers_of_labels_txt(name: str, tmp_path: Path) -> None:
    cocoseg.to_semantic(LABELME, tmp_path / "out")
    wanted = np.vectorize({".": 0, "a": 1, "b": 1, "d": 2, "#": 255}.get)(drawing(name))
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "out" / f"{name}.png")), wanted)


def test_what_has_no_area_is_counted() -> None:
    said = [problem.message.partition("json': ")[2] for problem in cocoseg.read(LABELME)[1].problems]
    assert said == ["1 lines without an area were left out", "1 points without an area were left out"]


def test_ignored_shapes_are_void_unless_all_classes_are_kept(tmp_path: Path) -> None:
    assert [row.name for row in cocoseg.read(LABELME).categories if row.ignored] == ["__ignore__"]
    cocoseg.to_semantic(LABELME, tmp_path / "out", all_classes=True)
    assert 3 in np.array(Image.open(tmp_path / "out" / "sub" / "round.png"))


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    assert detect(LABELME / "shapes.json") == "labelme"
    assert [sample.key for sample in cocoseg.read(LABELME / "shapes.json")] == ["shapes.png"]


def test_photos_of_any_kind_may_lie_beside(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(LABELME / f"{name}.json", (tmp_path / name).with_suffix(".json"))
        Image.new("RGB", (8, 5)).save((tmp_path / name).with_suffix(".png"))
    assert detect(tmp_path) == "labelme"
    assert [row.name for row in cocoseg.read(tmp_path).categories] == ["cat", "dog", "__ignore__"]


def test_a_coco_json_among_them_is_named(tmp_path: Path) -> None:
    save(tmp_path, {"points": RING})
    shutil.copy(FIXTURES / "instances.json", tmp_path / "coco.json")
    with pytest.raises(cocoseg.DocumentError, match=r"2 files with annotations: 'a\.json', 'coco\.json'; name one"):
        cocoseg.read(tmp_path)


@pytest.mark.parametrize(
    ("path", "name"),
    [("..\\photos\\b.jpg", "b.jpg"), ("sub\\b.jpg", "sub/b.jpg"), ("C:\\x\\b.jpg", "b.jpg"), ("/x/b.jpg", "b.jpg")],
)
def test_paths_of_windows_and_of_other_folders(tmp_path: Path, path: str, name: str) -> None:
    assert cocoseg.read(save(tmp_path, imagePath=path))[0].file_name == name


def test_without_a_size_the_photo_beside_has_it(tmp_path: Path) -> None:
    save(tmp_path, {"points": RING}, imageHeight=None, imageWidth=None)
    with pytest.raises(cocoseg.SampleError, match="no photo 'a'"):
        cocoseg.read(tmp_path)[0]
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg")
    assert cocoseg.read(tmp_path)[0].size == (20, 30)


def test_all_corners_of_a_box_may_be_given(tmp_path: Path) -> None:
    corners = {"shape_type": "rectangle", "points": [[1, 2], [4, 2], [4, 6], [1, 6]]}
    assert cocoseg.read(save(tmp_path, corners))[0].areas.tolist() == [12]


def test_groups_join_shapes_of_one_label_only(tmp_path: Path) -> None:
    boxes = [[[k, 0], [k + 2, 4]] for k in (0, 5, 10)]
    rows = [{"shape_type": "rectangle", "points": box, "group_id": 7} for box in boxes]
    sample = cocoseg.read(save(tmp_path, rows[0], rows[1], rows[2] | {"label": "dog"}))[0]
    assert sample.areas.tolist() == [16, 8]


def test_a_photo_inside_is_passed_over_quickly() -> None:
    text = json.dumps(document({"points": RING}, imageData="A" * (16 << 20))).encode()
    started = time.perf_counter()
    assert len(drawn(text).shapes) == 1
    assert time.perf_counter() - started < 0.5  # 15 ms; json.loads takes no less


def test_polygons_are_filled_as_pycocotools_does(tmp_path: Path) -> None:
    ring = [value for point in RING for value in point]
    wanted = coco_mask.decode(coco_mask.frPyObjects([ring], 20, 30))[:, :, 0].astype(bool)
    assert (cocoseg.instance_masks(cocoseg.read(save(tmp_path, {"points": RING}))[0])[0] == wanted).all()


def mask_of_ones() -> str:
    picture = io.BytesIO()
    Image.fromarray(np.ones((2, 3), np.uint8)).save(picture, "PNG")
    return base64.b64encode(picture.getvalue()).decode()


def test_a_mask_that_was_moved_lies_where_labelme_puts_it(tmp_path: Path) -> None:
    mask = mask_of_ones()
    moved = {"shape_type": "mask", "points": [[4.7, 5.5], [6.7, 6.5]], "mask": mask}
    assert np.argwhere(decode(cocoseg.read(save(tmp_path, moved))[0].runs)[0])[0].tolist() == [5, 4]


def test_a_mask_may_lie_far_outside(tmp_path: Path) -> None:
    mask = mask_of_ones()
    far = {"shape_type": "mask", "points": [[1e300, 5], [1e300, 6]], "mask": mask}
    assert cocoseg.read(save(tmp_path, far))[0].areas.tolist() == [0]


@pytest.mark.parametrize("edge", [1e15, 1e200, 1e308])
def test_a_circle_beyond_all_pictures_costs_its_image(tmp_path: Path, edge: float) -> None:
    dataset = cocoseg.read(save(tmp_path, {"shape_type": "circle", "points": [[0, 0], [edge, edge]]}))
    with pytest.raises(cocoseg.SampleError, match=r"shapes\[0\]") as caught:
        dataset[0]
    assert caught.value.category in ("poly.range", "poly.nonfinite")


def test_a_folder_without_a_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<annotation/>")
    with pytest.raises(cocoseg.DocumentError, match="holds no .json of this format"):
        cocoseg.read(tmp_path, source_format="labelme")
