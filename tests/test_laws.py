"""The laws: what goes there and back is as it was, on drawn scenes, on scenes drawn by chance and on real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import cocoseg
from cocoseg.codecs import contour
from cocoseg.model import Sample
from conftest import FIXTURES
from laws import CATEGORIES, pictures, save_panoptic, scene, scenes, segments, two_channel, unnumbered

PANOPTIC = [
    "coco_panoptic/val2017_sample/panoptic_examples.json",
    "coco_panoptic/annotations_only/panoptic_train2017.json",
    "coco_panoptic/annotations_only/panoptic_val2017.json",
]
CATEGORY_FILE = "coco_panoptic/panoptic_coco_categories.json"
INSTANCES = "coco_instances/instances_val2014_100.json"
STUFF = "coco_stuff/stuff_examples.json"
by_chance = settings(max_examples=20, deadline=None)
drawn = st.builds(lambda found: found, scenes()).filter(lambda found: any(info for _, info in found))


def with_categories(real_data: Path, name: str) -> dict[str, Path]:
    return {"categories": real_data / CATEGORY_FILE} if "annotations_only" in name else {}


class TestPanopticToDetectionToPanoptic:
    """The very same picture: ids, categories, crowds."""

    def law(self, source: Path, folder: Path, shape: Any = "rle", **options: Any) -> None:
        assert not cocoseg.to_coco(source, folder / "detection.json", segmentation=shape, **options).failures
        assert pictures(cocoseg.read(folder / "detection.json")) == pictures(cocoseg.read(source, **options))
        assert not cocoseg.to_panoptic(folder / "detection.json", folder / "out").failures
        assert pictures(cocoseg.read(folder / "out" / "panoptic.json")) == pictures(cocoseg.read(source, **options))
        for sample in cocoseg.read(source, **options):
            found = np.array(Image.open(folder / "out" / "panoptic" / sample.key)).astype(np.int64) @ (1, 256, 65536)
            np.testing.assert_array_equal(found, sample.id_map)

    def test_of_the_fixtures(self, tmp_path: Path) -> None:
        self.law(FIXTURES / "panoptic.json", tmp_path)

    @by_chance
    @given(found=drawn, shape=st.sampled_from(["rle", "rle-list", "polygons"]))
    def test_by_chance(self, found: Any, shape: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("law")
        self.law(save_panoptic(found, folder), folder, shape)

    @pytest.mark.parametrize("name", PANOPTIC)
    def test_of_real_files(self, real_data: Path, name: str, tmp_path: Path) -> None:
        self.law(real_data / name, tmp_path, **with_categories(real_data, name))


class TestPanopticToTwoChannelsToPanoptic:
    """Segments and categories; two channels can't say what is a crowd, and have numbers for ids."""

    def law(self, source: Path, folder: Path, listed: Path, **options: Any) -> None:
        dataset = cocoseg.read(source, **options)
        stuff = [row.id for row in dataset.categories if row.isthing is False]
        for sample in dataset:
            path = folder / "two" / sample.key
            path.parent.mkdir(parents=True, exist_ok=True)
            is_stuff = np.isin(sample.category_ids, stuff)
            Image.fromarray(two_channel(sample, is_stuff)).save(path)
        assert not cocoseg.to_panoptic(folder / "two", folder / "out", categories=listed).failures
        found = {sample.key: partition(sample) for sample in cocoseg.read(folder / "out" / "panoptic.json")}
        assert found == {sample.key: partition(sample) for sample in dataset}

    def test_of_the_fixtures(self, tmp_path: Path) -> None:
        self.law(FIXTURES / "panoptic.json", tmp_path, FIXTURES / "panoptic.json")

    @by_chance
    @given(found=drawn)
    def test_by_chance(self, found: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("law")
        source = save_panoptic(found, folder)
        self.law(source, folder, source)

    @pytest.mark.parametrize("name", PANOPTIC)
    def test_of_real_files(self, real_data: Path, name: str, tmp_path: Path) -> None:
        self.law(real_data / name, tmp_path, real_data / CATEGORY_FILE, **with_categories(real_data, name))


def partition(sample: Sample) -> list[Any]:
    """Categories and masks."""
    return sorted((category, string) for _, category, _, string in segments(sample))


class TestInstancesToMasksToInstances:
    """Ids, categories, crowds, and RLE strings."""

    def law(self, source: Path, folder: Path, stack: Any) -> None:
        assert not cocoseg.to_masks(source, folder / "masks", stack=stack).failures
        assert pictures(cocoseg.read(folder / "masks")) == pictures(cocoseg.read(source))
        assert not cocoseg.to_coco(folder / "masks", folder / "back.json").failures
        back = pictures(cocoseg.read(folder / "back.json"))
        assert unnumbered(back) == unnumbered(pictures(cocoseg.read(source)))

    @pytest.mark.parametrize("stack", [None, "npz"])
    @pytest.mark.parametrize("name", ["instances.json", "panoptic.json"])
    def test_of_the_fixtures(self, name: str, stack: Any, tmp_path: Path) -> None:
        self.law(FIXTURES / name, tmp_path, stack)

    @by_chance
    @given(found=drawn, stack=st.sampled_from([None, "npz"]))
    def test_by_chance(self, found: Any, stack: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("law")
        self.law(save_panoptic(found, folder), folder, stack)

    @pytest.mark.parametrize(("name", "stack"), [(INSTANCES, "npz"), (STUFF, None), (PANOPTIC[0], None)])
    def test_of_real_files(self, real_data: Path, name: str, stack: Any, tmp_path: Path) -> None:
        self.law(real_data / name, tmp_path, stack)


class TestMaskToPolygonsToMask:
    """Of real pictures; ``codecs/test_contour.py`` fills those of detection files by pycocotools."""

    @pytest.mark.parametrize("name", PANOPTIC)
    def test_of_every_segment(self, real_data: Path, name: str) -> None:
        masks = [sample.runs for sample in cocoseg.read(real_data / name)]
        for runs in masks:
            contour.check(contour.outline(runs), runs)
        assert any(map(len, masks))


class TestClassMapToOneHotToClassMap:
    def law(self, source: Path, labels: str, layout: Any, **options: Any) -> None:
        dataset = cocoseg.read(source, **options)
        scheme = cocoseg.label_scheme(labels, dataset)
        channels = max(row.index for row in scheme.table) + 1
        for sample in dataset:
            class_map = cocoseg.semantic(sample, scheme)
            array = cocoseg.one_hot(class_map, channels, void=scheme.void, layout=layout)
            back = cocoseg.from_one_hot(array, void=scheme.void, layout=layout)
            np.testing.assert_array_equal(back, class_map)

    @pytest.mark.parametrize("layout", ["hwc", "chw"])
    @pytest.mark.parametrize("labels", ["index", "mask2former", "detectron2-fpn", "panopticapi"])
    def test_of_the_fixtures(self, labels: str, layout: Any) -> None:
        self.law(FIXTURES / "panoptic.json", labels, layout)

    @by_chance
    @given(found=drawn, layout=st.sampled_from(["hwc", "chw"]))
    def test_by_chance(self, found: Any, layout: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
        self.law(save_panoptic(found, tmp_path_factory.mktemp("law")), "index", layout)

    @pytest.mark.parametrize("name", PANOPTIC)
    def test_of_real_files(self, real_data: Path, name: str) -> None:
        self.law(real_data / name, "mask2former", "hwc", **with_categories(real_data, name))


def index(dataset: cocoseg.Dataset) -> cocoseg.LabelScheme:
    return cocoseg.label_scheme("index", dataset)


class TestSemanticToStuffJsonToSemantic:
    @pytest.mark.parametrize("source", ["panoptic.json", "instances.json"])
    def test_what_no_mask_covers_stays_unknown_or_background(self, source: str, tmp_path: Path) -> None:
        cocoseg.to_coco(FIXTURES / source, tmp_path / "stuff.json", stuff=True)
        before, after = cocoseg.read(FIXTURES / source), cocoseg.read(tmp_path / "stuff.json")
        for one, two in zip(before, after, strict=True):
            class_map, back = cocoseg.semantic(one, index(before)), cocoseg.semantic(two, index(after))
            for value in (0, 255):
                np.testing.assert_array_equal(class_map == value, back == value)

    def law(self, source: Path, folder: Path, labels: str, **options: Any) -> None:
        assert not cocoseg.to_semantic(source, folder / "maps", labels=labels, **options).failures
        assert not cocoseg.to_coco(folder / "maps", folder / "stuff.json", stuff=True).failures
        assert not cocoseg.to_semantic(folder / "stuff.json", folder / "back", labels=labels).failures
        for path in (folder / "maps").rglob("*.png"):
            back = folder / "back" / path.relative_to(folder / "maps")
            np.testing.assert_array_equal(np.array(Image.open(back)), np.array(Image.open(path)))

    @pytest.mark.parametrize("labels", ["index", "mask2former"])
    def test_of_the_fixtures(self, labels: str, tmp_path: Path) -> None:
        self.law(FIXTURES / "panoptic.json", tmp_path, labels)

    @pytest.mark.parametrize("isthing", [None, 1])
    def test_of_classes_of_which_none_is_stuff(self, isthing: int | None, tmp_path: Path) -> None:
        document = json.loads((FIXTURES / "panoptic.json").read_text())
        for row in document["categories"]:
            row |= {"name": f"some {row['name']}", "isthing": isthing}
        (tmp_path / "panoptic.json").write_text(json.dumps(document))
        (tmp_path / "panoptic").symlink_to((FIXTURES / "panoptic").resolve())
        self.law(tmp_path / "panoptic.json", tmp_path, "index")

    @by_chance
    @given(found=drawn)
    def test_by_chance(self, found: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("law")
        self.law(save_panoptic(found, folder), folder, "index")

    @pytest.mark.parametrize("name", PANOPTIC)
    def test_of_real_files(self, real_data: Path, name: str, tmp_path: Path) -> None:
        self.law(real_data / name, tmp_path, "mask2former", **with_categories(real_data, name))


def test_the_scenes_have_what_can_go_wrong() -> None:
    """Else the laws would hold for want of trouble."""
    found: dict[str, Callable[[Any], bool]] = {
        "a crowd": lambda info: any(row["iscrowd"] for row in info),
        "two of a kind": lambda info: len({row["category_id"] for row in info}) < len(info),
        "ids of three bytes": lambda info: any(row["id"] > 65535 for row in info),
        "things and stuff": lambda info: {row["category_id"] < 100 for row in info} == {True, False},
    }
    drawn = [scene(np.random.default_rng(seed))[1] for seed in range(50)]
    for what, look in found.items():
        assert any(map(look, drawn)), what
    assert {row["isthing"] for row in CATEGORIES} == {0, 1}
