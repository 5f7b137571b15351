"""Folders of class maps, with instance numbers and without."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import cocoseg
from badinput import build_png
from cocoseg.files.png.write import write_class_map
from cocoseg.formats.maps.classes import Numbered, Values, class_sample, thing_sample
from cocoseg.formats.maps.pictures import Entry
from cocoseg.labels import PRESETS
from cocoseg.losses import class_counts
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
MAPS, NUMBERS = FIXTURES / "semantic", FIXTURES / "instance-numbers"
PICTURES = ["crowd.png", "thin/row.png", "touching.png"]
STUFF_PRESETS = ("cocostuff", "mmseg-cocostuff", "torchvision-voc21")  # which know no category of panoptic files
PANOPTIC_PRESETS = [
    name
    for name, preset in PRESETS.items()
    if name not in STUFF_PRESETS and (preset.table or "coco").startswith("coco")
]
CATEGORIES = [
    {"id": 1, "name": "person", "isthing": 1},
    {"id": 2, "name": "sky", "isthing": 0},
    {"id": 3, "name": "either"},
]


def folder_of(folder: Path, **pictures: Any) -> Path:
    """Class maps by their names, as arrays or as bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        (folder / f"{name}.png").write_bytes(data if isinstance(data, bytes) else write_class_map(data))
    return folder


def u8(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.uint8)


@pytest.fixture
def categories(tmp_path: Path) -> Path:
    (tmp_path / "categories.json").write_text(json.dumps(CATEGORIES))
    return tmp_path / "categories.json"


def columns(sample: cocoseg.Sample) -> list[tuple[int, int, bool, int]]:
    rows = zip(sample.ids, sample.category_ids, sample.iscrowd, sample.areas, strict=True)
    return [(int(ident), int(category), bool(crowd), int(area)) for ident, category, crowd, area in rows]


def refusal(dataset: cocoseg.Dataset, place: int = 0) -> cocoseg.SampleError:
    with pytest.raises(cocoseg.SampleError) as caught:
        dataset[place]
    return caught.value


def class_maps(folder: Path) -> dict[str, np.ndarray]:
    return {path.relative_to(folder).as_posix(): np.array(Image.open(path)) for path in folder.rglob("*.png")}


class TestFixtures:
    @pytest.mark.parametrize(
        "preset", sorted(path.name for path in (FIXTURES / "expected").iterdir() if (path / "crowd.txt").exists())
    )
    @pytest.mark.parametrize("options", [{}, {"instances": NUMBERS}])
    def test_are_those_of_the_panoptic_json(self, preset: str, options: dict[str, Any]) -> None:
        dataset = cocoseg.read(MAPS, categories=SOURCE, **options)
        labels = cocoseg.label_scheme(preset, dataset)
        folder = f"{preset}-crowds" if preset == "deeplab2" and not options else preset  # class maps mark no crowds
        assert [sample.key for sample in dataset] == PICTURES
        for sample in dataset:
            expected = np.loadtxt((FIXTURES / "expected" / folder / sample.key).with_suffix(".txt"), int, ndmin=2)
            np.testing.assert_array_equal(cocoseg.semantic(sample, labels), expected)

    def test_with_numbers_are_the_very_segments(self) -> None:
        dataset = cocoseg.read(MAPS, categories=SOURCE, instances=NUMBERS, images=SOURCE)
        panoptic = {sample.image_id: sample for sample in cocoseg.read(SOURCE)}
        for sample in dataset:
            twin = panoptic[sample.image_id]
            assert sample.key == twin.key
            pairs = np.unique(np.stack([sample.id_map.ravel(), twin.id_map.ravel()]), axis=1)
            assert all(len(np.unique(row)) == pairs.shape[1] for row in pairs)
            place = {int(mine): int(theirs) for mine, theirs in pairs.T}
            assert {(place[ident], category, crowd, area) for ident, category, crowd, area in columns(sample)} == set(
                columns(twin)
            )

    def test_through_the_command(self, tmp_path: Path) -> None:
        args = ("--categories", SOURCE, "--images", SOURCE, "--instances", NUMBERS, "--json")
        result = run("to-semantic", MAPS, tmp_path / "out", *args)
        assert (result.code, result.stderr) == (0, "")
        assert result.summary["pixels"] == {"0": 28, "1": 5, "2": 13, "3": 13, "4": 11, "255": 22}
        report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
        assert report["sources"][:2] == [
            {"name": "semantic", "pictures": 3},
            {"name": "instance-numbers", "pictures": 3},
        ]
        again = run("to-semantic", MAPS, tmp_path / "out", *args)
        assert again.summary["kept"] == 3

    def test_info(self) -> None:
        info = cocoseg.info(MAPS, categories=SOURCE)
        assert (info.format, info.images, info.segments, len(info.categories)) == ("semantic", 3, None, 5)
        assert info.sizes == {(6, 8): 1, (5, 7): 1, (1, 9): 1}
        text = run("info", MAPS).stdout
        for words in ("class maps", "not counted", "the meaning of the values", "height×width"):
            assert words in text


