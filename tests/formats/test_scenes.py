"""The drawn scene in every format of the table: the same masks under the same names, however it is converted."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from formats.scenes import IMAGES, THINGS, Image

import cocoseg
from cocoseg.formats import FORMATS
from cocoseg.formats.detect import detect
from cocoseg.model import Dataset, Sample

Masks = list[tuple[str, bytes]]


def module_of(name: str) -> ModuleType:
    return import_module(f"formats.scenes.{name.replace('-', '_')}")


def tells_things(name: str) -> bool:
    return getattr(module_of(name), "things", FORMATS[name].things)


def options_of(name: str, folder: Path) -> dict[str, Any]:
    given = getattr(module_of(name), "OPTIONS", {})
    return {key: folder / value if str(value).endswith((".json", ".txt")) else value for key, value in given.items()}


def wanted(image: Image, names: dict[str, str | None], things: bool) -> Masks:
    """The masks of an image, those of a class in one if things are not told apart."""
    objects = [(names.get(row.name, row.name), row) for row in image.objects]
    rows = [(name, row) for name, row in objects if name is not None]
    if things:
        return sorted((name, row.mask.tobytes()) for name, row in rows)
    classes = {name for name, _ in rows}
    joined = {name: np.any([row.mask for other, row in rows if other == name], axis=0) for name in classes}
    return sorted((name, mask.tobytes()) for name, mask in joined.items())


def found(sample: Sample, dataset: Dataset, names: dict[str, str | None]) -> Masks:
    """The masks of a sample under the names of their categories; other categories, as background, are left out."""
    called = {row.id: row.name for row in dataset.categories}
    known = {names.get(name, name) for name in ("car", "person", "road")}
    pairs = zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True)
    return sorted((called[number], mask.tobytes()) for number, mask in pairs if called[number] in known)


@pytest.fixture
def scene(name: str, tmp_path: Path) -> tuple[Path, dict[str, Any], dict[str, str | None]]:
    (tmp_path / "scene").mkdir()
    module = module_of(name)
    source = module.write(tmp_path / "scene")
    return source, options_of(name, tmp_path / "scene"), getattr(module, "NAMES", {})


@pytest.mark.parametrize("name", FORMATS)
class TestTheScene:
    def test_is_recognised(self, name: str, scene: Any) -> None:
        assert detect(scene[0]) == name

    def test_has_the_same_masks(self, name: str, scene: Any) -> None:
        source, options, names = scene
        dataset = cocoseg.read(source, **options)
        assert len(dataset) == len(IMAGES)
        for image, sample in zip(IMAGES, dataset, strict=True):
            assert sample.size == image.size
            assert found(sample, dataset, names) == wanted(image, names, tells_things(name))
            called = getattr(module_of(name), "CALLED", {}).get(image.name, image.name)
            assert Path(sample.file_name).name.startswith(called)

    def test_keeps_them_as_detection_json(self, name: str, scene: Any, tmp_path: Path) -> None:
        source, options, names = scene
        cocoseg.to_coco(source, tmp_path / "out.json", **options)
        self.check_kept(name, names, cocoseg.read(tmp_path / "out.json"))

    def test_keeps_them_as_panoptic_pictures(self, name: str, scene: Any, tmp_path: Path) -> None:
        source, options, names = scene
        cocoseg.to_panoptic(source, tmp_path / "out", **options)
        self.check_kept(name, names, cocoseg.read(tmp_path / "out" / "panoptic.json"))

    def test_keeps_them_as_binary_masks(self, name: str, scene: Any, tmp_path: Path) -> None:
        source, options, names = scene
        cocoseg.to_masks(source, tmp_path / "out", **options)
        self.check_kept(name, names, cocoseg.read(tmp_path / "out"))

    def check_kept(self, name: str, names: dict[str, str | None], dataset: Dataset) -> None:
        for image, sample in zip(IMAGES, dataset, strict=True):
            assert found(sample, dataset, names) == wanted(image, names, tells_things(name))

    def test_gives_the_class_map(self, name: str, scene: Any, tmp_path: Path) -> None:
        source, options, names = scene
        labels = cocoseg.label_scheme("index", cocoseg.read(source, **options))
        index = {row.name: row.index for row in labels.classes}
        cocoseg.to_semantic(source, tmp_path / "out", **options)
        for image, sample in zip(IMAGES, cocoseg.read(source, **options), strict=True):
            from PIL import Image as Pictures

            class_map = np.array(Pictures.open(tmp_path / "out" / sample.key))
            for own, mask in ((names.get(row.name, row.name), row.mask) for row in image.objects):
                if own is not None:
                    assert (class_map[mask] == index[own]).all()
            others = ~np.any([row.mask for row in image.objects], axis=0)
            assert not np.isin(class_map[others], [index[own] for own in map(names.get, THINGS, THINGS) if own]).any()

    def test_can_be_surveyed(self, name: str, scene: Any) -> None:
        source, options, _ = scene
        info = cocoseg.info(source, **options)
        assert (info.images, info.failures) == (len(IMAGES), ())
        assert info.sizes == {image.size: 1 for image in IMAGES}
