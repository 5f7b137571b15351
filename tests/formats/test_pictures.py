"""Folders of label pictures: which pictures count, what their images are called, and which kind a folder is of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.files.listing import picture_names
from cocoseg.files.png.write import write_class_map
from cocoseg.formats.detect import detect, recognise
from cocoseg.formats.maps.layouts import LAYOUTS
from cocoseg.formats.maps.pictures import read_index
from cocoseg.model import Entry
from command import cocoseg as run

PICTURE = write_class_map(np.zeros((2, 3), np.uint8))


def lay_out(folder: Path, *names: str, data: bytes = PICTURE) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def photos(path: Path, *rows: Any) -> Path:
    rows = tuple({"file_name": row} if isinstance(row, str) else row for row in rows)
    path.write_text(json.dumps({"images": [{"id": 10 * number} | row for number, row in enumerate(rows, 1)]}))
    return path


def found(folder: Path, images: Path | None = None) -> list[Any]:
    """(image id, photo) of each picture, or the category of what is wrong with it."""
    rows = read_index(str(folder), LAYOUTS["semantic"], images).entries
    return [(row.image_id, row.file_name) if isinstance(row, Entry) else row.problem.category for row in rows]


class TestNames:
    def test_are_sorted_and_those_of_pictures(self, tmp_path: Path) -> None:
        lay_out(tmp_path, "b/1.png", "a.PNG", "b.png", "cocoseg.json", "notes.txt", ".hidden.png", ".cocoseg/x.png")
        lay_out(tmp_path, "b/.git/x.png", ".cocoseg-tmp-1-2-3.png", "b/.cocoseg-tmp-1.png")
        assert picture_names(str(tmp_path)) == ["a.PNG", "b.png", "b/1.png"]

    def test_of_other_storage(self) -> None:
        import fsspec

        for name in ("b/1.png", "a.png", ".cocoseg/x.png", "cocoseg.json"):
            fsspec.filesystem("memory").pipe(f"/pictures-test/{name}", PICTURE)
        assert picture_names("memory://pictures-test") == ["a.png", "b/1.png"]
        assert detect("memory://pictures-test/b") == "semantic"

    def test_that_no_system_takes_cost_their_image(self, tmp_path: Path) -> None:
        lay_out(tmp_path, "a.png", "b\\c.png", "d\n.png")
        assert found(tmp_path) == [(1, "a.png"), "path.invalid", "path.invalid"]

    def test_that_are_one_file_elsewhere_are_a_warning(self, tmp_path: Path) -> None:
        problems = read_index(str(lay_out(tmp_path, "a.png", "A.png")), LAYOUTS["semantic"]).problems
        assert [problem.category for problem in problems] == ["path.collision"]

    @pytest.mark.parametrize(
        ("others", "said"), [((), "is empty"), (("a.jpg",), "holds photos (as 'a.jpg') and no labels")]
    )
    def test_there_are_none(self, others: tuple[str, ...], said: str, tmp_path: Path) -> None:
        for call in (lambda folder: read_index(folder, LAYOUTS["semantic"]), detect):
            with pytest.raises(cocoseg.DocumentError) as caught:
                call(str(lay_out(tmp_path, *others)))
            assert caught.value.category == "doc.empty"
            assert said in caught.value.message


class TestImages:
    def test_a_size_has_to_be_the_pictures(self, tmp_path: Path) -> None:
        folder = lay_out(tmp_path / "maps", "1.png")
        images = photos(tmp_path / "images.json", {"file_name": "1.jpg", "height": 3, "width": 2})
        dataset = cocoseg.read(folder, images=images, source_labels="mask2former")
        with pytest.raises(cocoseg.SampleError, match="look swapped") as caught:
            dataset[0]
        assert caught.value.category == "size.mismatch"

    def test_are_not_in_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "images.json").write_text("{}")
        with pytest.raises(cocoseg.DocumentError, match="no 'images'"):
            read_index(str(lay_out(tmp_path / "maps", "1.png")), LAYOUTS["semantic"], tmp_path / "images.json")


class TestContent:
    def test_covers_what_decides_the_sample(self, tmp_path: Path) -> None:
        folder = lay_out(tmp_path / "maps", "1.png")

        def content(images: Path | None = None, **options: Any) -> bytes:
            dataset = cocoseg.read(folder, images=images, **options)
            return b"".join(dataset.load.content(dataset.entries[0], [], exact=False))

        numbers = lay_out(tmp_path / "numbers", "1.png")
        contents = [
            content(source_labels="mask2former"),
            content(source_labels="deeplab2"),
            content(source_labels="mask2former", instances=numbers),
            content(source_labels="mask2former", images=photos(tmp_path / "images.json", "1.jpg")),
            content(source_labels="mask2former", images=photos(tmp_path / "images.json", "1.bmp")),
        ]
        assert len(set(contents)) == 5
        assert content(source_labels="mask2former") == contents[0]

    def test_a_part_is_small(self, tmp_path: Path) -> None:
        import pickle

        dataset = cocoseg.read(lay_out(tmp_path, "1.png", "2.png"), source_labels="mask2former")
        part = pickle.loads(pickle.dumps(dataset[1:]))
        assert [sample.key for sample in part] == ["2.png"]
        assert len(pickle.dumps(dataset[1:])) < 20_000


class TestRecognised:
    @pytest.mark.parametrize(
        ("mode", "format"),
        [("L", "semantic"), ("P", "semantic"), ("1", "semantic"), ("I;16", "semantic"), ("RGB", "two-channel")],
    )
    def test_by_the_first_picture(self, mode: str, format: str, tmp_path: Path) -> None:
        Image.new(mode, (3, 2)).save(tmp_path / "a.png")
        Image.new("RGB" if mode == "L" else "L", (3, 2)).save(tmp_path / "b.png")
        assert detect(tmp_path) == format

    def test_by_the_first_picture_that_is_whole(self, tmp_path: Path) -> None:
        lay_out(tmp_path, "a.png", data=PICTURE[:20])
        assert detect(lay_out(tmp_path, "b.png")) == "semantic"

    def test_by_none(self, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.DocumentError, match=r"'a\.png': the PNG is cut off") as caught:
            detect(lay_out(tmp_path, "a.png", data=PICTURE[:20]))
        assert caught.value.category == "png.corrupt"

    @pytest.mark.parametrize(
        ("names", "format"),
        [
            (("a/1_person.png", "a/22_stop sign.png", "b/x.png"), "masks"),
            (("a/1_犬.png", "a/2_é.png"), "masks"),
            (("a/1_person.png", "a/x.png"), "semantic"),
            (("1_person.png",), "semantic"),
            (("a/2007_000033.png",), "semantic"),
            # IDD-Lite, and masks or class maps of the frames of a film
            (("drive/024541_label.png", "drive/103_label.png"), "semantic"),
            (("drive/24541_label.png", "drive/24541_inst_label.png"), "semantic"),
            (("a/1_road.png", "a/2_road.png"), "semantic"),
            (("a/1_left.png", "a/1_right.png"), "semantic"),
            (("a/0001_dog.png", "a/0002_cat.png"), "semantic"),
            (("a/1_mask.png", "a/2_cat.png"), "semantic"),
            (("train/1_dog.png", "train/2_cat.png", "val/3_cat.png"), "semantic"),
            (("masks/1_dog.png", "masks/2_cat.png"), "semantic"),
        ],
    )
    def test_masks_by_their_names(self, names: tuple[str, ...], format: str, tmp_path: Path) -> None:
        assert detect(lay_out(tmp_path, *names)) == format

    @pytest.mark.parametrize("other", [np.array([[0, 1, 2]]), np.zeros((3, 3))])
    def test_not_masks_whose_pictures_are_none_of_one_image(self, other: Any, tmp_path: Path) -> None:
        lay_out(tmp_path, "a/1_dog.png", "a/2_cat.png")
        assert detect(tmp_path) == "masks"
        assert detect(lay_out(tmp_path, "a/2_cat.png", data=write_class_map(other.astype(np.uint8)))) == "semantic"

    def test_masks_by_a_table_without_a_report(self, tmp_path: Path) -> None:
        lay_out(tmp_path, "train/0001_mask.png")
        (tmp_path / "train" / "masks.json").write_text("{}")
        assert recognise(tmp_path)[:2] == ("masks", False)

    @pytest.mark.parametrize(
        ("source", "options", "said"),
        [
            ("semantic", {"categories": "fixtures/panoptic.json"}, "folder of class maps"),
            ("two-channel", {"categories": "fixtures/panoptic.json"}, "folder of 2-channel PNGs (category, instance)"),
            ("voc", {}, "Pascal VOC (SegmentationClass, SegmentationObject)"),
            ("voc", {"source_format": "voc"}, ""),
            ("panoptic.json", {}, ""),
            ("instances.json", {}, ""),
        ],
    )
    def test_a_guess_is_said(self, source: str, options: dict[str, Any], said: str, tmp_path: Path) -> None:
        assert cocoseg.read(f"fixtures/{source}", **options).read_as == said
        assert cocoseg.info(f"fixtures/{source}", **options).read_as == said
        summary = cocoseg.to_masks(f"fixtures/{source}", tmp_path / "out", **options)
        assert (summary.read_as, summary.as_dict().get("read_as", "")) == (said, said)

    @pytest.mark.parametrize("options", [{}, {"png_dir": "x"}])
    def test_an_error_about_the_source_says_the_guess(self, options: dict[str, Any], tmp_path: Path) -> None:
        said = "SRC was read as a folder of class maps; --source-format overrides this"
        with pytest.raises(cocoseg.DocumentError, match=said):
            cocoseg.read(lay_out(tmp_path, "drive/024541_label.png"), **options)
        with pytest.raises(cocoseg.DocumentError) as caught:
            cocoseg.read(tmp_path, source_format="semantic", **options)
        assert said not in caught.value.message

    def test_a_guess_is_the_first_line_of_every_command(self, tmp_path: Path) -> None:
        line = "SRC was read as a folder of class maps; --source-format overrides this"
        source = ("fixtures/semantic", "--categories", "fixtures/panoptic.json")
        for command in ("to-semantic", "to-onehot", "to-masks", "to-panoptic"):
            result = run(command, source[0], tmp_path / command, *source[1:])
            assert (result.code, result.stdout.splitlines()[0]) == (0, line)
        assert run("to-coco", source[0], tmp_path / "a.json", *source[1:]).stdout.splitlines()[0] == line
        assert run("info", *source).stdout.splitlines()[0] == line
        assert "SRC was read as" not in run("info", tmp_path / "to-semantic").stdout  # the report says what it is

    @pytest.mark.parametrize(
        ("command", "format"), [("to-semantic", "semantic"), ("to-masks", "masks"), ("to-panoptic", "panoptic")]
    )
    def test_by_the_report_of_a_run(self, command: str, format: str, tmp_path: Path) -> None:
        (tmp_path / "cocoseg.json").write_text(json.dumps({"cocoseg": "1", "command": command, "labels": {}}))
        assert detect(tmp_path) == format

    def test_not_what_holds_no_labels_any_more(self, tmp_path: Path) -> None:
        (tmp_path / "cocoseg.json").write_text('{"command": "to-onehot"}')
        with pytest.raises(cocoseg.DocumentError, match="give the source that it was made from"):
            detect(tmp_path)

    def test_a_panoptic_json_in_the_folder_of_its_run(self, tmp_path: Path) -> None:
        from conftest import FIXTURES

        (tmp_path / "cocoseg.json").write_text('{"command": "to-panoptic"}')
        (tmp_path / "panoptic.json").symlink_to(FIXTURES / "panoptic.json")
        (tmp_path / "panoptic").symlink_to(FIXTURES / "panoptic")
        assert [sample.key for sample in cocoseg.read(tmp_path)] == ["touching.png", "crowd.png", "thin/row.png"]
        assert cocoseg.info(tmp_path).segments == 11

    @pytest.mark.parametrize("format", ["semantic", "two-channel"])
    def test_not_a_file_as_a_folder(self, format: str) -> None:
        with pytest.raises(cocoseg.DocumentError, match="is not a folder"):
            cocoseg.read("fixtures/panoptic.json", source_format=format)

    def test_not_what_nobody_knows(self) -> None:
        with pytest.raises(cocoseg.UsageError, match="expected one of panoptic, coco"):
            cocoseg.read("fixtures/panoptic.json", source_format="png")

    @pytest.mark.parametrize(
        ("source", "options", "said"),
        [
            ("panoptic.json", {"source_labels": "index"}, "COCO panoptic JSON with its PNGs, where --source-labels"),
            ("instances.json", {"instances": "x"}, "LVIS, results, where --instances"),
            ("semantic", {"png_dir": "x"}, "class maps, where --png-dir"),
            (
                "two-channel",
                {"source_labels": "index"},
                r"2-channel PNGs \(category, instance\), where --source-labels",
            ),
        ],
    )
    def test_options_of_others_mean_nothing(self, source: str, options: dict[str, Any], said: str) -> None:
        with pytest.raises(cocoseg.DocumentError, match=said):
            cocoseg.read(f"fixtures/{source}", **options)


class TestJsonInAFolder:
    """SRC is a folder that holds the JSON."""

    def fill(self, folder: Path, **documents: str) -> Path:
        for name, fixture in documents.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".json").write_bytes(Path(f"fixtures/{fixture}.json").read_bytes())
        return folder

    @pytest.mark.parametrize("name", ["_annotations.coco", "train/_annotations.coco", "annotations/instances_val"])
    @pytest.mark.parametrize("photo", ["a.jpg", "a.png", "train/a.png"])
    def test_the_only_one_is_taken_and_said(self, name: str, photo: str, tmp_path: Path) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.json").write_bytes(Path("fixtures/instances.json").read_bytes())
        (tmp_path / "README.json").write_text("{}")
        lay_out(tmp_path, photo)
        dataset = cocoseg.read(tmp_path)
        assert len(dataset) == len(cocoseg.read("fixtures/instances.json"))
        assert dataset.read_as == f"COCO detection JSON, '{name}.json'"
        assert run("to-coco", tmp_path, tmp_path.parent / f"{tmp_path.name}.json").stdout.startswith("SRC was read as")

    def test_several_are_listed_with_what_to_type(self, tmp_path: Path) -> None:
        folder = self.fill(tmp_path / "my set", train__a="instances", valid__a="instances", annotations__p="panoptic")
        result = run("info", folder)
        assert result.code == 3
        assert "'annotations/p.json', 'train/a.json', 'valid/a.json'; name one of them as SRC" in result.stderr
        assert f"cocoseg info '{folder}/annotations/p.json'" in result.stderr

    def test_the_format_chooses_among_several(self, tmp_path: Path) -> None:
        folder = self.fill(tmp_path, a="instances", b="panoptic")
        (tmp_path / "b").symlink_to(Path("fixtures/panoptic").resolve())
        assert cocoseg.info(folder, source_format="coco").format == "coco"
        assert cocoseg.info(folder, source_format="panoptic").segments == 11
        with pytest.raises(cocoseg.DocumentError, match="holds no COCO panoptic JSON"):
            cocoseg.read(lay_out(tmp_path / "other", "a.png"), source_format="panoptic")

    def test_not_what_has_no_annotations(self, tmp_path: Path) -> None:
        (tmp_path / "categories.json").write_text('[{"id": 0, "name": "a"}]')
        lay_out(tmp_path, "maps/a.png")
        assert detect(tmp_path) == "semantic"


class TestPhotos:
    NOISE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)

    @pytest.mark.parametrize(("mode", "ending"), [("RGB", "png"), ("L", "png"), ("RGB", "jpg")])
    def test_are_called_photos(self, mode: str, ending: str, tmp_path: Path) -> None:
        Image.fromarray(self.NOISE).convert(mode).save(tmp_path / f"a.{ending}")
        result = run("info", tmp_path)
        assert (result.code, "photo" in result.stderr, "give the folder of" in result.stderr) == (3, True, True)

    def test_are_not_pictures_of_two_channels(self, tmp_path: Path) -> None:
        picture = self.NOISE * np.array([1, 1, 0], np.uint8)
        Image.fromarray(picture).save(tmp_path / "a.png")
        assert detect(tmp_path) == "two-channel"