class TestMeaning:
    def test_one_segment_a_class(self, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "maps", a=u8([0, 1, 1, 255], [3, 2, 1, 2]))
        (sample,) = cocoseg.read(folder, categories=categories)
        assert columns(sample) == [(1, 1, True, 3), (2, 2, False, 2), (3, 3, True, 1)]
        assert sample.id_map.tolist() == [[0, 1, 1, 0], [3, 2, 1, 2]]
        assert (sample.key, sample.file_name, sample.image_id) == ("a.png", "a.png", 1)

    def test_numbers_of_things(self, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "maps", a=u8([0, 1, 1, 1, 2, 2, 3, 3]))
        numbers = folder_of(tmp_path / "numbers", a=np.array([[9, 0, 700, 2, 1, 2, 0, 4]], np.uint16))
        (sample,) = cocoseg.read(folder, categories=categories, instances=numbers)
        things = [(1, 1, True, 1), (2, 1, False, 1), (3, 1, False, 1)]
        assert columns(sample) == [*things, (4, 2, False, 2), (5, 3, True, 1), (6, 3, False, 1)]
        assert sample.id_map.tolist() == [[0, 1, 3, 2, 4, 4, 5, 6]]

    @pytest.mark.parametrize("special", [0, 255])
    def test_0_and_255_are_void_unless_they_are_categories(self, special: int, tmp_path: Path) -> None:
        rows = [*CATEGORIES, {"id": special, "name": "special"}]
        (tmp_path / "categories.json").write_text(json.dumps(rows))
        folder = folder_of(tmp_path / "maps", a=u8([0, 255, 1]))
        (sample,) = cocoseg.read(folder, categories=tmp_path / "categories.json")
        assert sorted(sample.category_ids.tolist()) == sorted([1, special])
        assert sample.ids.tolist() == ([1, 2] if special == 0 else [1, 255])

    def test_ids_that_no_picture_holds_are_replaced_in_all_images(self, tmp_path: Path) -> None:
        (tmp_path / "labels.json").write_text(
            json.dumps(
                {"name": "x", "classes": [{"index": n, "name": "a", "category_ids": [10**12 * n + 1]} for n in (0, 1)]}
            )
        )
        folder = folder_of(tmp_path / "maps", a=u8([0, 1]), b=u8([0, 255]))
        samples = list(cocoseg.read(folder, source_labels=tmp_path / "labels.json"))
        assert [sample.ids.tolist() for sample in samples] == [[1, 2], [1]]
        assert samples[0].category_ids.tolist() == [1, 10**12 + 1]

    def test_classes_of_several_categories_are_their_own(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "maps", a=u8([0, 1, 255]))
        dataset = cocoseg.read(folder, source_labels="detectron2-fpn")
        (things,) = [category for category in dataset.categories if category.merged]
        assert (things.id, things.name, things.isthing, len(things.merged or ())) == (201, "things", True, 80)
        assert columns(dataset[0]) == [(92, 92, False, 1), (201, 201, True, 1)]

    def test_background_stays_background_in_maps_made_of_maps(self, tmp_path: Path) -> None:
        cocoseg.to_semantic(FIXTURES / "instances.json", tmp_path / "maps")
        cocoseg.to_semantic(tmp_path / "maps", tmp_path / "again")
        cocoseg.resize(tmp_path / "maps", tmp_path / "small", longest=4)
        expected = cocoseg.read(tmp_path / "maps").categories
        assert cocoseg.read(tmp_path / "again").categories == cocoseg.read(tmp_path / "small").categories == expected

    def test_background_that_is_no_void_is_a_category(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "maps", a=u8([0, 5, 255]))
        dataset = cocoseg.read(folder, source_labels="torchvision-voc21")
        assert dataset.categories[0] == cocoseg.Category(0, "background", False, (0, 0, 0), merged=())
        assert dataset[0].category_ids.tolist() == [0, 44]

    def test_names_and_kinds_come_from_the_categories(self, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "maps", a=u8([1, 2]))
        dataset = cocoseg.read(folder, source_labels="cocostuff-helper", categories=categories)
        assert [category.name for category in dataset.categories] == ["person", "sky", "either"]
        assert dataset[0].iscrowd.tolist() == [True, False]

    def test_nobody_says(self) -> None:
        with pytest.raises(cocoseg.DocumentError, match=r"--source-labels.*--categories") as caught:
            cocoseg.read(MAPS)
        assert caught.value.category == "doc.missing_key"

    def test_a_preset_that_needs_categories(self) -> None:
        with pytest.raises(cocoseg.LabelError, match="semantic: source labels: .*--categories FILE"):
            cocoseg.read(MAPS, source_labels="index")

    def test_a_report_that_lies(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path, a=u8([0]))
        (folder / "cocoseg.json").write_text('{"command": "to-semantic", "labels": {"name": 3}}')
        with pytest.raises(cocoseg.DocumentError, match=r"cocoseg\.json: its labels can't be used"):
            cocoseg.read(folder)
        assert len(cocoseg.read(folder, source_labels="mask2former")) == 1


def listed(path: Path, *rows: tuple[int, str]) -> Path:
    path.write_text(json.dumps([{"id": number, "name": name} for number, name in rows]))
    return path


COLORED = build_png(2, 1, 2, 8, pixels=[[1, 2, 3, 1, 2, 3]])
HALF = u8([0, 255], [255, 0])
OBJECT = ((0, "background"), (1, "object"))


