from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.errors import CocosegError
from conftest import FIXTURES

PANOPTIC, INSTANCES = FIXTURES / "panoptic.json", FIXTURES / "instances.json"


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    cocoseg.tile(PANOPTIC, tmp_path / "tiles", size=4, overlap=2)
    return tmp_path / "tiles"


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    cocoseg.tile(PANOPTIC, tmp_path / "maps", size=4, overlap=2, to="semantic")
    return tmp_path / "maps"


def plain(tiles: Path) -> None:
    """Take what the segments are of from their rows, as predictions do not say it."""
    document = json.loads((tiles / "panoptic.json").read_text())
    for row in document["annotations"]:
        row["segments_info"] = [
            {key: value for key, value in segment.items() if key != "of"} for segment in row["segments_info"]
        ]
    (tiles / "panoptic.json").write_text(json.dumps(document))


def test_rows_of_a_json_come_back(tmp_path: Path) -> None:
    cocoseg.tile(INSTANCES, tmp_path / "tiles.json", size=4, overlap=1)
    cocoseg.stitch(tmp_path / "tiles.json", tmp_path / "whole.json")
    cocoseg.subset(INSTANCES, tmp_path / "usual.json", segmentation="rle")
    whole, usual = (json.loads((tmp_path / name).read_text()) for name in ("whole.json", "usual.json"))
    assert whole["images"] == usual["images"]
    assert whole["categories"] == usual["categories"]
    drawn = [row for row in usual["annotations"] if row["area"]]
    assert sorted(whole["annotations"], key=lambda row: row["id"]) == sorted(drawn, key=lambda row: row["id"])


def test_tiles_of_tiles_come_back(tiles: Path, tmp_path: Path) -> None:
    cocoseg.tile(tiles, tmp_path / "small", size=2, overlap=1)
    cocoseg.stitch(tmp_path / "small", tmp_path / "large")
    for path in tiles.rglob("*.png"):
        assert (tmp_path / "large" / path.relative_to(tiles)).read_bytes() == path.read_bytes()
    before, after = (json.loads((folder / "panoptic.json").read_text()) for folder in (tiles, tmp_path / "large"))
    assert after["images"] == before["images"]


@pytest.mark.parametrize("source", [PANOPTIC, INSTANCES])
def test_objects_of_tiles_of_tiles_are_whole_again(source: Path, tmp_path: Path) -> None:
    to = source.stem if source is PANOPTIC else "panoptic"
    cocoseg.tile(source, tmp_path / "0", size=4, overlap=1, to=to)
    for number, size in enumerate((3, 2)):
        cocoseg.tile(tmp_path / str(number), tmp_path / str(number + 1), size=size, to="panoptic")
    for number in (2, 3, 4):
        cocoseg.stitch(tmp_path / str(number), tmp_path / str(number + 1))
    cocoseg.subset(source, tmp_path / "usual", to=to)
    found, usual = (list(cocoseg.read(tmp_path / name / "panoptic.json")) for name in ("5", "usual"))
    assert [sorted(sample.areas.tolist()) for sample in found] == [sorted(sample.areas.tolist()) for sample in usual]


def annotations(path: Path) -> list[tuple[int, int, int]]:
    rows = json.loads(path.read_text())["annotations"]
    return [(row["id"], row["image_id"], row["category_id"]) for row in rows]


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """Instances with ids that no count gives."""
    document = json.loads(INSTANCES.read_text())
    for row in document["annotations"]:
        row["id"] += 500
    (tmp_path / "numbered.json").write_text(json.dumps(document))
    return tmp_path / "numbered.json"


def test_ids_of_annotations_come_back_from_tiles_of_tiles(numbered: Path, tmp_path: Path) -> None:
    cocoseg.tile(numbered, tmp_path / "1.json", size=5, overlap=1)
    cocoseg.tile(tmp_path / "1.json", tmp_path / "2.json", size=3, overlap=1)
    cocoseg.stitch(tmp_path / "2.json", tmp_path / "3.json")
    assert json.loads((tmp_path / "3.json").read_text())["tiles"] == {
        "height": 5, "width": 5, "overlap": 1, "ids": "file",
    }  # fmt: skip
    cocoseg.stitch(tmp_path / "3.json", tmp_path / "4.json")
    assert annotations(tmp_path / "4.json") == annotations(numbered)
    assert "tiles" not in json.loads((tmp_path / "4.json").read_text())


@pytest.mark.parametrize("segmentation", [None, "rle"])
def test_ids_of_annotations_come_back_from_a_subset_of_tiles(numbered: Path, segmentation: Any, tmp_path: Path) -> None:
    cocoseg.tile(numbered, tmp_path / "1.json", size=5, overlap=1)
    cocoseg.subset(tmp_path / "1.json", tmp_path / "2.json", classes="dog", segmentation=segmentation)
    cocoseg.stitch(tmp_path / "2.json", tmp_path / "3.json")
    assert annotations(tmp_path / "3.json") == [row for row in annotations(numbered) if row[2] == 18]


