"""The laws of merge, subset and split, over all formats of the table: nothing is lost, doubled or relabelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.test_scenes import found, module_of, options_of
from PIL import Image

import cocoseg
from cocoseg.errors import UsageError
from cocoseg.formats import FORMATS
from cocoseg.model import Dataset

Scene = tuple[Path, dict[str, Any], dict[str, str | None]]


@pytest.fixture
def scene(name: str, tmp_path: Path) -> Scene:
    (tmp_path / "scene").mkdir()
    module = module_of(name)
    source = module.write(tmp_path / "scene")
    return source, options_of(name, tmp_path / "scene"), getattr(module, "NAMES", {})


def held(dataset: Dataset, names: dict[str, str | None]) -> dict[str, Any]:
    """The masks of every image under the names of their classes, by the name of the image."""
    return {Path(sample.key).stem: found(sample, dataset, names) for sample in dataset}


@pytest.fixture
def whole(scene: Scene, tmp_path: Path) -> Path:
    source, options, _ = scene
    cocoseg.to_coco(source, tmp_path / "whole.json", **options)
    return tmp_path / "whole.json"


@pytest.mark.parametrize("name", FORMATS)
class TestEveryFormat:
    def test_what_is_split_is_merged_again(self, scene: Scene, whole: Path, tmp_path: Path) -> None:
        source, options, names = scene
        parts = cocoseg.split(source, tmp_path / "parts", parts="one=.5,two=.5", to="coco", **options)
        assert sorted(parts.sizes.values()) in ([0, 2], [1, 1])
        written = sorted((tmp_path / "parts").glob("*.json"))
        if len(written) == 2:
            cocoseg.merge(written, tmp_path / "again.json")
            written = [tmp_path / "again.json"]
        assert held(cocoseg.read(written[0]), names) == held(cocoseg.read(whole), names)

    def test_a_subset_of_all_is_all(self, scene: Scene, tmp_path: Path) -> None:
        source, options, names = scene
        cocoseg.subset(source, tmp_path / "all", to="panoptic", **options)
        cocoseg.to_panoptic(source, tmp_path / "usual", **options)
        assert held(cocoseg.read(tmp_path / "all"), names) == held(cocoseg.read(tmp_path / "usual"), names)

    def test_a_merge_with_itself_is_refused_or_joined(self, scene: Scene, whole: Path, tmp_path: Path) -> None:
        source, options, names = scene
        with pytest.raises(UsageError) as caught:
            cocoseg.merge([source, source], tmp_path / "twice.json", to="coco", **options)
        assert caught.value.category == "merge.same"
        cocoseg.merge([source, source], tmp_path / "once.json", to="coco", same="join", **options)
        assert held(cocoseg.read(tmp_path / "once.json"), names) == held(cocoseg.read(whole), names)

    def test_class_maps_of_a_merge_are_those_of_the_parts(self, name: str, scene: Scene, tmp_path: Path) -> None:
        source, options, _ = scene
        scheme = cocoseg.label_scheme("index", cocoseg.read(source, **options))
        cocoseg.to_semantic(source, tmp_path / "own", **options)
        merged = cocoseg.merge([source, source], tmp_path / "out", to="semantic", same="both", prefix=True, **options)
        assert not merged.failures
        index = {row.name: row.index for row in merged.scheme.classes}  # type: ignore[attr-defined]
        folders = [next((tmp_path / "out").glob(f"*_{number}")) for number in (1, 2)]
        for own in (tmp_path / "own").rglob("*.png"):
            before = np.array(Image.open(own))
            for folder in folders:
                after = np.array(Image.open(folder / own.relative_to(tmp_path / "own")))
                for row in scheme.classes:
                    np.testing.assert_array_equal(after == index[row.name], before == row.index)
                void = merged.scheme.void  # type: ignore[attr-defined]
                np.testing.assert_array_equal(after == void, before == scheme.void)

    def test_a_format_without_a_writer_asks_for_one(self, name: str, scene: Scene, tmp_path: Path) -> None:
        source, options, _ = scene
        grouped = cocoseg.read(source, **options).conventions.grouped
        out = tmp_path / ("out.json" if name.startswith("coco") and "stuff" not in name else "out")
        if name in ("coco", "coco-folder", "panoptic") or grouped:
            assert cocoseg.subset(source, out, **options).images == 2
        else:
            with pytest.raises(UsageError, match="choose --to coco, panoptic or semantic"):
                cocoseg.subset(source, out, **options)
