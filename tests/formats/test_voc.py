"""Pascal VOC: one row of the table of layouts, and a class table."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from conftest import FIXTURES

VOC = FIXTURES / "voc"
NAMES = ["2007_000001", "2007_000002", "2008_000003"]


def expected(name: str) -> np.ndarray:
    return np.loadtxt(FIXTURES / "expected" / "voc" / f"{name}.txt", dtype=np.int64, ndmin=2)


def drawing(name: str) -> np.ndarray:
    return np.array([list(row) for row in (FIXTURES / "expected/voc" / f"{name}.objects.txt").read_text().split()])


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    return Path(shutil.copytree(VOC, tmp_path / "VOC2012"))


def test_is_recognised_by_its_folder() -> None:
    assert detect(VOC) == "voc"
    assert detect(VOC / "SegmentationClass") == "voc"  # from below


@pytest.mark.parametrize("name", NAMES)
def test_class_maps_are_the_pictures_own(name: str) -> None:
    dataset = cocoseg.read(VOC)
    sample = dataset[NAMES.index(name)]
    assert (sample.key, sample.file_name) == (f"{name}.png", f"{name}.jpg")
    class_map = cocoseg.semantic(sample, cocoseg.label_scheme("index", dataset))
    np.testing.assert_array_equal(class_map, expected(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_object_is_a_segment(name: str) -> None:
    sample = cocoseg.read(VOC)[NAMES.index(name)]
    letters = drawing(name)
    objects = sample.category_ids != 0
    masks = cocoseg.instance_masks(sample)[objects]
    wanted = [letters == letter for letter in sorted({*letters.flat} - {".", "#"})]
    assert sorted(mask.tobytes() for mask in masks) == sorted(mask.tobytes() for mask in wanted)
    assert not sample.iscrowd.any()


def test_the_way_through_detection_json_and_back(tmp_path: Path) -> None:
    summary = cocoseg.to_coco(VOC, tmp_path / "voc.json", things_only=True)
    assert (summary.annotations, summary.crowds) == (6, 0)
    dataset = cocoseg.read(tmp_path / "voc.json")
    assert [sample.file_name for sample in dataset] == [f"{name}.jpg" for name in NAMES]
    for name, sample in zip(NAMES, dataset, strict=True):
        letters = drawing(name)
        seen = {mask.tobytes() for mask in cocoseg.instance_masks(sample)}
        assert seen == {(letters == letter).tobytes() for letter in {*letters.flat} - {".", "#"}}


def test_a_split_has_its_pictures_in_its_order() -> None:
    assert [sample.key for sample in cocoseg.read(VOC, split="val")] == ["2007_000002.png", "2007_000001.png"]
    by_path = cocoseg.read(VOC, split=str(VOC / "ImageSets" / "Segmentation" / "val.txt"))
    assert len(by_path) == 2


def test_a_list_file_may_be_a_path_object_and_not_lie_in_out(voc: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    listed = tmp_path / "lists" / "some.txt"
    listed.write_text("2008_000003\n")
    assert [sample.key for sample in cocoseg.read(voc, split=listed)] == ["2008_000003.png"]
    assert cocoseg.to_semantic(voc, tmp_path / "out", split=listed).images == 1
    with pytest.raises(cocoseg.UsageError, match="some.txt' lies in OUT"):
        cocoseg.to_semantic(voc, tmp_path / "lists", split=listed)


def test_an_image_has_the_same_id_in_every_split() -> None:
    ids = {sample.key: sample.image_id for sample in cocoseg.read(VOC)}
    assert ids == {"2007_000001.png": 1, "2007_000002.png": 2, "2008_000003.png": 3}
    assert {sample.key: sample.image_id for sample in cocoseg.read(VOC, split="val")}.items() <= ids.items()


def test_an_unknown_split_names_those_that_there_are() -> None:
    with pytest.raises(cocoseg.DocumentError, match="no split is called 'vall'; the splits are 'val'") as caught:
        cocoseg.read(VOC, split="vall")
    assert caught.value.category == "file.missing"


def test_a_name_in_the_split_without_a_picture_costs_itself(voc: Path) -> None:
    with (voc / "ImageSets" / "Segmentation" / "val.txt").open("a") as file:
        file.write("2099_000001\n../../secret\n\n2007_000001\n")
    dataset = cocoseg.read(voc, split="val")
    assert [entry.key for entry in dataset.entries] == ["2007_000002.png", "2007_000001.png", "", ""]
    for number, name in ((2, "2099_000001"), (3, "../../secret")):
        with pytest.raises(cocoseg.SampleError, match=f"'{name}': it is listed in .* but has no label pic") as caught:
            dataset[number]
        assert caught.value.category == "file.missing"


def test_a_split_of_other_pictures_is_refused(voc: Path) -> None:
    (voc / "ImageSets" / "Segmentation" / "val.txt").write_text("x\ny\n")
    with pytest.raises(cocoseg.DocumentError, match="none of the 2 names has a label picture in .* is --split right"):
        cocoseg.read(voc, split="val")


def test_without_object_pictures_things_of_a_class_are_one_crowd(voc: Path) -> None:
    shutil.rmtree(voc / "SegmentationObject")
    sample = cocoseg.read(voc)[0]
    assert (sample.category_ids.tolist(), sample.iscrowd.tolist()) == ([0, 12, 15], [False, True, True])
    assert "SegmentationObject is not there" in cocoseg.info(voc).missing[0]


def test_a_missing_object_picture_costs_its_image(voc: Path) -> None:
    (voc / "SegmentationObject" / "2007_000001.png").unlink()
    dataset = cocoseg.read(voc)
    with pytest.raises(cocoseg.SampleError, match="SegmentationObject.*does not exist"):
        dataset[0]
    assert dataset[1].category_ids.tolist() == [0, 7]


def test_a_thing_under_a_border_of_objects_has_no_number(voc: Path) -> None:
    Image.fromarray(np.array([[1, 255, 255, 2]], np.uint8)).save(voc / "SegmentationObject" / "2008_000003.png")
    Image.fromarray(np.array([[12, 12, 255, 15]], np.uint8)).save(voc / "SegmentationClass" / "2008_000003.png")
    sample = cocoseg.read(voc)[2]
    assert sample.id_map.tolist() == [[2, 1, 0, 3]]
    assert (sample.category_ids.tolist(), sample.iscrowd.tolist()) == ([12, 12, 15], [True, False, False])


def test_a_value_that_voc_does_not_have_costs_its_image(voc: Path) -> None:
    Image.fromarray(np.array([[21, 15, 15, 15]], np.uint8)).save(voc / "SegmentationClass" / "2008_000003.png")
    with pytest.raises(cocoseg.SampleError, match=r"21 \(1 pixels\)"):
        cocoseg.read(voc)[2]


def test_classes_of_ones_own(voc: Path, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(
        '[{"id": 15, "name": "worker"}, {"id": 12, "name": "robot"}, {"id": 7, "name": "cart"}]'
    )
    dataset = cocoseg.read(voc, categories=tmp_path / "own.json")
    assert [category.name for category in dataset.categories] == ["background", "worker", "robot", "cart"]
    class_map = cocoseg.semantic(dataset[2], cocoseg.label_scheme("index", dataset))
    assert class_map.tolist() == [[2, 0, 255, 3]]


def test_a_thing_of_ones_own_without_a_number_is_a_crowd(voc: Path, tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 1, 2, 2]], np.uint8)).save(voc / "SegmentationClass" / "2008_000003.png")
    Image.fromarray(np.array([[0, 1, 0, 0]], np.uint8)).save(voc / "SegmentationObject" / "2008_000003.png")
    (tmp_path / "own.json").write_text('[{"id": 1, "name": "car"}, {"id": 2, "name": "person"}]')
    sample = cocoseg.read(voc, categories=tmp_path / "own.json")[2]
    assert (sample.category_ids.tolist(), sample.iscrowd.tolist()) == ([0, 1, 2], [False, False, True])


def test_real_class_maps_are_unchanged(real_data: Path) -> None:
    folder = real_data / "voc" / "pascalvoc"
    dataset = cocoseg.read(folder)
    labels = cocoseg.label_scheme("index", dataset)
    assert [sample.key for sample in dataset] == ["2007_000032.png", "subdir/2007_000033.png"]
    for sample in dataset:
        with Image.open(folder / "SegmentationClass" / sample.key) as picture:
            np.testing.assert_array_equal(cocoseg.semantic(sample, labels), np.array(picture))


def test_from_above_and_from_below_the_pictures_are_the_same(voc: Path) -> None:
    whole = cocoseg.read(voc)
    for folder in (voc.parent, voc / "SegmentationClass"):
        dataset = cocoseg.read(folder)
        assert [sample.key for sample in dataset] == [sample.key for sample in whole]
        assert [sample.id_map.tolist() for sample in dataset] == [sample.id_map.tolist() for sample in whole]


def test_two_data_sets_in_a_folder_are_named(voc: Path) -> None:
    shutil.copytree(voc, voc.parent / "VOC2007")
    with pytest.raises(cocoseg.DocumentError, match="several data sets: 'VOC2007', 'VOC2012'; name one"):
        cocoseg.read(voc.parent)


def test_the_numbers_that_people_train_with() -> None:
    dataset = cocoseg.read(VOC)
    for name, sample in zip(NAMES, dataset, strict=True):
        class_map = cocoseg.semantic(sample, cocoseg.label_scheme("voc21", dataset))
        np.testing.assert_array_equal(class_map, expected(name))
    with pytest.raises(cocoseg.LabelError, match="for other categories"):
        cocoseg.label_scheme("voc21", cocoseg.read(FIXTURES / "panoptic.json").categories)


def test_a_list_of_classes_beside_the_pictures_replaces_vocs(voc: Path) -> None:
    names = ["_background_", *(f"part {number}" for number in range(1, 16))]
    (voc / "class_names.txt").write_text("\n".join(names) + "\n")
    dataset = cocoseg.read(voc)
    assert [category.name for category in dataset.categories] == names
    assert dataset.categories[0].isthing is False
    with pytest.raises(cocoseg.LabelError, match="for other categories"):
        cocoseg.label_scheme("voc21", dataset.categories)


def test_labelme_calls_the_folders_of_pngs_by_their_ending(voc: Path) -> None:
    for folder in ("SegmentationClass", "SegmentationObject"):
        (voc / folder).rename(voc / f"{folder}PNG")
        (voc / folder).mkdir()
        (voc / folder / "a.npy").write_bytes(b"")
    (voc / "class_names.txt").write_text("\n".join(["_background_", *(f"c{number}" for number in range(1, 16))]))
    assert detect(voc) == "voc"
    dataset = cocoseg.read(voc)
    assert dataset.categories[15].name == "c15"
    class_map = cocoseg.semantic(dataset[0], cocoseg.label_scheme("index", dataset))
    np.testing.assert_array_equal(class_map, expected(NAMES[0]))


def test_classes_by_colour_are_not_taken_for_vocs(voc: Path, tmp_path: Path) -> None:
    (voc / "labelmap.txt").write_text("# label:color_rgb:parts:actions\ncar:10,20,30::\n")
    with pytest.raises(cocoseg.DocumentError, match="labelmap.txt beside the pictures lists classes") as caught:
        cocoseg.read(voc, source_format="voc")
    assert caught.value.category == "maps.classes"
    assert "(128, 128, 128)" in cocoseg.to_coco(voc, tmp_path / "a.json").failures[1].message  # read by colours
    (tmp_path / "own.csv").write_text("id,name\n7,cart\n12,robot\n15,worker\n")
    assert len(cocoseg.read(voc, source_format="voc", categories=tmp_path / "own.csv")) == 3


def test_object_numbers_alone_are_no_class_maps(voc: Path) -> None:
    shutil.rmtree(voc / "SegmentationClass")
    for folder in (voc, voc / "SegmentationObject"):
        for options in ({}, {"source_labels": "voc21"}):
            with pytest.raises(cocoseg.DocumentError, match="numbers of objects, not classes; SegmentationClass"):
                cocoseg.read(folder, **options)


def test_classes_saved_as_colours_are_read_by_the_palette(voc: Path) -> None:
    whole = [sample.category_ids.tolist() for sample in cocoseg.read(voc)]
    shutil.rmtree(voc / "SegmentationObject")
    for path in (voc / "SegmentationClass").glob("*.png"):
        Image.open(path).convert("RGB").save(path)
    found = cocoseg.read(voc / "SegmentationClass", colors="voc")
    assert [sorted(set(ids)) for ids in whole] == [sample.category_ids.tolist() for sample in found]


def _pictures(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.array([[0, 7, 7]], np.uint8)).save(root / path)
    return root


@pytest.mark.parametrize("name", ["a.PNG", "a.png"])
def test_objects_are_found_whatever_the_case_of_their_ending(tmp_path: Path, name: str) -> None:
    root = _pictures(tmp_path, f"SegmentationClass/{name}", "SegmentationObject/a.PNG")
    assert not cocoseg.read(root)[0].iscrowd.any()


def test_listed_names_with_dots_are_no_other_pictures(tmp_path: Path) -> None:
    root = _pictures(tmp_path, "SegmentationClass/f_0.png", "SegmentationClass/f_0.5.png")
    (tmp_path / "list.txt").write_text("f_0.5\nf_0.7\n")
    dataset = cocoseg.read(root, split=tmp_path / "list.txt")
    assert dataset[0].key == "f_0.5.png"
    with pytest.raises(cocoseg.SampleError, match="'f_0.7': it is listed in .* but has no label picture"):
        dataset[1]


def test_listed_paths_may_begin_with_a_slash(tmp_path: Path) -> None:
    root = _pictures(tmp_path, "SegmentationClass/a.png", "SegmentationClass/b.png")
    (tmp_path / "list.txt").write_text("/JPEGImages/b.jpg /SegmentationClassAug/b.png\n")
    assert [sample.key for sample in cocoseg.read(root, split=tmp_path / "list.txt")] == ["b.png"]


def test_a_list_of_classes_may_begin_with_what_labelme_ignores(voc: Path) -> None:
    names = ["_background_", *(f"c{number}" for number in range(1, 16))]
    (voc / "class_names.txt").write_text("\n".join(["__ignore__", *names]) + "\n")
    assert [(row.id, row.name) for row in cocoseg.read(voc).categories] == list(enumerate(names))


def test_a_list_of_classes_without_background_is_refused(voc: Path) -> None:
    (voc / "class_names.txt").write_text("\n".join(f"c{number}" for number in range(1, 17)))
    with pytest.raises(cocoseg.DocumentError, match="the first class is 'c1', expected _background_"):
        cocoseg.read(voc)


def test_a_palette_with_the_colours_of_other_classes_is_refused(tmp_path: Path) -> None:
    root = _pictures(tmp_path, "SegmentationClass/a.png")
    picture = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    picture.putpalette([0, 0, 0, 192, 128, 128, 128, 128, 128])  # person and car, in order of their pixels
    picture.save(root / "SegmentationClass" / "a.png")
    with pytest.raises(
        cocoseg.DocumentError, match=r"'SegmentationClass/a.png' gives 1 \('aeroplane'\) the colour of 'person'"
    ):
        cocoseg.read(root)
    by_colors = cocoseg.read(root / "SegmentationClass", source_format="colors", colors="voc")
    assert by_colors[0].category_ids.tolist() == [0, 7, 15]


@pytest.mark.parametrize("name", ["class_dict.csv", "label_colors.txt", "_classes.csv", "dataset_meta.json"])
def test_tables_of_other_classes_are_not_passed_over(voc: Path, name: str) -> None:
    (voc / name).write_text("name,r,g,b\nroad,128,0,0\n")
    with pytest.raises(cocoseg.DocumentError, match=f"{name} beside the pictures lists classes by their colours"):
        cocoseg.read(voc)
