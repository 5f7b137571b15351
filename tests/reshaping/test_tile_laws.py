"""The laws of tile, stitch and resize, over all formats of the table: what is cut and put together is as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from formats.test_scenes import module_of, options_of
from PIL import Image

import cocoseg
from cocoseg.formats import FORMATS
from laws import pictures, unnumbered

Scene = tuple[Path, dict[str, Any]]


@pytest.fixture
def scene(name: str, tmp_path: Path) -> Scene:
    (tmp_path / "scene").mkdir()
    source = module_of(name).write(tmp_path / "scene")
    return source, {key: value for key, value in options_of(name, tmp_path / "scene").items() if key != "size"}


def pngs(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.png"))}


@pytest.mark.long
@pytest.mark.parametrize("name", FORMATS)
class TestEveryFormat:
    def test_masks_come_back(self, scene: Scene, tmp_path: Path) -> None:
        source, options = scene
        assert not cocoseg.tile(source, tmp_path / "tiles.json", size="5x7", overlap=2, to="coco", **options).failures
        assert not cocoseg.stitch(tmp_path / "tiles.json", tmp_path / "whole.json").failures
        cocoseg.to_coco(source, tmp_path / "usual.json", **options)
        found, expected = (pictures(cocoseg.read(tmp_path / f"{way}.json")) for way in ("whole", "usual"))
        assert found.keys() == expected.keys()
        assert unnumbered(found) == {key: [row for row in rows if row[2]] for key, rows in unnumbered(expected).items()}


@pytest.mark.parametrize("name", ["panoptic", "coco", "labelme", "cityscapes"])
class TestSomeFormats:
    def test_class_maps_come_back(self, scene: Scene, tmp_path: Path) -> None:
        source, options = scene
        assert not cocoseg.tile(source, tmp_path / "tiles", size=6, overlap=1, to="semantic", **options).failures
        assert not cocoseg.stitch(tmp_path / "tiles", tmp_path / "whole").failures
        cocoseg.subset(source, tmp_path / "usual", to="semantic", **options)
        assert pngs(tmp_path / "whole") == pngs(tmp_path / "usual")

    def test_panoptic_pictures_come_back(self, scene: Scene, tmp_path: Path) -> None:
        source, options = scene
        assert not cocoseg.tile(source, tmp_path / "tiles", size="4x9", overlap=3, to="panoptic", **options).failures
        assert not cocoseg.stitch(tmp_path / "tiles", tmp_path / "whole").failures
        cocoseg.to_panoptic(source, tmp_path / "usual", **options)
        assert pngs(tmp_path / "whole") == pngs(tmp_path / "usual")

    def test_blocks_come_back_in_their_size(self, scene: Scene, tmp_path: Path) -> None:
        source, options = scene
        cocoseg.to_panoptic(source, tmp_path / "usual", **options)
        sizes = {sample.size for sample in cocoseg.read(tmp_path / "usual")}
        for height, width in sizes:
            cocoseg.resize(tmp_path / "usual", tmp_path / "large", size=f"{2 * height}x{2 * width}", overwrite=True)
            cocoseg.resize(tmp_path / "large", tmp_path / "small", size=f"{height}x{width}", overwrite=True)
            for path in (tmp_path / "usual").rglob("*.png"):
                before = np.array(Image.open(path))
                if before.shape[:2] == (height, width):
                    after = np.array(Image.open(tmp_path / "small" / path.relative_to(tmp_path / "usual")))
                    np.testing.assert_array_equal(after, before)