class TestBinaryMasks:
    @pytest.mark.parametrize(
        ("rows", "class_map", "names"),
        [
            ((), [0, 1], ["lesions"]),
            (OBJECT, [0, 1], ["background", "object"]),
            (((1, "object"),), [0, 1], ["object"]),
            (((1, "background"), (7, "object")), [0, 1], ["background", "object"]),
            (((0, "road"), (3, "sky")), [0, 1], ["road", "sky"]),
            (((0, "background"), (255, "object")), [0, 1], ["background", "object"]),
        ],
    )
    def test_the_object_is_no_void(self, rows: Any, class_map: list[int], names: list[str], tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "lesions", a=HALF, b=u8([0, 0]))
        options = {"categories": listed(tmp_path / "c.json", *rows)} if rows else {}
        dataset = cocoseg.read(folder, **options)
        scheme = cocoseg.label_scheme("index", dataset)
        assert [row.name for row in dataset.categories] == names
        assert np.unique(cocoseg.semantic(dataset[0], scheme)).tolist() == class_map
        assert cocoseg.semantic(dataset[0], scheme).tolist() == [[0, 1], [1, 0]]
        summary = cocoseg.to_coco(folder, tmp_path / "a.json", dry_run=True, **options)
        assert summary.annotations >= 1
        assert summary.problems == []

    @pytest.mark.parametrize("high", [1, 255])
    def test_one_class_by_its_name(self, high: int, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "masks", a=u8([0, high]))
        result = run("to-semantic", folder, tmp_path / "out", "--class", "crack")
        said = f"SRC was read as a folder of binary masks, where 0 is background and {high} is 'crack'"
        assert result.stdout.startswith(f"{said}; --source-format overrides this\n")
        assert class_maps(tmp_path / "out")["a.png"].tolist() == [[0, 1]]
        assert json.loads((tmp_path / "out" / "cocoseg.json").read_text())["options"]["class"] == "crack"

    @pytest.mark.parametrize("high", [1, 255])
    def test_a_list_of_one_name_names_the_object(self, high: int, tmp_path: Path) -> None:
        (tmp_path / "names.txt").write_text("cat\n")
        options: Any = {"categories": tmp_path / "names.txt"}
        dataset = cocoseg.read(folder_of(tmp_path / "m", a=u8([0, high])), **options)
        assert cocoseg.semantic(dataset[0], cocoseg.label_scheme("index", dataset)).tolist() == [[0, 1]]
        assert [(row.id, row.name) for row in dataset.categories] == [(1, "cat")]
        (problem,) = dataset.problems
        assert "1 names without ids count from 1: 'cat' is 1" in problem.message
        assert cocoseg.to_semantic(tmp_path / "m", tmp_path / "out", **options).pixels == {0: 1, 1: 1}

    @pytest.mark.parametrize(("name", "values", "found"), [("cat", [0, 0], []), ("background", [0, 255], [0])])
    def test_a_list_of_one_name_without_an_object(
        self, name: str, values: list[int], found: list[int], tmp_path: Path
    ) -> None:
        (tmp_path / "names.txt").write_text(name)
        dataset = cocoseg.read(folder_of(tmp_path / "m", a=u8(values)), categories=tmp_path / "names.txt")
        assert dataset[0].category_ids.tolist() == found

    def test_not_one_among_pictures_in_colours(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=HALF, b=COLORED, c=COLORED)
        assert cocoseg.info(folder).categories == ()
        assert [row.name for row in cocoseg.info(folder, class_name="x").categories] == ["x"]

    def test_are_said_where_the_format_is_given(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "masks", a=HALF)
        assert "255 is 'masks' (--class names it)" in cocoseg.info(folder, source_format="semantic").read_as

    def test_not_among_pictures_with_other_values(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "masks", a=HALF, b=u8([0, 1]))
        dataset = cocoseg.read(folder, categories=listed(tmp_path / "c.json", *OBJECT))
        assert cocoseg.semantic(dataset[0], cocoseg.label_scheme("index", dataset)).tolist() == [[0, 255], [255, 0]]
        assert dataset.read_as == "folder of class maps"

    def test_a_later_picture_with_other_values_is_refused(self, tmp_path: Path) -> None:
        pictures = {f"{number:03}": HALF for number in range(40)} | {"039a": u8([0, 1]), "039b": u8([7, 255])}
        summary = cocoseg.to_semantic(folder_of(tmp_path / "m", **pictures), tmp_path / "out", dry_run=True)
        assert (summary.images, [row.category for row in summary.failures]) == (40, ["id.unknown"] * 2)
        assert "7 (1 pixels), which is not a value of binary masks (0 and 255)" in summary.failures[1].message

    @pytest.mark.parametrize(("empty", "failed"), [(200, 0), (400, 1)])
    def test_rare_objects_are_found_or_refused(self, empty: int, failed: int, tmp_path: Path) -> None:
        pictures = {f"{number:03}": u8([0, 0]) for number in range(empty)} | {"199x": HALF}
        options = {"categories": listed(tmp_path / "c.json", *OBJECT), "dry_run": True}
        summary = cocoseg.to_semantic(folder_of(tmp_path / "m", **pictures), tmp_path / "out", **options)
        assert len(summary.failures) == failed
        assert 255 not in summary.pixels
        assert summary.pixels.get(1, 0) == 2 * (1 - failed)

    def test_parts_and_splits_are_read_alike(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=HALF, b=u8([0, 0]), c=u8([0, 0]))
        summary = cocoseg.to_semantic(folder, tmp_path / "out", workers=2, dry_run=True)
        assert summary.pixels == {0: 6, 1: 2}

    @pytest.mark.parametrize(
        ("rows", "pictures"),
        [
            ((*OBJECT, (2, "other")), [HALF]),
            (((0, "object"),), [HALF]),
            ((*OBJECT, (2, "other")), [u8([0, 1, 255])]),
            (((7, "a"), (8, "b"), (9, "c")), [HALF]),
            ([(number, f"c{number}") for number in range(1, 11)], [u8([0] * 39 + [255])] * 5),
            ([(number, f"c{number}") for number in range(10)], [u8([0] * 39 + [255])] * 5),
        ],
    )
    def test_255_that_may_be_a_class_is_a_warning(self, rows: Any, pictures: list[Any], tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", **{f"p{number}": picture for number, picture in enumerate(pictures)})
        (problem,) = cocoseg.read(folder, categories=listed(tmp_path / "c.json", *rows)).problems
        assert problem.category == "maps.void"
        assert problem.message.startswith(f"{folder}: 255 is ")

    def test_little_of_255_alone_is_a_warning_under_many_classes(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=u8([0] * 39 + [255]))
        (problem,) = cocoseg.read(folder, source_labels="mask2former").problems
        assert (problem.category, ": 255 is 2.5% of the pixels" in problem.message) == ("maps.void", True)
        many = [(number, f"c{number}") for number in range(10)]
        folder_of(folder, b=u8([0, 1]))
        assert cocoseg.read(folder, categories=listed(tmp_path / "c.json", *many)).problems == ()

    def test_classes_of_a_scheme_that_never_occur_are_a_warning(self, tmp_path: Path) -> None:
        classes = [{"index": n, "name": str(n), "category_ids": [n]} for n in (0, 1)]
        (tmp_path / "labels.json").write_text(json.dumps({"name": "x", "classes": classes}))
        dataset = cocoseg.read(folder_of(tmp_path / "m", a=HALF), source_labels=tmp_path / "labels.json")
        assert [row.category for row in dataset.problems] == ["maps.void"]

    def test_strict_refuses_all_where_255_may_be_a_class(self, tmp_path: Path) -> None:
        folder, names = folder_of(tmp_path / "m", a=HALF), listed(tmp_path / "c.json", *OBJECT, (2, "other"))
        result = run("to-semantic", folder, tmp_path / "out", "--categories", names, "--strict")
        assert (result.code, (tmp_path / "out").exists()) == (3, False)
        assert "so it is void" in result.stderr
        assert "(refused by --strict) [maps.void]" in result.stderr

    @pytest.mark.parametrize(
        ("folders", "options", "warned"),
        [
            (("cat", "dog"), {}, True),
            (("cat", "dog"), {"class_name": "pet"}, False),
            (("train", "val"), {}, False),
            (("cat",), {}, False),
        ],
    )
    def test_sub_folders_that_may_be_classes_are_a_warning(
        self, folders: tuple[str, ...], options: Any, warned: bool, tmp_path: Path
    ) -> None:
        for name in folders:
            folder_of(tmp_path / "m" / name, **{f"in_{name}": HALF})
        problems = cocoseg.read(tmp_path / "m", **options).problems
        assert [problem.category for problem in problems] == ["maps.binary"] * warned
        assert all("the binary masks in 'cat', 'dog' are all of one class" in problem.message for problem in problems)

    def test_255_that_is_not_void_is_no_warning_but_an_error(self, tmp_path: Path) -> None:
        dataset = cocoseg.read(
            folder_of(tmp_path / "m", a=HALF),
            source_labels="panopticapi",
            categories=listed(tmp_path / "c.json", (7, "a")),
        )
        assert dataset.problems == ()
        assert refusal(dataset).category == "id.unknown"

    @pytest.mark.parametrize("picture", [u8([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 255]), u8([0, 1, 2, 2, 255])])
    def test_void_borders_are_no_warning(self, picture: Any, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=picture)
        assert cocoseg.read(folder, categories=listed(tmp_path / "c.json", *OBJECT, (2, "other"))).problems == ()

    def test_values_that_nothing_explains_are_listed(self, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.DocumentError, match=r"found 0 \(50\.0%\), 128 \(50\.0%\) in 1 pictures"):
            cocoseg.read(folder_of(tmp_path / "m", a=u8([0, 128])))

    @pytest.mark.parametrize(("options", "category"), [({}, "maps.binary"), ({"categories": SOURCE}, "usage.class")])
    def test_a_class_name_that_names_nothing(self, options: Any, category: str, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.CocosegError, match="--class names the class of binary masks") as caught:
            cocoseg.read(folder_of(tmp_path / "m", a=u8([0, 128])), class_name="x", **options)
        assert caught.value.category == category

    def test_of_a_run_are_what_it_wrote(self, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=HALF)
        classes = [{"index": 0, "name": "road", "category_ids": [7]}, {"index": 1, "name": "sky", "category_ids": [8]}]
        report = {"command": "to-semantic", "labels": {"name": "x", "void": 255, "classes": classes}}
        (folder / "cocoseg.json").write_text(json.dumps(report))
        dataset = cocoseg.read(folder)
        assert (dataset[0].category_ids.tolist(), dataset.problems, dataset.read_as) == ([7], (), "")


class TestUnlabelled:
    """0 that is not listed may be background; 255 stays void."""

    PICTURE = u8([0, 1, 1, 2, 2, 255])

    @pytest.mark.parametrize("instances", [False, True])
    def test_0_becomes_background_and_void_stays(self, categories: Path, instances: bool, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=self.PICTURE)
        options: Any = {"categories": categories}
        if instances:
            options["instances"] = folder_of(tmp_path / "n", a=u8([0, 1, 2, 0, 0, 0]))
        expected = [0, 1, 1, 2, 2, 255]
        summary = cocoseg.to_semantic(folder, tmp_path / "out", unlabelled="background", **options)
        assert class_maps(tmp_path / "out")["a.png"].tolist() == [expected]
        assert summary.pixels == {0: 1, 1: 2, 2: 2, 255: 1}
        dataset = cocoseg.read(folder, **options)
        scheme = cocoseg.label_scheme("index", dataset, background=True)
        assert cocoseg.semantic(dataset[0], scheme).tolist() == [expected]
        assert cocoseg.semantic(dataset[0], scheme.with_unlabelled("void")).tolist() == [[255, 1, 1, 2, 2, 255]]
        void = cocoseg.to_semantic(folder, tmp_path / "out", unlabelled="void", dry_run=True, **options)
        assert void.pixels == {0: 2, 1: 2, 255: 2}

    def test_is_the_same_in_one_hot_arrays(self, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=self.PICTURE)
        cocoseg.to_onehot(folder, tmp_path / "out", categories=categories, unlabelled="background")
        found = np.load(tmp_path / "out" / "a.npz")["onehot"][0]
        assert found[:, :3].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]

    @pytest.mark.parametrize("row", [(0, "background"), (7, "Background"), (7, "__background__")])
    def test_background_that_is_listed_is_no_second_one(self, row: tuple[int, str], tmp_path: Path) -> None:
        options = {"categories": listed(tmp_path / "c.json", (1, "a"), (2, "b"), row)}
        folder = folder_of(tmp_path / "m", a=self.PICTURE)
        with pytest.raises(cocoseg.LabelError, match="is background already.*leave --unlabelled out") as caught:
            cocoseg.to_semantic(folder, tmp_path / "out", unlabelled="background", **options)
        assert caught.value.category == "label.collision"
        with pytest.raises(cocoseg.LabelError, match="is background already"):
            cocoseg.label_scheme("index", cocoseg.read(folder, **options), background=True)

    @pytest.mark.parametrize("name", ["unlabeled", "void", "other", "person"])
    def test_0_that_is_listed_is_not_unlabelled(self, name: str, tmp_path: Path) -> None:
        options: Any = {"categories": listed(tmp_path / "c.json", (0, name), (1, "a"), (2, "b"))}
        folder = folder_of(tmp_path / "m", a=self.PICTURE)
        text = f"category 0 '{name}' is listed, so that 0 is not unlabelled; leave --unlabelled out"
        with pytest.raises(cocoseg.LabelError, match=text) as caught:
            cocoseg.to_semantic(folder, tmp_path / "out", unlabelled="background", **options)
        assert caught.value.category == "label.collision"
        (tmp_path / "labels.toml").write_text('preset = "index"\nunlabelled = 0')
        with pytest.raises(cocoseg.LabelError, match="leave 'unlabelled' out"):
            cocoseg.to_semantic(folder, tmp_path / "out", labels=tmp_path / "labels.toml", **options)

    @pytest.mark.parametrize("background", [True, None])
    def test_0_that_a_scheme_drops_is_unlabelled(self, background: bool | None, tmp_path: Path) -> None:
        options: Any = {"categories": listed(tmp_path / "c.json", (0, "other"), (1, "a"), (2, "b"))}
        dataset = cocoseg.read(folder_of(tmp_path / "m", a=self.PICTURE), **options)
        classes = tuple(cocoseg.LabelClass(n, str(n), (n,)) for n in (1, 2))
        scheme = cocoseg.LabelScheme("x", classes, unlabelled=0, unknown="drop")
        found = cocoseg.label_scheme(scheme, dataset, background=background)
        assert cocoseg.semantic(dataset[0], found).tolist() == [[0, 1, 1, 2, 2, 255]]

    def test_background_of_voc_is_listed(self, tmp_path: Path) -> None:
        result = run("to-semantic", "fixtures/voc", tmp_path / "out", "--unlabelled", "background")
        assert (result.code, "category 0 'background' is background already" in result.stderr) == (3, True)

    def test_a_scheme_with_background_keeps_void(self, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=self.PICTURE)
        classes = [{"index": n, "name": str(n), "category_ids": [n]} for n in (1, 2)]
        (tmp_path / "labels.json").write_text(json.dumps({"name": "x", "classes": classes}))
        options: Any = {"labels": tmp_path / "labels.json", "categories": categories}
        cocoseg.to_semantic(folder, tmp_path / "out", unlabelled="background", **options)
        assert class_maps(tmp_path / "out")["a.png"].tolist() == [[0, 1, 1, 2, 2, 255]]

    @pytest.mark.parametrize("fields", ["", "void = 254", "name = 'x'"])
    def test_a_scheme_file_that_changes_index_is_as_the_option(
        self, fields: str, categories: Path, tmp_path: Path
    ) -> None:
        labels = tmp_path / "labels.toml"
        labels.write_text(f'preset = "index"\nunlabelled = 0\n{fields}')
        void = 254 if "254" in fields else 255
        self.check_labels(labels, categories, tmp_path, [0, 1, 1, 2, 2, void])

    def test_a_full_scheme_file_says_what_unlabelled_pixels_are(self, categories: Path, tmp_path: Path) -> None:
        labels = tmp_path / "labels.toml"
        rows = [f'[[classes]]\nindex = {n}\nname = "{n}"\ncategory_ids = {[n] if n else []}' for n in range(4)]
        for unlabelled, expected in ((0, 0), (7, 7), (255, 255)):
            labels.write_text("\n".join([f'name = "x"\nunlabelled = {unlabelled}', *rows]))
            self.check_labels(labels, categories, tmp_path, [expected, 1, 1, 2, 2, 255])

    def check_labels(self, labels: Any, categories: Path, tmp_path: Path, expected: list[int]) -> None:
        folder = folder_of(tmp_path / "m", a=self.PICTURE)
        dataset = cocoseg.read(folder, categories=categories)
        assert cocoseg.semantic(dataset[0], cocoseg.label_scheme(labels, dataset)).tolist() == [expected]
        cocoseg.to_semantic(folder, tmp_path / "out", categories=categories, labels=labels)
        assert class_maps(tmp_path / "out")["a.png"].tolist() == [expected]
        void = cocoseg.to_semantic(
            folder, tmp_path / "out", categories=categories, labels=labels, unlabelled="void", dry_run=True
        )
        assert void.pixels[expected[-1]] == 2

    @pytest.mark.parametrize("row", [(0, "bg"), (7, "Background")])
    def test_a_scheme_file_too_refuses_a_second_background(self, row: tuple[int, str], tmp_path: Path) -> None:
        labels = tmp_path / "labels.toml"
        labels.write_text('preset = "index"\nunlabelled = 0')
        options: Any = {"categories": listed(tmp_path / "c.json", (1, "a"), (2, "b"), row)}
        dataset = cocoseg.read(folder_of(tmp_path / "m", a=self.PICTURE), **options)
        with pytest.raises(cocoseg.LabelError, match="is background already.*leave 'unlabelled' out") as caught:
            cocoseg.label_scheme(labels, dataset)
        assert (caught.value.category, str(labels) in caught.value.message) == ("label.collision", True)

    def test_a_scheme_file_too_refuses_the_background_of_voc(self, tmp_path: Path) -> None:
        (tmp_path / "labels.toml").write_text('preset = "index"\nunlabelled = 0')
        result = run("to-semantic", "fixtures/voc", tmp_path / "out", "--labels", tmp_path / "labels.toml")
        assert (result.code, "category 0 'background' is background already" in result.stderr) == (3, True)

    def test_a_scheme_made_for_background_keeps_it(self, categories: Path, tmp_path: Path) -> None:
        dataset = cocoseg.read(folder_of(tmp_path / "m", a=self.PICTURE), categories=categories)
        scheme = cocoseg.label_scheme("index", dataset, background=True)
        assert cocoseg.label_scheme(scheme, dataset) == scheme
        self.check_labels(scheme, categories, tmp_path, [0, 1, 1, 2, 2, 255])
        counts = class_counts(dataset, scheme)
        assert counts.pixels.tolist() == [1, 2, 2, 0]

    def test_a_printed_scheme_keeps_background(self, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "m", a=self.PICTURE)
        printed = run("labels", "index", folder, "--categories", categories, "--unlabelled", "background", "--json")
        (tmp_path / "labels.json").write_text(printed.stdout)
        self.check_labels(tmp_path / "labels.json", categories, tmp_path, [0, 1, 1, 2, 2, 255])

    def test_the_background_of_a_preset_does_not_override_void(self, tmp_path: Path) -> None:
        options: Any = {"categories": listed(tmp_path / "c.json", (1, "person"), (2, "bicycle"))}
        dataset = cocoseg.read(folder_of(tmp_path / "m", a=self.PICTURE), **options)
        scheme = cocoseg.label_scheme("torchvision-voc21", dataset)
        assert cocoseg.semantic(dataset[0], scheme).tolist() == [[255, 15, 15, 2, 2, 255]]


