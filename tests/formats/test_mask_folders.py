"""Binary masks in folders of classes or of images, and what looks like them but is not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from cocoseg.model import Dataset
from conftest import FIXTURES

CLASSES = FIXTURES / "class-folders"
IMAGES = FIXTURES / "instance-folders"
MASK = np.array([[0, 255], [255, 255]], np.uint8)


def letters(kind: str, name: str) -> np.ndarray:
    return np.array([list(row) for row in (FIXTURES / "expected" / kind / f"{name}.txt").read_text().split()])


def lay_out(folder: Path, names: Iterable[str], pixels: np.ndarray = MASK) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name)
    return folder


def masks(dataset: Dataset, number: int) -> dict[str, list[bytes]]:
    names = {row.id: row.name for row in dataset.categories}
    found: dict[str, list[bytes]] = {}
    sample = dataset[number]
    for category, mask in zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True):
        found.setdefault(names[category], []).append(mask.tobytes())
    return found


class TestClassFolders:
    def test_are_what_was_drawn(self) -> None:
        dataset = cocoseg.read(CLASSES)
        assert detect(CLASSES) == "class-folders"
        for number, name in enumerate("ab"):
            grid = letters("class-folders", name)
            wanted = {"car": np.isin(grid, ["a", "b"]), "dog": grid == "d", "road": grid == "r"}
            assert masks(dataset, number) == {key: [mask.tobytes()] for key, mask in wanted.items() if mask.any()}
            assert dataset[number].iscrowd.all()

    def test_masks_may_overlap(self, tmp_path: Path) -> None:
        source = lay_out(tmp_path / "m", ["cat/x.png", "dog/x.png"])
        assert cocoseg.to_semantic(source, tmp_path / "out").pixels == {0: 1, 2: 3}
        summary = cocoseg.to_semantic(source, tmp_path / "void", overlap="void")
        assert summary.pixels[255] == 3

    def test_stuff_is_no_crowd_and_the_names_are_those_of_categories(self, tmp_path: Path) -> None:
        names = tmp_path / "c.json"
        names.write_text('[{"id": 9, "name": "cat", "isthing": 1}, {"id": 5, "name": "sky", "isthing": 0}]')
        source = lay_out(tmp_path / "m", ["cat/x.png", "sky/x.png"])
        sample = cocoseg.read(source, categories=names)[0]
        assert (sample.category_ids.tolist(), sample.iscrowd.tolist()) == ([9, 5], [True, False])
        lay_out(source, ["dog/x.png"])
        with pytest.raises(cocoseg.DocumentError, match="the folder 'dog' is not the name of a category"):
            cocoseg.read(source, categories=names)

    def test_splits_above_classes_and_photos_beside(self, tmp_path: Path) -> None:
        names = [f"{split}/{word}/{name}.png" for split in ("train", "val") for word in ("cat", "dog") for name in "xy"]
        source = lay_out(tmp_path, [*names, "images/train/x.jpg", "images/train/y.jpg", "images/val/x.jpg"])
        dataset = cocoseg.read(source)
        assert [sample.key for sample in dataset] == ["train/x.png", "train/y.png", "val/x.png", "val/y.png"]
        assert dataset[0].file_name == "images/train/x.jpg"
        assert "1 images have no photo beside them, the first is 'val/y'" in dataset.problems[0].message
        assert [sample.key for sample in cocoseg.read(source, split="val")] == ["val/x.png", "val/y.png"]
        (tmp_path / "val.txt").write_text("images/val/x.jpg\n")
        assert [row.key for row in cocoseg.read(source, split=tmp_path / "val.txt")] == ["val/x.png"]

    @pytest.mark.parametrize(
        ("names", "format"),
        [
            (["cat/x.png", "dog/x.png"], "class-folders"),
            (["cat/x.png", "cat/y.png", "dog/x.png"], "class-folders"),
            (["masks/cat/x.png", "masks/dog/x.png"], "class-folders"),
            (["cat/x.png", "dog/y.png"], "semantic"),  # no name twice
            (["train/x.png", "val/x.png"], "semantic"),
            (["expert1/x.png", "expert2/x.png"], "semantic"),
            (["gt/x.png", "pred/x.png"], "semantic"),
            (["bear/00000.png", "bear/00001.png", "bmx/00000.png", "bmx/00001.png"], "semantic"),  # films
            (["bear/00000.png", "bear/00007.png", "bmx/00000.png", "bmx/00007.png"], "class-folders"),
        ],
    )
    def test_are_told_from_others(self, names: list[str], format: str, tmp_path: Path) -> None:
        assert detect(lay_out(tmp_path / "m", names)) == format
        categories = [row.name for row in cocoseg.read(tmp_path / "m", source_format="class-folders").categories]
        assert categories == sorted({name.split("/")[-2] for name in names})

    def test_frames_with_one_photo_each_are_images(self, tmp_path: Path) -> None:
        names = [f"{word}/{number}.png" for word in ("cat", "dog") for number in (1, 2)]
        assert detect(lay_out(tmp_path, [*names, "images/1.jpg", "images/2.jpg"])) == "class-folders"

    def test_class_maps_of_the_same_names_are_none(self, tmp_path: Path) -> None:
        assert detect(lay_out(tmp_path, ["cat/x.png", "dog/x.png"], np.array([[0, 1, 2]], np.uint8))) == "semantic"

    def test_where_it_is_doubtful_a_warning_says_what_to_type(self, tmp_path: Path) -> None:
        (problem,) = cocoseg.read(lay_out(tmp_path / "m", ["cat/x.png", "dog/y.png"])).problems
        assert "--from class-folders" in problem.message
        assert "--from instance-folders" in problem.message


class TestInstanceFolders:
    def test_are_what_was_drawn(self) -> None:
        dataset = cocoseg.read(IMAGES, class_name="car")
        assert detect(IMAGES) == "instance-folders"
        for number, name in enumerate("ab"):
            grid = letters("instance-folders", name)
            found = masks(dataset, number)["car"]
            assert found == [(grid == letter).tobytes() for letter in "ab" if (grid == letter).any()]
            assert not dataset[number].iscrowd.any()
            assert dataset[number].file_name == f"{name}/images/{name}.png"
        assert (dataset.photos, dataset.missing) == (str(IMAGES), ())

    def test_the_class_is_said_unless_it_is_given(self, tmp_path: Path) -> None:
        assert "all of the class 'object' (--class names it)" in cocoseg.read(IMAGES).read_as
        (tmp_path / "one.txt").write_text("nucleus")
        assert [row.name for row in cocoseg.read(IMAGES, categories=tmp_path / "one.txt").categories] == ["nucleus"]
        (tmp_path / "two.txt").write_text("nucleus\ncell")
        with pytest.raises(cocoseg.DocumentError, match="lists 2 categories, but all masks are of one class"):
            cocoseg.read(IMAGES, categories=tmp_path / "two.txt")

    def test_an_empty_mask_is_left_out(self, tmp_path: Path) -> None:
        source = lay_out(tmp_path, ["x/masks/1.png", "x/images/x.png"])
        lay_out(source, ["x/masks/2.png"], np.zeros((2, 2), np.uint8))
        assert len(cocoseg.read(source)[0].ids) == 1

    @pytest.mark.parametrize(
        ("names", "format"),
        [
            (["x/images/x.png", "x/masks/1.png"], "instance-folders"),
            (["stage1/x/images/x.png", "stage1/x/masks/1.png", "stage1/x/masks/2.png"], "instance-folders"),
            (["train/images/x.png", "train/masks/x.png"], "semantic"),  # a pair
            (["train/images/x.png", "train/masks/1.png"], "semantic"),  # a split
            (["cat/images/x.png", "cat/images/y.png", "cat/masks/x.png", "cat/masks/y.png"], "semantic"),
        ],
    )
    def test_are_told_from_others(self, names: list[str], format: str, tmp_path: Path) -> None:
        assert detect(lay_out(tmp_path, names)) == format

    def test_an_image_without_masks_is_not_listed(self, tmp_path: Path) -> None:
        source = lay_out(tmp_path, ["x/images/x.png", "x/masks/1.png", "y/images/y.png"])
        assert [sample.key for sample in cocoseg.read(source)] == ["x.png"]


def turned(path: Path) -> None:
    """A mask whose palette shows 0 as white."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(MASK // 255).convert("P")
    picture.putpalette([255, 255, 255, 0, 0, 0])
    picture.save(path)