class TestEvaluate:
    def test_tiles_of_the_truth_are_the_truth(self, tiles: Path) -> None:
        result = cocoseg.evaluate(PANOPTIC, tiles, tiles=tiles)
        assert (result.images, result.headlines["PQ"]) == (3, 1.0)
        assert "16 tiles put together to 3 images" in result.notes

    def test_stuff_of_predictions_is_joined(self, tiles: Path) -> None:
        plain(tiles)
        result = cocoseg.evaluate(PANOPTIC, tiles, tiles=tiles)
        assert result.images == 3
        assert result.headlines["PQ stuff"] == 1.0

    def test_class_maps_are_found_by_their_names(self, maps: Path, tmp_path: Path) -> None:
        (tmp_path / "predicted").mkdir()
        for path in maps.rglob("*.png"):
            target = tmp_path / "predicted" / path.relative_to(maps)
            target.parent.mkdir(exist_ok=True)
            Image.open(path).save(target)
        result = cocoseg.evaluate(PANOPTIC, tmp_path / "predicted", tiles=maps, task="semantic")
        assert (result.images, result.headlines["mIoU"]) == (3, 1.0)

    def test_results_name_tiles_by_their_ids(self, tmp_path: Path) -> None:
        cocoseg.tile(INSTANCES, tmp_path / "tiles.json", size=4, overlap=0)
        document = json.loads((tmp_path / "tiles.json").read_text())
        names = ("image_id", "category_id", "segmentation")
        rows = [{name: row[name] for name in names} | {"score": 0.5} for row in document["annotations"]]
        (tmp_path / "results.json").write_text(json.dumps(rows))
        result = cocoseg.evaluate(INSTANCES, tmp_path / "results.json", tiles=tmp_path / "tiles.json", task="semantic")
        assert result.images == 3

    def test_images_without_a_tile_are_left_out(self, maps: Path) -> None:
        for path in maps.glob("touching_*.png"):
            path.unlink()
        result = cocoseg.evaluate(PANOPTIC, maps, tiles=maps)
        assert [row.category for row in result.failures] == ["pair.missing"]
        assert [row.category for row in result.problems] == ["eval.identical"]

    def test_a_missing_tile_costs_its_image_or_counts_as_empty(self, maps: Path) -> None:
        next(maps.glob("touching_*.png")).unlink()
        result = cocoseg.evaluate(PANOPTIC, maps, tiles=maps)
        assert [row.category for row in result.failures] == ["tile.missing"]
        assert not cocoseg.evaluate(PANOPTIC, maps, tiles=maps, missing="empty").failures

    def test_a_tile_of_another_size_is_refused_or_scaled(self, maps: Path) -> None:
        for path in maps.rglob("*.png"):
            picture = Image.open(path)
            picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST).save(path)
        result = cocoseg.evaluate(PANOPTIC, maps, tiles=maps)
        assert {row.category for row in result.failures} == {"size.mismatch"}
        assert cocoseg.evaluate(PANOPTIC, maps, tiles=maps, size="nearest").headlines["mIoU"] == 1.0


def test_tiles_that_are_left_out_cost_their_image_or_count_as_empty(tiles: Path, tmp_path: Path) -> None:
    cocoseg.subset(tiles, tmp_path / "some", select="touching_y0*")
    result = cocoseg.stitch(tmp_path / "some", tmp_path / "whole")
    assert [row.category for row in result.failures] == ["tile.missing"]
    assert not cocoseg.stitch(tmp_path / "some", tmp_path / "empty", missing="empty").failures
    (found,) = cocoseg.read(tmp_path / "empty")
    (whole,) = (sample for sample in cocoseg.read(PANOPTIC) if sample.key == found.key)
    np.testing.assert_array_equal(found.id_map[:4], whole.id_map[:4])
    assert not found.id_map[4:].any()


def test_what_is_no_tile_is_said(maps: Path, tmp_path: Path) -> None:
    Image.open(next(maps.glob("*.png"))).save(maps / "other.png")
    result = cocoseg.stitch(maps, tmp_path / "whole")
    assert [row.category for row in result.problems] == ["tile.extra"]


@pytest.mark.parametrize(
    ("source", "options", "category"),
    [
        (PANOPTIC, {}, "doc.missing_key"),
        (PANOPTIC, {"tiles": "tiles"}, "tile.none"),
        ("tiles", {"tiles": "gone.json"}, "file.missing"),
        ("tiles", {"to": "coco", "overlap": 3}, "TypeError"),
    ],
)
def test_what_cannot_be_done_is_refused(
    source: Any, options: dict[str, Any], category: str, tiles: Path, tmp_path: Path
) -> None:
    source = tiles if source == "tiles" else source
    options = options | ({"tiles": tiles} if options.get("tiles") == "tiles" else {})
    with pytest.raises((CocosegError, TypeError)) as caught:
        cocoseg.stitch(source, tmp_path / "out", **options)
    assert getattr(caught.value, "category", "TypeError") == category


@pytest.mark.parametrize("text", ["[]", "{}"])
def test_predictions_alone_are_told_of_tiles(text: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(
        cocoseg.DocumentError, match="if SRC holds predictions, --tiles names what 'cocoseg tile' wrote"
    ):
        cocoseg.stitch(tmp_path / "results.json", tmp_path / "out")