class TestThereAndBack:
    @pytest.mark.parametrize("preset", PANOPTIC_PRESETS)
    def test_of_panoptic_files(self, preset: str, tmp_path: Path) -> None:
        cocoseg.to_semantic(SOURCE, tmp_path / "out", labels=preset)
        self.check(tmp_path / "out")

    @pytest.mark.parametrize("preset", [name for name in PRESETS if name in STUFF_PRESETS or name == "index"])
    @pytest.mark.parametrize("overlap", ["file", "void"])
    def test_of_instances(self, preset: str, overlap: Any, tmp_path: Path) -> None:
        cocoseg.to_semantic(FIXTURES / "instances.json", tmp_path / "out", labels=preset, overlap=overlap)
        self.check(tmp_path / "out")

    @pytest.mark.parametrize("changes", [{"things": "merge"}, {"things": "drop"}, {"unlabelled": 77}, {"void": 300}])
    def test_of_a_scheme_of_ones_own(self, changes: dict[str, Any], tmp_path: Path) -> None:
        (tmp_path / "labels.json").write_text(json.dumps({"preset": "index"} | changes))
        cocoseg.to_semantic(SOURCE, tmp_path / "out", labels=tmp_path / "labels.json")
        self.check(tmp_path / "out")

    def check(self, folder: Path) -> None:
        """What was read back gives the same class maps under the scheme that made them, through the command too."""
        before = class_maps(folder)
        dataset = cocoseg.read(folder)
        labels = json.loads((folder / "cocoseg.json").read_text())["labels"]
        path = folder.parent / "again.json"
        path.write_text(json.dumps(labels))
        scheme = cocoseg.label_scheme(path, dataset)
        assert len(before) == 3
        assert sorted(sample.key for sample in dataset) == sorted(before)
        for sample in dataset:
            np.testing.assert_array_equal(cocoseg.semantic(sample, scheme), before[sample.key])
        assert cocoseg.to_semantic(folder, folder.parent / "back", labels=path).failures == []
        after = class_maps(folder.parent / "back")
        assert all(np.array_equal(after[name], before[name]) for name in before)

    def test_of_16_bits(self, tmp_path: Path) -> None:
        classes = [{"index": 3 * n, "name": str(n), "category_ids": [n]} for n in range(1, 400)]
        (tmp_path / "labels.json").write_text(json.dumps({"name": "many", "void": 65535, "classes": classes}))
        class_map = np.array([[3, 1197, 65535, 600]], np.uint16)
        folder = folder_of(tmp_path / "maps", a=class_map)
        summary = cocoseg.to_semantic(
            folder, tmp_path / "out", labels=tmp_path / "labels.json", source_labels=tmp_path / "labels.json"
        )
        assert summary.failures == []
        np.testing.assert_array_equal(class_maps(tmp_path / "out")["a.png"], class_map)
        report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
        assert [row["name"] for row in report["sources"]] == ["maps", "labels.json", "labels.json"]