def test_masks_with_white_as_0_may_be_swapped(tmp_path: Path) -> None:
    for name in ("a", "b"):
        turned(tmp_path / "data" / "cat" / f"{name}_q.png")
        lay_out(tmp_path / "data" / "dog", [f"{name}_q.png"])
    with pytest.raises(cocoseg.SampleError, match="shows 0 as white and 1 as black"):
        cocoseg.read(tmp_path / "data", source_format="class-folders")[0]


def test_a_folder_of_masks_with_white_as_0_is_asked_about(tmp_path: Path) -> None:
    turned(tmp_path / "data" / "a.png")
    with pytest.raises(cocoseg.DocumentError, match="the palettes of 1 of 1 pictures show 0 as white"):
        cocoseg.read(tmp_path / "data")
    (tmp_path / "own.csv").write_text("id,name\n0,bg\n1,cat\n")
    assert cocoseg.read(tmp_path / "data", categories=tmp_path / "own.csv")[0].category_ids.tolist() == [0, 1]


def test_splits_lie_below_folders_that_only_say_labels(tmp_path: Path) -> None:
    for split in ("train", "val"):
        lay_out(tmp_path / "data", [f"masks/{split}/a.png", f"images/{split}/a.jpg"])
    dataset = cocoseg.read(tmp_path / "data", split="val")
    assert [sample.key for sample in dataset] == ["masks/val/a.png"]


@pytest.mark.parametrize(
    ("names", "photo"),
    [
        (["x/masks/1.png", "x/images/x.png", "y/images/y.png"], "y/images/y.png"),
        (["masks/cat/q.png", "masks/dog/q.png", "images/q.jpg", "images/z.jpg"], "images/z.jpg"),
    ],
)
def test_photos_without_a_mask_are_counted(tmp_path: Path, names: list[str], photo: str) -> None:
    problems = cocoseg.read(lay_out(tmp_path / "data", names)).problems
    assert [row.message.rpartition("data: ")[2] for row in problems] == [
        f"1 photos have no mask and are left out, the first is '{photo}'"
    ]
