"""Folders and files without labels that are read: what they hold, and what to do, in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats.nearest import SIGNS, nearest
from command import cocoseg as run

XML = "<annotation><folder>VOC2012</folder><object><name>cat</name>{}</object></annotation>"
VOC = XML.format("<bndbox><xmin>1</xmin></bndbox>")
OLD = XML.format("<polygon><pt><x>1</x></pt></polygon>")
PAGE = "\n<!DOCTYPE html><html><body>Sign in</body></html>"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"
JSON = '{{"images": [{{"id": 1}}], "annotations": [{{"image_id": 1, {}}}]}}'

CASES = {
    "empty": ({}, "is empty; expected labels"),
    "hidden": ({".DS_Store": ""}, "is empty; expected labels"),
    "page": ({"data.zip": PAGE, "x.txt": ""}, "holds a web page (as 'data.zip') in place of the data"),
    "page_json": ({"a.json": PAGE}, "holds a web page (as 'a.json')"),
    "lfs": ({"train/a.json": POINTER}, "holds a git-lfs pointer (as 'train/a.json') in place of the data; run 'git lfs"),
    "zip": ({"gtFine.zip": "PK"}, "holds a packed download (as 'gtFine.zip'); unpack it"),
    "tar": ({"VOC.tar": "", "a.md": ""}, "holds a packed download (as 'VOC.tar')"),
    "kitti_3d": ({"training/label_2/000000.txt": "Car 0.00 0 1 2 3 4 5"}, "holds the 3D objects of KITTI"),
    "voc_boxes": ({"JPEGImages/a.jpg": "", "Annotations/a.xml": VOC}, "holds boxes in the XML of Pascal VOC"),
    "old_labelme": ({"Images/a.jpg": "", "Annotations/a.xml": OLD}, "datum convert -if label_me -i "),
    "yolo_boxes": ({"images/a.jpg": "", "labels/a.txt": "0 0.5 0.5 0.25 1e-3\n1 0 0 1 1"}, "holds YOLO's boxes"),
    "captions": ({"captions_val2017.json": JSON.format('"caption": "a"')}, "holds captions (as 'captions_val2017.json"),
    "keypoints": ({"a.json": JSON.format('"keypoints": [1, 2, 2], "bbox": [1, 1, 1, 1]')}, "holds keypoints (as"),
    "boxes": ({"a.json": JSON.format('"bbox": [1, 1, 1, 1]')}, "holds a JSON of boxes (as 'a.json')"),
    "matlab": ({"cls/2008_000002.mat": ""}, "holds MATLAB files (as 'cls/2008_000002.mat')"),
    "jpeg_masks": ({"images/a.jpg": "", "masks/a.jpg": ""}, "holds masks saved as JPEG (as 'masks/a.jpg')"),
    "jpeg_suffix": ({"a.jpg": "", "a_mask.jpg": ""}, "holds masks saved as JPEG (as 'a_mask.jpg')"),
    "cityscapes": ({"leftImg8bit/val/x/x_0_1_leftImg8bit.jpg": ""}, "gtFine_trainvaltest.zip"),
    "ade20k": ({"images/training/ADE_train_00000001.jpg": ""}, "ADEChallengeData2016.zip"),
    "voc_photos": ({"JPEGImages/2007_000032.jpg": ""}, "VOCtrainval_11-May-2012.tar"),
    "coco": ({"val2017/000000000139.jpg": ""}, "annotations_trainval2017.zip: give its JSON"),
    "bdd100k": ({"images/10k/val/7d06fefd-f7be05a6.jpg": ""}, "bdd100k_pan_seg_labels_trainval.zip"),
    "mapillary": ({"training/images/abc.jpg": ""}, "which lie in v1.2 and v2.0 of the same download"),
    "photos": ({"a.jpg": "", "b/c.webp": ""}, "holds photos (as 'a.jpg') and no labels; give the folder of their"),
    "others": ({"a.md": "", "b.cfg": "x"}, "holds no labels that are read (found only 2 files, as 'a.md'); looked for panoptic"),
}  # fmt: skip


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_each_has_a_sentence(case: str, tmp_path: Path) -> None:
    files, said = CASES[case]
    folder = lay_out(tmp_path / "set", files)
    for call in (cocoseg.info, cocoseg.read, lambda src: cocoseg.to_coco(src, tmp_path / "out.json")):
        with pytest.raises(cocoseg.DocumentError) as caught:
            call(folder)
        assert caught.value.category == "doc.empty"
        assert f"the folder '{folder}' " in caught.value.message
        assert said in caught.value.message
    assert not (tmp_path / "out.json").exists()


def test_each_sign_has_a_case() -> None:
    said = " ".join(text for _, text in CASES.values())
    assert len(CASES) > len(SIGNS)
    assert "holds YOLO's boxes" in said


def test_of_kitti_the_photos_are_pngs(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    for folder, said in (("image_2", "photos of KITTI"), ("image_3", "photos of KITTI")):
        (tmp_path / folder).mkdir()
        Image.fromarray(noise).save(tmp_path / folder / "000000_10.png")
        with pytest.raises(cocoseg.DocumentError, match=f"{said} .*data_semantics.zip, in training/semantic"):
            cocoseg.read(tmp_path / folder)
    (tmp_path / "label_2").mkdir()
    (tmp_path / "label_2" / "000000.txt").write_text("Car 0.00 0 1 2 3 4 5")
    with pytest.raises(cocoseg.DocumentError, match="the 3D objects of KITTI"):
        cocoseg.info(tmp_path)


def test_photos_beside_labels_name_the_folder_of_both(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "VOC2012", {"JPEGImages/a.jpg": "", "SegmentationClass/a.png": ""})
    result = run("info", folder / "JPEGImages")
    assert result.code == 3
    assert f"'{folder}' has 'SegmentationClass': try 'cocoseg info {folder}'" in result.stderr


def test_another_format_was_asked_for(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "set", {"a.json": JSON.format('"segmentation": []')})
    with pytest.raises(cocoseg.DocumentError, match="holds annotations .*; leave out --source-format"):
        cocoseg.read(folder, source_format="semantic")
    photos = lay_out(tmp_path / "photos", {"leftImg8bit/val/x/x_0_1_leftImg8bit.png": ""})
    with pytest.raises(cocoseg.DocumentError, match="holds no Cityscapes .*; it holds photos of Cityscapes"):
        cocoseg.read(photos, source_format="cityscapes")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.xml", VOC, "holds boxes in the XML of Pascal VOC, which have no masks"),
        ("a.xml", OLD, "holds the XML of the old LabelMe, which is not read; datumaro converts it: datum convert"),
        ("a.txt", "0 0.5 0.5 0.25 0.25\n", "holds YOLO's boxes, five numbers in a line"),
        ("a.zip", "PK", "holds a packed download; unpack it"),
        ("a.tar.gz", "PK", "holds a packed download; unpack it"),
        ("a.zip", PAGE, "holds a web page in place of the data"),
        ("a.mat", "", "holds MATLAB files"),
        ("a.png", "", "is one picture; give the folder of the label pictures: cocoseg info "),
    ],
)
def test_files_too(name: str, text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(cocoseg.DocumentError) as caught:
        cocoseg.read(path)
    assert caught.value.category == "doc.kind"
    assert f"'{path}' {said}" in caught.value.message


def test_what_cannot_be_looked_into_stays_unknown(tmp_path: Path) -> None:
    assert nearest(str(tmp_path), ["gone.xml"]) == ""


def test_old_labelme_of_the_real_samples(real_data: Path) -> None:
    with pytest.raises(cocoseg.DocumentError, match="the XML of the old LabelMe"):
        cocoseg.info(real_data / "labelme" / "labelme_dataset" / "Annotations")