ENTRY = Entry("a.png", 1, "'a.png'", ("a.png",))
RUNS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=30)


class TestAgainstPlainPython:
    @given(runs=RUNS, isthing=st.tuples(*[st.sampled_from([None, False, True])] * 4), zero_is_crowd=st.booleans())
    def test_things(self, runs: list[tuple[int, int, int]], isthing: tuple[Any, ...], zero_is_crowd: bool) -> None:
        values = Values("x", (), (), (7, 9, 30, 1 << 30), isthing)
        rows, numbers, lengths = (np.array(column, np.intp) for column in zip(*runs, strict=True))
        size = (1, int(lengths.sum()))
        sample = thing_sample(ENTRY, "", size, values, Numbered(rows, numbers, lengths), zero_is_crowd)
        pixels = [
            None if row == 4 else (row, 0 if isthing[row] is False else number)
            for row, number, length in runs
            for _ in range(length)
        ]
        pairs = sorted({pair for pair in pixels if pair})
        assert sample.id_map[0].tolist() == [pairs.index(pair) + 1 if pair else 0 for pair in pixels]
        assert sample.category_ids.tolist() == [values.category_ids[row] for row, _ in pairs]
        things = {row for row, number in pairs if isthing[row] or number}
        assert sample.iscrowd.tolist() == [zero_is_crowd and row in things and number == 0 for row, number in pairs]

    @given(runs=RUNS, good=st.booleans())
    def test_classes(self, runs: list[tuple[int, int, int]], good: bool) -> None:
        values = Values("x", (), (), (7, 9, 30, 31 if good else 1 << 30), (None, False, True, True))
        rows, _, lengths = (np.array(column, np.intp) for column in zip(*runs, strict=True))
        sample = class_sample(ENTRY, "", (1, int(lengths.sum())), values, rows, lengths)
        pixels = [row for row, _, length in runs for _ in range(length)]
        found = sorted({row for row in pixels if row < 4})
        ids = [values.category_ids[row] if good else place for place, row in enumerate(found, 1)]
        assert sample.id_map[0].tolist() == [ids[found.index(row)] if row < 4 else 0 for row in pixels]
        assert sample.iscrowd.tolist() == [row != 1 for row in found]  # unless it is known to be stuff

    @given(class_map=hnp.arrays(np.uint8, (3, 4), elements=st.integers(0, 5)))
    def test_values(self, class_map: np.ndarray) -> None:
        rows = [(1, cocoseg.Category(50, "a")), (0, cocoseg.Category(3, "b")), (2, cocoseg.Category(4, "c"))]
        values = Values.of("class", rows, (5, 0))
        flat, lengths = class_map.reshape(-1), np.ones(12, np.intp)
        if np.isin(class_map, (3, 4)).any():
            with pytest.raises(cocoseg.SampleError) as caught:
                values.find(flat, lengths)
            for value in (3, 4):
                pixels = int((class_map == value).sum())
                assert (f"{value} ({pixels} pixels)" in caught.value.message) == (pixels > 0)
            return
        place = {0: 0, 2: 1, 1: 2, 5: 3}
        assert values.find(flat, lengths).tolist() == [place[value] for value in flat.tolist()]


