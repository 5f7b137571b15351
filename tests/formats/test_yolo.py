"""YOLO-seg: outlines in shares of their photos' sizes."""

from __future__ import annotations

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
from cocoseg.formats.detect import detect
from cocoseg.formats.yolo.config import read_config
from cocoseg.formats.yolo.labels import read_lines
from conftest import FIXTURES

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools on NumPy 2

YOLO = FIXTURES / "yolo"
DRAWN = FIXTURES / "expected" / "yolo"
CLASSES = {"a": 0, "b": 2, "c": 1, "d": 0}
NAMES = ["train/000000000007", "val/nothing", "val/turned"]


def drawing(name: str) -> np.ndarray:
    return np.array([list(row) for row in (DRAWN / f"{name}.txt").read_text().split()])


def masks_of(sample: Any) -> set[tuple[int, bytes]]:
    pairs = zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True)
    return {(number, mask.tobytes()) for number, mask in pairs}


@pytest.fixture
def yolo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(YOLO, tmp_path / "set" / "yolo"))


def config(folder: Path, text: str) -> Path:
    (folder / "data.yaml").write_text(text)
    return folder / "data.yaml"


@pytest.mark.parametrize("name", NAMES)
def test_objects_are_those_that_were_drawn(name: str) -> None:
    sample = cocoseg.read(YOLO / "data.yaml")[NAMES.index(name)]
    letters = drawing(name)
    assert sample.size == letters.shape
    wanted = {(CLASSES[letter], (letters == letter).tobytes()) for letter in {*letters.flat} - {"."}}
    assert masks_of(sample) == wanted


def test_classes_are_texts_and_photos_give_the_names() -> None:
    dataset = cocoseg.read(YOLO)
    assert [row.name for row in dataset.categories] == ["cat", "no", "traffic light"]
    assert [sample.key for sample in dataset] == [f"{name}.png" for name in NAMES]
    assert [sample.file_name for sample in dataset] == [f"{name}.jpg" for name in NAMES]
    assert Path(dataset.photos) == YOLO / "images"
    assert dataset.problems == ()


def test_sources_are_the_yaml_its_folder_and_the_folders_above_and_below(yolo: Path) -> None:
    whole = [masks_of(sample) for sample in cocoseg.read(yolo / "data.yaml")]
    for source in (yolo, yolo.parent, yolo / "labels"):
        assert detect(source) == "yolo"
        assert [masks_of(sample) for sample in cocoseg.read(source)] == whole
    below = cocoseg.read(yolo / "labels" / "val")
    assert [masks_of(sample) for sample in below] == whole[1:]


def test_a_split_has_its_own_photos_with_the_same_ids() -> None:
    ids = {Path(sample.key).name: sample.image_id for sample in cocoseg.read(YOLO)}
    for split in ("val", "valid"):
        part = cocoseg.read(YOLO, split=split)
        assert {sample.key: sample.image_id for sample in part}.items() <= ids.items()
        assert [sample.file_name for sample in part] == ["nothing.jpg", "turned.jpg"]
        assert Path(part.photos) == YOLO / "images" / "val"


def test_a_list_of_photos_is_a_split(yolo: Path) -> None:
    (yolo / "some.txt").write_text("./images/val/turned.jpg\n\nimages/train/000000000007.jpg\n")
    config(yolo, "val: some.txt\nnames: {0: cat, 1: dog, 2: cow}\n")
    assert [sample.file_name for sample in cocoseg.read(yolo)] == ["val/turned.jpg", "train/000000000007.jpg"]
    assert len(cocoseg.read(YOLO, split=yolo / "some.txt")) == 2


def test_several_folders_are_one_split(yolo: Path) -> None:
    config(yolo, "train: [images/train, images/val, images/train]\nnc: 3\n")
    dataset = cocoseg.read(yolo)
    assert [sample.file_name for sample in dataset] == [f"{name}.jpg" for name in NAMES]
    assert [row.name for row in dataset.categories] == ["class_0", "class_1", "class_2"]
    assert "called class_0" in dataset.problems[0].message


def test_roboflow_moves_its_folders(tmp_path: Path) -> None:
    for kind in ("images", "labels"):
        shutil.copytree(YOLO / kind / "val", tmp_path / "valid" / kind)
    config(tmp_path, "train: ../train/images\nval: ../valid/images\nnc: 3\nnames: ['cat', 'no', 'light']\n")
    dataset = cocoseg.read(tmp_path)
    assert [sample.file_name for sample in dataset] == ["nothing.jpg", "turned.jpg"]
    assert dataset.missing == ("photos of train: ../train/images",)


def test_without_a_yaml_names_are_in_classes_txt(yolo: Path) -> None:
    (yolo / "data.yaml").unlink()
    assert detect(yolo) == "yolo"
    with pytest.raises(cocoseg.DocumentError, match="--categories"):
        cocoseg.read(yolo)
    assert cocoseg.info(yolo).segments == 4
    (yolo / "labels" / "classes.txt").write_text("cat\nno\nlight\n")
    dataset = cocoseg.read(yolo)
    assert [row.name for row in dataset.categories] == ["cat", "no", "light"]
    assert len(cocoseg.read(yolo, split="val")) == 2
    assert len(dataset) == 3


