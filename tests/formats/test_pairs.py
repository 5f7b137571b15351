"""Labels and their photos, by the names of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats.maps.pairs import pair


def lay_out(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.array([[0, 255]], np.uint8)
        Image.fromarray(pixels if name.endswith(".png") else np.stack([pixels] * 3, -1)).save(folder / name)
    return folder


@pytest.mark.parametrize(
    ("files", "labels", "photos", "suffix"),
    [
        (["a.png", "b.png"], ["a.png", "b.png"], {}, ""),
        (["a.jpg", "a.png"], ["a.png"], {"a.png": "a.jpg"}, ""),
        (["a.tif", "a.png"], ["a.png"], {"a.png": "a.tif"}, ""),
        (["a.png", "a.npy"], ["a.npy"], {"a.npy": "a.png"}, ""),
        (["a.tif", "b.png"], ["a.tif", "b.png"], {}, ""),
        (["images/a.png", "masks/a.png"], ["masks/a.png"], {"masks/a.png": "images/a.png"}, ""),
        (["a.jpg", "a_mask.png"], ["a_mask.png"], {"a_mask.png": "a.jpg"}, "_mask"),
        (["0001.png", "0001_L.png"], ["0001_L.png"], {"0001_L.png": "0001.png"}, "_L"),
        (["1_sat.jpg", "1_mask.png"], ["1_mask.png"], {"1_mask.png": "1_sat.jpg"}, "_mask"),
        (
            ["train/x.png", "train_labels/x_L.png"],
            ["train_labels/x_L.png"],
            {"train_labels/x_L.png": "train/x.png"},
            "_L",
        ),
        (["a_mask.png", "b_mask.png"], ["a_mask.png", "b_mask.png"], {}, ""),  # no photo says that it is a suffix
        (["a_seg.png", "b.png", "c.png"], ["a_seg.png", "b.png", "c.png"], {}, ""),
        (["img/x/1.jpg", "img/y/1.jpg", "gt/x/1.png"], ["gt/x/1.png"], {"gt/x/1.png": "img/x/1.jpg"}, ""),
        ([".a.png", "b.PNG"], ["b.PNG"], {}, ""),
    ],
)
def test_labels_and_photos(files: list[str], labels: list[str], photos: dict[str, str], suffix: str) -> None:
    found = pair(files)
    assert (found.labels, dict(found.photos), found.suffix) == (labels, photos, suffix)


def test_a_given_suffix(tmp_path: Path) -> None:
    folder = lay_out(tmp_path, "a_x.png", "a.jpg", "b_x.png", "c.jpg")
    dataset = cocoseg.read(folder, suffix="_x", class_name="cat")
    assert [(sample.key, sample.file_name) for sample in dataset] == [("a.png", "a.jpg"), ("b.png", "b.png")]
    (problem,) = dataset.problems
    assert "1 pictures have no photo beside them, the first is 'b_x.png'" in problem.message
    assert "1 pictures are photos or other pictures without labels, the first is 'c.jpg'" in problem.message
    with pytest.raises(cocoseg.DocumentError, match="ends in '_y'; the first is called 'a_x.png'; is --suffix right"):
        cocoseg.read(folder, suffix="_y", class_name="cat")


def test_a_found_suffix_is_said(tmp_path: Path) -> None:
    dataset = cocoseg.read(lay_out(tmp_path, "a_mask.png", "a.jpg"), class_name="cat")
    assert dataset.read_as.endswith("named as *_mask")
    assert (dataset[0].file_name, dataset.photos) == ("a.jpg", str(tmp_path))


def test_a_list_names_photos_or_labels_in_any_spelling(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "set", *(f"{name}.jpg" for name in "abcd"), *(f"{name}_mask.png" for name in "abcd"))
    listed = tmp_path / "list.txt"
    listed.write_text("d\nb.jpg\n./c_mask.png\nimages/a.jpg masks/a_mask.png\nz.jpg\n")
    dataset = cocoseg.read(folder, split=listed, class_name="cat")
    assert [entry.key for entry in dataset.entries] == ["d.png", "b.png", "c.png", "a.png", ""]


def test_a_list_is_not_read_as_another_folder_of_the_same_name(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "set", "labels/val/a.png", "labels/train/b.png")
    listed = tmp_path / "list.txt"
    listed.write_text("images/train/a.jpg\nimages/train/b.jpg\n")
    dataset = cocoseg.read(folder, split=listed, class_name="cat")
    assert [entry.key for entry in dataset.entries] == ["labels/train/b.png", ""]


def test_a_hundred_thousand_names_are_paired_at_once() -> None:
    import time

    files = [
        f"{part}/{number:06}{end}" for number in range(50_000) for part, end in (("i", ".jpg"), ("m", "_mask.png"))
    ]
    start = time.perf_counter()
    assert len(pair(files).photos) == 50_000
    assert time.perf_counter() - start < 5