class TestBadInput:
    """Each through the command: a sentence, and the other image is not touched."""

    GOOD = write_class_map(u8([1, 2], [2, 3]))

    def failure(self, folder: Path, categories: Path, *args: object) -> dict[str, str]:
        out = folder.parent / "out"
        result = run("to-semantic", folder, out, "--categories", categories, "--from", "semantic", "--json", *args)
        assert result.code == 1, result.stderr
        assert "Traceback" not in result.stderr
        assert list(class_maps(out)) == ["good.png"]
        (failure,) = result.summary["failures"]
        assert failure["message"].startswith(f"{folder}: 'bad.png': ")
        return failure

    @pytest.mark.parametrize(
        ("name", "category", "said"),
        [
            ("truncated", "png.corrupt", "get the file again"),
            (
                "RGB 8",
                "png.mode",
                "the picture has colours, expected one channel (grey or palette) or three that are equal",
            ),
            ("RGB 16", "png.mode", "16-bit RGB"),
            ("grey with alpha", "png.mode", "drop the alpha"),
            ("JPEG", "png.format", "a JPEG, whose compression changes numbers"),
            ("empty", "png.corrupt", "the file is empty"),
            ("unknown", "id.unknown", "the PNG has 7 (3 pixels), 9 (1 pixels), which is not a category id"),
            ("damaged", "png.corrupt", "do not agree with its header and checksum"),
            ("16 bits", "id.unknown", "the PNG has 300 (1 pixels)"),
        ],
    )
    def test_pictures(self, name: str, category: str, said: str, categories: Path, tmp_path: Path) -> None:
        failure = self.failure(folder_of(tmp_path / "maps", good=self.GOOD, bad=self.bad(name)), categories)
        assert failure["category"] == category
        assert said in failure["message"]

    def bad(self, name: str) -> bytes:
        jpeg = io.BytesIO()
        Image.new("L", (8, 8), 1).save(jpeg, "JPEG")
        damaged = write_class_map(np.full((9, 9), 77, np.uint8))
        return {
            "truncated": self.GOOD[:-20],
            "RGB 8": COLORED,
            "RGB 16": build_png(2, 2, 2, 16),
            "grey with alpha": build_png(2, 2, 4, 8),
            "JPEG": jpeg.getvalue(),
            "empty": b"",
            "unknown": write_class_map(u8([7, 9, 1], [7, 7, 0])),
            "damaged": self.with_wrong_adler(damaged),
            "16 bits": write_class_map(np.array([[300, 1]], np.uint16)),
        }[name]

    @staticmethod
    def with_wrong_adler(data: bytes) -> bytes:
        """The same pixels with a wrong Adler-32 under a right CRC."""
        import zlib

        end = len(data) - 12 - 4
        start = data.index(b"IDAT")
        body = data[start : end - 4] + bytes(4)
        return data[:start] + body + zlib.crc32(body).to_bytes(4, "big") + data[end + 4 :]

    @pytest.mark.parametrize(
        ("number", "category", "said"),
        [
            (None, "file.missing", "does not exist"),
            (write_class_map(u8([1, 2, 3])), "size.mismatch", "it is 1×3 (height×width), but the class map is 2×2"),
            (build_png(2, 2, 2, 8), "png.mode", "its picture of instance numbers: the PNG is 8-bit RGB"),
        ],
    )
    def test_partners(self, number: bytes | None, category: str, said: str, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "maps", good=self.GOOD, bad=self.GOOD)
        numbers = folder_of(tmp_path / "numbers", good=self.GOOD, **({"bad": number} if number else {}))
        failure = self.failure(folder, categories, "--instances", numbers)
        assert failure["category"] == category
        assert said in failure["message"]

    def test_a_link_to_nothing_outside(self, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "maps", good=self.GOOD)
        (folder / "bad.png").symlink_to("../../nothing.png")
        assert self.failure(folder, categories)["category"] == "path.escape"

    @pytest.mark.parametrize(
        ("args", "code", "said"),
        [
            (("maps", "out"), 3, "cocoseg cannot tell what the pixel values mean"),
            (("empty", "out"), 3, "the folder 'empty' is empty; expected labels"),
            (("photos", "out"), 3, "RGB pictures; if they are 2-channel PNGs"),
            (("maps", "out", "--categories", "c.json", "--instances", "none"), 3, "instances: 'none' does not exist"),
            (("maps", "out", "--source-labels", "mask2fromer"), 2, "did you mean 'mask2former'?"),
            (("maps", "maps/out", "--categories", "c.json"), 2, "choose another OUT"),
            (("maps", ".", "--categories", "c.json"), 2, "choose another OUT"),
            (("maps", "n/out", "--categories", "c.json", "--instances", "n"), 2, "choose another OUT"),
            (("maps", "n", "--categories", "c.json", "--instances", "n"), 2, "choose another OUT"),
            (("maps", "n", "--categories", "c.json", "--instances", "n/m"), 2, "choose another OUT"),
        ],
    )
    def test_calls(self, args: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
        folder_of(tmp_path / "maps", a=self.GOOD)
        folder_of(tmp_path / "n" / "m", a=self.GOOD)
        folder_of(tmp_path / "photos", a=build_png(2, 2, 2, 8))
        (tmp_path / "empty").mkdir()
        (tmp_path / "c.json").write_text(json.dumps(CATEGORIES))
        before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
        result = run("to-semantic", *args, cwd=tmp_path)
        assert result.code == code, result.stderr
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1
        assert said in result.stderr
        assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


class TestRealData:
    def check(self, dataset: cocoseg.Dataset, paths: list[Path], void: tuple[int, ...]) -> None:
        """Every category is where its value is, and nothing where void is."""
        assert len(dataset) == len(paths)
        for sample, path in zip(dataset, paths, strict=True):
            with Image.open(path) as image:
                values = np.array(image).astype(np.int64)
            values[np.isin(values, void)] = 0
            np.testing.assert_array_equal(sample.id_map, values)
            np.testing.assert_array_equal(sample.category_ids, sample.ids)

    def raw(self, values: range, path: Path) -> Path:
        path.write_text(json.dumps([{"id": value, "name": str(value)} for value in values]))
        return path

    @pytest.mark.parametrize(
        ("name", "values", "void"),
        [
            ("voc/pascalvoc/SegmentationClass", range(1, 21), (0, 255)),
            ("ade20k/ADEChallengeData2016/annotations", range(1, 151), (0,)),
            ("mapillary/mapillary_vistas_dataset/val/v2.0/labels", range(1, 124), (0,)),
        ],
    )
    def test_category_ids(
        self, name: str, values: range, void: tuple[int, ...], real_data: Path, tmp_path: Path
    ) -> None:
        listed = self.raw(values, tmp_path / "categories.json")
        dataset = cocoseg.read(real_data / name, source_format="semantic", categories=listed)
        self.check(dataset, sorted((real_data / name).rglob("*.png")), void)

    def test_pixelmaps_of_coco_stuff(self, real_data: Path) -> None:
        folder = real_data / "coco_stuff"
        stuff = folder / "stuff_examples.json"
        dataset = cocoseg.read(folder, categories=stuff, images=stuff)
        self.check(dataset, sorted(folder.glob("*.png")), (0,))
        assert [(sample.image_id, sample.file_name) for sample in dataset] == [
            (934, "000000000934.jpg"),
            (13715, "000000013715.jpg"),
        ]

    def test_cityscapes(self, real_data: Path, tmp_path: Path) -> None:
        stem = real_data / "cityscapes/pseudo_cityscapes_dataset/gtFine/frankfurt_000000_000294_gtFine"
        for kind in ("labelIds", "instanceIds"):
            (tmp_path / kind).mkdir()
            shutil.copy(f"{stem}_{kind}.png", tmp_path / kind / "frankfurt_000000_000294.png")
        rows = [{"id": n, "name": str(n), "isthing": int(n >= 24)} for n in range(34)]
        (tmp_path / "categories.json").write_text(json.dumps(rows))
        options = {"categories": tmp_path / "categories.json", "instances": tmp_path / "instanceIds"}
        (sample,) = cocoseg.read(tmp_path / "labelIds", **options)  # type: ignore[arg-type]
        instances = np.array(Image.open(f"{stem}_instanceIds.png"))
        classes = np.array(Image.open(f"{stem}_labelIds.png"))
        assert len(sample.ids) == len(np.unique(instances))  # stuff has bare ids there
        pairs = {(int(a), int(b)) for a, b in zip(sample.id_map.ravel(), instances.ravel(), strict=True)}
        assert len(pairs) == len(sample.ids)
        category = dict(zip(sample.ids.tolist(), sample.category_ids.tolist(), strict=True))
        assert np.array_equal(np.vectorize(category.get)(sample.id_map), classes)

    def test_kitti(self, real_data: Path, tmp_path: Path) -> None:
        source = real_data / "kitti/kitti_dataset/kitti_segmentation/training/instance"
        for path in sorted(source.glob("*.png")):
            both = np.array(Image.open(path))
            folder_of(tmp_path / "semantic", **{path.stem: (both >> 8).astype(np.uint8)})
            folder_of(tmp_path / "instance", **{path.stem: (both & 255).astype(np.uint8)})
        rows = [{"id": n, "name": str(n), "isthing": int(n >= 24)} for n in range(34)]
        (tmp_path / "categories.json").write_text(json.dumps(rows))
        folder = tmp_path / "semantic"
        dataset = cocoseg.read(folder, categories=tmp_path / "categories.json", instances=tmp_path / "instance")
        for sample, path in zip(dataset, sorted(source.glob("*.png")), strict=True):
            both = np.array(Image.open(path))
            assert sample.category_ids.tolist() == sorted((np.unique(both) >> 8).tolist())

    def test_class_maps_of_other_tools(self, real_data: Path, tmp_path: Path) -> None:
        """Read under the scheme of their tool they are what cocoseg makes of the panoptic files."""
        sample_set = real_data / "coco_panoptic/val2017_sample"
        categories = real_data / "coco_panoptic/panoptic_coco_categories.json"
        for name, preset in (("contiguous133_void255", "mask2former"), ("detectron2_fpn", "detectron2-fpn")):
            dataset = cocoseg.read(real_data / "expected" / name, source_labels=preset)
            labels = cocoseg.label_scheme("detectron2-fpn", dataset)
            for sample, twin in zip(
                dataset, cocoseg.read(sample_set / "panoptic_examples.json", categories=categories), strict=True
            ):
                assert sample.image_id == twin.image_id
                np.testing.assert_array_equal(
                    cocoseg.semantic(sample, labels), cocoseg.semantic(twin, "detectron2-fpn")
                )


class TestResumed:
    def test_what_decides_a_class_map_is_made_again(self, categories: Path, tmp_path: Path) -> None:
        folder = folder_of(tmp_path / "maps", a=u8([1, 2]), b=u8([2, 1]))
        numbers = folder_of(tmp_path / "numbers", a=u8([1, 0]), b=u8([0, 1]))

        def kept() -> int:
            return cocoseg.to_semantic(folder, tmp_path / "out", categories=categories, instances=numbers).kept

        assert [kept(), kept()] == [0, 2]
        folder_of(numbers, b=u8([0, 2]))
        assert [kept(), kept()] == [1, 2]
        folder_of(folder, a=u8([2, 2]))
        assert [kept(), kept()] == [1, 2]
        categories.write_text(json.dumps([row | {"isthing": 0} for row in CATEGORIES]))
        assert [kept(), kept()] == [0, 2]


@pytest.mark.parametrize("source", ["panoptic.json", "instances.json", "stuff.json"])
def test_maps_without_a_report_are_read_with_the_scheme_and_the_source_that_made_them(
    source: str, tmp_path: Path
) -> None:
    cocoseg.to_semantic(FIXTURES / source, tmp_path / "out")
    expected = class_maps(tmp_path / "out")
    (tmp_path / "out" / "cocoseg.json").unlink()
    dataset = cocoseg.read(tmp_path / "out", source_labels="index", categories=FIXTURES / source)
    names = {row.id: row.name for row in cocoseg.read(FIXTURES / source).categories}
    assert {row.id: row.name for row in dataset.categories if row.merged is None} == names
    scheme = cocoseg.label_scheme("index", cocoseg.read(FIXTURES / source))
    for sample in dataset:
        assert np.array_equal(cocoseg.semantic(sample, cocoseg.label_scheme(scheme, dataset)), expected[sample.key])
