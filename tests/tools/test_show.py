"""``cocoseg show`` and ``cocoseg.show``: which pictures, on which photos, and what a summary says."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import fsspec
import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.drawing.picture import Look, picture
from cocoseg.errors import DocumentError, UsageError
from command import cocoseg as run
from conftest import FIXTURES

SOURCE, PHOTOS = FIXTURES / "panoptic.json", FIXTURES / "photos"
NAMES = ["crowd.png", "thin/row.png", "touching.png"]


def made(folder: Path) -> list[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if path.parts[0] not in (".cocoseg", "cocoseg.json"))


def pixels(path: Path) -> np.ndarray:
    return np.array(Image.open(path))


@pytest.mark.parametrize("workers", [1, 2])
def test_pictures_are_those_of_overlay(workers: int, tmp_path: Path) -> None:
    summary = cocoseg.show(SOURCE, tmp_path, photos=PHOTOS, workers=workers)
    dataset = cocoseg.read(SOURCE)
    scheme = cocoseg.label_scheme("index", dataset)
    assert (summary.images, summary.without_photo, made(tmp_path)) == (3, 0, NAMES)
    for sample in dataset:
        expected = cocoseg.overlay(pixels(PHOTOS / sample.key), sample, scheme)
        np.testing.assert_array_equal(pixels(tmp_path / sample.key), expected)


@pytest.mark.parametrize("mode", ["overlay", "side-by-side", "outline", "classes"])
def test_options_are_those_of_the_look(mode: str, tmp_path: Path) -> None:
    options = ["--as", mode, "--alpha", "0.3", "--legend", "--scale", "5", "--no-names", "--photos", PHOTOS]
    assert run("show", SOURCE, tmp_path / "out", *options).code == 0
    dataset = cocoseg.read(SOURCE)
    look = Look(mode, 0.3, None, False, True, 5)  # type: ignore[arg-type]
    expected = picture(pixels(PHOTOS / NAMES[0]), dataset[1], cocoseg.label_scheme("index", dataset), look)
    np.testing.assert_array_equal(pixels(tmp_path / "out" / NAMES[0]), expected)


def test_without_photos_colours_are_on_white_and_it_is_said_once(tmp_path: Path) -> None:
    result = run("show", SOURCE, tmp_path / "out")
    assert result.code == 0
    assert result.stdout.count("without a photo") == 1
    assert "3 without a photo, on white (SRC does not say where they are; --photos names their folder)" in result.stdout
    assert pixels(tmp_path / "out" / "touching.png")[5, 7].tolist() == [255, 255, 255]


def test_photos_that_are_missing_are_counted(tmp_path: Path) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    (tmp_path / "photos" / "crowd.png").unlink()
    summary = cocoseg.show(SOURCE, tmp_path / "out", photos=tmp_path / "photos")
    assert (summary.images, summary.without_photo) == (3, 1)
    assert json.loads((tmp_path / "out" / "cocoseg.json").read_text())["without_photo"] == 1


def test_photos_are_where_the_layout_has_them(tmp_path: Path) -> None:
    summary = cocoseg.show(FIXTURES / "yolo", tmp_path)
    assert summary.images > 0
    assert summary.without_photo == 0


def test_any_format_takes_a_folder_of_photos(tmp_path: Path) -> None:
    dataset = cocoseg.read(FIXTURES / "voc")
    (tmp_path / "photos").mkdir()
    sample = dataset[0]
    Image.fromarray(np.zeros((*sample.size, 3), np.uint8)).save(tmp_path / "photos" / Path(sample.file_name).name)
    summary = cocoseg.show(FIXTURES / "voc", tmp_path / "out", photos=tmp_path / "photos")
    assert summary.without_photo == summary.images - 1


def test_class_maps_need_no_photo(tmp_path: Path) -> None:
    assert cocoseg.show(SOURCE, tmp_path, look="classes").remarks() == []


def test_a_photo_of_another_image_refuses_the_image(tmp_path: Path) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    Image.new("RGB", (3, 3)).save(tmp_path / "photos" / "crowd.png")
    (tmp_path / "photos" / "thin" / "row.png").write_bytes(b"no picture")
    summary = cocoseg.show(SOURCE, tmp_path / "out", photos=tmp_path / "photos")
    assert [(row.category, row.file) for row in summary.failures] == [
        ("size.mismatch", "crowd.png"),
        ("image.corrupt", "thin/row.png"),
    ]
    assert "crowd.png" in summary.failures[0].message
    assert made(tmp_path / "out") == ["touching.png"]


def test_a_photo_is_turned_as_its_annotation_is(tmp_path: Path) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    name = tmp_path / "photos" / "touching"
    photo = Image.open(name.with_suffix(".png"))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.transpose(Image.Transpose.ROTATE_90).save(name.with_suffix(".png"), exif=exif)
    cocoseg.show(SOURCE, tmp_path / "turned", photos=tmp_path / "photos", labels="index", alpha=0, names=False)
    cocoseg.show(SOURCE, tmp_path / "plain", photos=PHOTOS, alpha=0, names=False)
    np.testing.assert_array_equal(pixels(tmp_path / "turned/touching.png"), pixels(tmp_path / "plain/touching.png"))


def test_a_photo_that_fits_both_ways_is_counted(tmp_path: Path) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    exif = Image.Exif()
    exif[0x0112] = 3
    photo = Image.open(tmp_path / "photos" / "touching.png")
    photo.save(tmp_path / "photos" / "touching.png", exif=exif)
    summary = cocoseg.show(SOURCE, tmp_path / "out", photos=tmp_path / "photos")
    assert summary.turned == 1
    assert summary.remarks() == ["1 photo turned as EXIF says, though their size fits both ways"]


def test_a_second_run_keeps_what_is_there_and_a_changed_photo_is_drawn_again(tmp_path: Path) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    options = {"photos": tmp_path / "photos"}
    assert cocoseg.show(SOURCE, tmp_path / "out", **options).made == 3
    assert cocoseg.show(SOURCE, tmp_path / "out", **options).made == 0
    Image.new("RGB", (8, 6), (9, 9, 9)).save(tmp_path / "photos" / "touching.png")
    assert cocoseg.show(SOURCE, tmp_path / "out", **options).made == 1
    (tmp_path / "photos" / "crowd.png").unlink()
    assert cocoseg.show(SOURCE, tmp_path / "out", **options).made == 1


@pytest.mark.parametrize(
    "option",
    [
        {"alpha": 0.4},
        {"look": "outline"},
        {"only": "person"},
        {"legend": True},
        {"scale": 2},
        {"labels": "panopticapi"},
    ],
)
def test_other_options_draw_again(option: dict[str, object], tmp_path: Path) -> None:
    cocoseg.show(SOURCE, tmp_path)
    assert cocoseg.show(SOURCE, tmp_path, **option).made == 3  # type: ignore[arg-type]


def test_jpeg(tmp_path: Path) -> None:
    cocoseg.show(FIXTURES / "park" / "panoptic.json", tmp_path, photos=FIXTURES / "park" / "photos", format="jpg")
    assert made(tmp_path) == ["park.jpg"]
    dataset = cocoseg.read(FIXTURES / "park" / "panoptic.json")
    photo = pixels(FIXTURES / "park" / "photos" / "park.jpg")
    expected = cocoseg.overlay(photo, dataset[0], cocoseg.label_scheme("index", dataset))
    found = Image.open(io.BytesIO((tmp_path / "park.jpg").read_bytes()))
    assert found.format == "JPEG"
    assert np.abs(np.array(found).astype(int) - expected).mean() < 4


@pytest.mark.parametrize("wanted", ["person", "PERSON", "p*"])
def test_only_a_class(wanted: str, tmp_path: Path) -> None:
    cocoseg.show(SOURCE, tmp_path, only=wanted, alpha=1, names=False)
    drawn = pixels(tmp_path / "touching.png")
    assert drawn[0, 0].tolist() == [255, 255, 255]
    assert drawn[2, 2].tolist() == [220, 20, 60]


@pytest.mark.parametrize("wanted", ["crowd.png", "crowd", "cr*"])
def test_select_an_image(wanted: str, tmp_path: Path) -> None:
    summary = cocoseg.show(SOURCE, tmp_path, select=wanted)
    assert made(tmp_path) == ["crowd.png"]
    assert summary.listed == 1
    assert summary.notes == ["only 1 image of 3 (--select, --max)"]


def test_select_by_the_name_without_its_folder(tmp_path: Path) -> None:
    cocoseg.show(SOURCE, tmp_path, select="row")
    assert made(tmp_path) == ["thin/row.png"]


def test_at_most_so_many_from_all_over(tmp_path: Path) -> None:
    cocoseg.show(SOURCE, tmp_path, most=2)
    assert made(tmp_path) == ["crowd.png", "touching.png"]
    assert cocoseg.show(SOURCE, tmp_path / "all", most=7).listed == 3


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"only": "persn"}, "did you mean 'person'"),
        ({"select": "crwd.png"}, "did you mean 'crowd.png'"),
        ({"alpha": 2}, "0 (the photo alone) to 1"),
        ({"most": 0}, "at least 1"),
        ({"scale": 0}, "at least 1"),
    ],
)
def test_wrong_options_are_refused(option: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        cocoseg.show(SOURCE, tmp_path / "out", **option)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_photos_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="photos"):
        cocoseg.show(SOURCE, tmp_path / "out", photos=tmp_path / "none")


def test_photos_may_be_in_a_storage(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    for name in NAMES[1:]:
        memory.pipe(f"/shown-photos/{name}", (PHOTOS / name).read_bytes())
    summary = cocoseg.show(SOURCE, tmp_path / "far", photos="memory://shown-photos")
    assert (summary.images, summary.without_photo) == (3, 1)
    cocoseg.show(SOURCE, tmp_path / "near", photos=PHOTOS)
    np.testing.assert_array_equal(pixels(tmp_path / "far" / NAMES[2]), pixels(tmp_path / "near" / NAMES[2]))


def test_photos_are_never_written_over(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "yolo", tmp_path / "yolo")
    photos = cocoseg.read(tmp_path / "yolo").photos
    assert photos
    before = {path: path.read_bytes() for path in (tmp_path / "yolo").rglob("*") if path.is_file()}
    for out in (photos, tmp_path):
        with pytest.raises(UsageError) as caught:
            cocoseg.show(tmp_path / "yolo", out, overwrite=True)
        assert caught.value.category == "out.is_input"
    assert {path: path.read_bytes() for path in (tmp_path / "yolo").rglob("*") if path.is_file()} == before


def test_names_in_other_scripts_are_written_as_numbers_and_it_is_said(tmp_path: Path) -> None:
    document = json.loads(SOURCE.read_text())
    for row, name in zip(document["categories"], ["行人", "chien", "Äpfel", "небо", "1"], strict=True):
        row["name"] = name
    (tmp_path / "panoptic.json").write_text(json.dumps(document))
    summary = cocoseg.show(tmp_path / "panoptic.json", tmp_path / "out", png_dir=FIXTURES / "panoptic", legend=True)
    said = "2 class names written as numbers, as the font has ASCII letters alone: 0 for '行人', 3 for 'небо'"
    assert summary.notes == [said]


def test_class_maps_of_things_are_not_hatched(tmp_path: Path) -> None:
    cocoseg.show(FIXTURES / "semantic", tmp_path, categories=SOURCE, alpha=1, names=False)
    drawn = pixels(tmp_path / "crowd.png")
    classes = pixels(FIXTURES / "semantic" / "crowd.png")
    assert len(np.unique(drawn[classes == 1], axis=0)) == 1


def test_json_has_the_numbers(tmp_path: Path) -> None:
    found = json.loads(run("show", SOURCE, tmp_path / "out", "--json", "--max", "1").stdout)
    assert (found["listed"], found["images"], found["without_photo"], found["turned"]) == (1, 1, 1, 0)


class TestAgainst:
    """Differences between the fixture and the prediction that is drawn for it."""

    PREDICTION = FIXTURES / "evaluation" / "panoptic.json"

    def test_pictures_are_those_of_difference(self, tmp_path: Path) -> None:
        summary = cocoseg.show(FIXTURES / "panoptic.json", tmp_path / "out", against=self.PREDICTION, photos=PHOTOS)
        assert (summary.images, summary.failed, summary.without_photo) == (3, 0, 0)
        truth, prediction = cocoseg.read(FIXTURES / "panoptic.json"), cocoseg.read(self.PREDICTION)
        labels = cocoseg.label_scheme("index", truth)
        for one, other in zip(truth, prediction, strict=True):
            photo = pixels(PHOTOS / one.file_name)
            maps = [cocoseg.semantic(sample, labels) for sample in (one, other)]
            drawn = pixels(tmp_path / "out" / one.key)
            assert (drawn == cocoseg.difference(photo, *maps, labels.void, alpha=0.5)).all()

    def test_side_by_side_has_four_pictures(self, tmp_path: Path) -> None:
        cocoseg.show(FIXTURES / "panoptic.json", tmp_path / "out", against=self.PREDICTION, look="side-by-side")
        height, width, _ = pixels(tmp_path / "out" / "touching.png").shape
        assert height == 6
        assert 4 * 8 <= width <= 4 * 8 + 3 * 4

    def test_one_class_alone(self, tmp_path: Path) -> None:
        cocoseg.show(FIXTURES / "panoptic.json", tmp_path / "out", against=self.PREDICTION, only="person", alpha=1.0)
        colors = {tuple(row) for row in pixels(tmp_path / "out" / "touching.png").reshape(-1, 3).tolist()}
        assert colors <= {(255, 255, 255), (140, 140, 140), (230, 25, 35), (30, 90, 255)}
        with pytest.raises(UsageError, match="fits 2 classes; with against, name one"):
            cocoseg.show(FIXTURES / "panoptic.json", tmp_path / "x", against=self.PREDICTION, only="[pd]*")

    @pytest.mark.parametrize("look", ["outline", "classes"])
    def test_other_looks_are_refused(self, look: str, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="can be overlay or side-by-side"):
            cocoseg.show(SOURCE, tmp_path / "out", against=self.PREDICTION, look=look)

    def test_the_command_takes_a_class_and_says_the_colours(self, tmp_path: Path) -> None:
        told = run("show", SOURCE, tmp_path / "out", "--against", self.PREDICTION, "--class", "person")
        assert told.code == 0
        assert "grey is right, red missed, blue extra" in told.stdout

    def test_a_pair_that_does_not_fit_costs_itself(self, tmp_path: Path) -> None:
        truth, found = tmp_path / "t", tmp_path / "p"
        for folder, size in ((truth, (4, 4)), (found, (2, 2))):
            folder.mkdir()
            for name in ("a.png", "b.png"):
                Image.fromarray(np.full((4, 4) if name == "a.png" else size, 2, np.uint8)).save(folder / name)
        summary = cocoseg.show(truth, tmp_path / "out", against=found)
        assert [(row.category, row.file) for row in summary.failures] == [("size.mismatch", "b.png")]
        assert cocoseg.show(truth, tmp_path / "nearest", against=found, size="nearest").failures == []

    def test_a_second_run_keeps_what_is_there(self, tmp_path: Path) -> None:
        options = {"against": self.PREDICTION, "photos": PHOTOS}
        cocoseg.show(FIXTURES / "panoptic.json", tmp_path / "out", **options)
        assert cocoseg.show(FIXTURES / "panoptic.json", tmp_path / "out", **options).kept == 3
        assert cocoseg.show(FIXTURES / "panoptic.json", tmp_path / "out", **options, alpha=0.9).made == 3