@pytest.mark.parametrize(
    ("text", "said"), [("0 .5 .5 .2 .2\n1 .5 .5 .2 .2\n", "boxes"), ("Car 0.00 0 -1.58 587 173\n", "'Car'")]
)
def test_labels_of_another_kind_are_refused_by_name(yolo: Path, text: str, said: str) -> None:
    for path in (yolo / "labels").rglob("*.txt"):
        path.write_text(text)
    with pytest.raises(cocoseg.DocumentError, match=said) as caught:
        cocoseg.read(yolo)
    assert caught.value.category == "doc.kind"


def test_photos_without_any_label_are_refused_and_such_a_split_is_left_out(yolo: Path) -> None:
    (yolo / "labels" / "train" / "000000000007.txt").unlink()
    dataset = cocoseg.read(yolo)
    assert [sample.file_name for sample in dataset] == ["nothing.jpg", "turned.jpg"]
    assert [problem.category for problem in dataset.problems] == ["yolo.unlabelled"]
    shutil.rmtree(yolo / "labels")
    with pytest.raises(
        cocoseg.DocumentError, match="none of the 3 photos has a label file; the first would be .*/labels/"
    ):
        cocoseg.read(yolo)


def test_several_yamls_are_named(yolo: Path) -> None:
    shutil.copy(yolo / "data.yaml", yolo / "other.yaml")
    with pytest.raises(cocoseg.DocumentError, match=r"data\.yaml', 'other\.yaml'; name one"):
        cocoseg.read(yolo)


def test_a_little_outside_is_cut_off_at_the_edge(yolo: Path) -> None:
    (yolo / "labels" / "val" / "nothing.txt").write_text("0 -0.01 -0.01 1.01 -0.01 1.01 1.01 -0.01 1.01\n")
    assert cocoseg.read(yolo)[1].areas.tolist() == [8]


def test_aliases_of_aliases_take_no_memory(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 30)]
    path = config(tmp_path, "\n".join([*rows, "names: *a29", "train: images"]))
    with pytest.raises(cocoseg.DocumentError, match=r"names\[0\] is a list"):
        read_config(str(path))


def test_many_keys_take_no_time(tmp_path: Path) -> None:
    names = "".join(f" {number}: x\n" for number in range(20_000))
    begin = time.perf_counter()
    assert len(read_config(str(config(tmp_path, f"train: images\nnames:\n{names}"))).categories) == 20_000
    mapping = time.perf_counter() - begin
    names = "[" + "x, " * 20_000 + "]"
    begin = time.perf_counter()
    read_config(str(config(tmp_path, f"train: images\nnames: {names}")))
    assert mapping < 5 * (time.perf_counter() - begin)


def test_deep_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.DocumentError, match="not valid YAML"):
        read_config(str(config(tmp_path, "names: " + "[" * 100_000)))


def test_lines_may_end_as_on_windows_and_be_empty() -> None:
    rows, repeated = read_lines(b"\xef\xbb\xbf1.0 0 0 1 0 1 1\r\n\r\n", {1})
    assert ([tuple(row[:2]) for row in rows], repeated) == ([(1, 1)], 0)


def denormalised(line: str, height: int, width: int) -> tuple[int, np.ndarray]:
    """The class of a line and its mask by pycocotools."""
    number, *shares = line.split()
    ring = [float(share) * (height if k % 2 else width) for k, share in enumerate(shares)]
    return int(number), coco_mask.decode(coco_mask.frPyObjects([ring], height, width))[:, :, 0].astype(bool)


def test_real_outlines_are_filled_as_pycocotools_does(real_data: Path) -> None:
    folder = real_data / "yolo_seg" / "YOLOv8"
    for sample in cocoseg.read(folder / "dataset.yaml"):
        with Image.open(folder / "images" / sample.file_name) as photo:
            width, height = photo.size
        lines = (folder / "labels" / sample.file_name).with_suffix(".txt").read_text().splitlines()
        wanted = {(number, mask.tobytes()) for number, mask in (denormalised(line, height, width) for line in lines)}
        assert masks_of(sample) == wanted


def test_real_outlines_are_those_of_the_coco_file_up_to_rounding(real_data: Path) -> None:
    """The texts have six digits: 0.0006 of a pixel, which moves a pixel of an outline only by bad luck."""
    coco = json.loads((real_data / "yolo_seg" / "COCO" / "instances.json").read_text())
    sizes = {row["id"]: (row["height"], row["width"]) for row in coco["images"]}
    by_id = cocoseg.read(real_data / "yolo_seg" / "YOLOv8")
    for row in coco["annotations"]:
        rle = coco_mask.merge(coco_mask.frPyObjects(row["segmentation"], *sizes[row["image_id"]]))
        wanted = coco_mask.decode(rle).astype(bool)
        sample = by_id.by_image_id(row["image_id"])
        found = cocoseg.instance_masks(sample)[sample.category_ids == row["category_id"]]
        assert len(found) == 1
        assert (found[0] != wanted).sum() <= 2


def test_another_size_of_a_photo_is_converted_again(yolo: Path, tmp_path: Path) -> None:
    photo = yolo / "images" / "val" / "nothing.jpg"
    for size in ((4, 2), (8, 4)):
        Image.new("RGB", size).save(photo)
        cocoseg.to_semantic(yolo, tmp_path / "out")
        with Image.open(tmp_path / "out" / "val" / "nothing.png") as made:
            assert made.size == size
