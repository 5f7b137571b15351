"""What is counted of a pair, however its segments are stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluating import box, rle, segments, write_panoptic
from formats.test_scenes import module_of

import cocoseg
from cocoseg.evaluation.measures import Labels, Weighted
from cocoseg.evaluation.pairs import Paired
from cocoseg.metrics.conventions import CONVENTIONS

SIZE = (8, 10)
CATEGORIES = [{"id": 1, "name": "road", "isthing": 0}, {"id": 2, "name": "car", "isthing": 1}]


def write_coco(path: Path, *rows: tuple[int, Any]) -> Path:
    """A detection JSON of one image, from (category, mask) in their order."""
    annotations = [
        {"id": k, "image_id": 1, "category_id": category, "segmentation": rle(mask), "iscrowd": 0}
        for k, (category, mask) in enumerate(rows, 1)
    ]
    images = [{"id": 1, "file_name": "a.jpg", "height": SIZE[0], "width": SIZE[1]}]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES}))
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small car on a road."""
    ids = np.where(box(SIZE, (2, 5, 3, 7)), 6, 5)
    return write_panoptic(tmp_path / "t.json", {"a": (ids, segments({"5": 1, "6": 2}))}, CATEGORIES)


@pytest.mark.parametrize("convention", [*CONVENTIONS, "all"])
@pytest.mark.parametrize("name", ["coco", "panoptic", "masks", "labelme"])
def test_masks_and_pictures_under_every_convention(name: str, convention: Any, tmp_path: Path) -> None:
    source = module_of(name).write(tmp_path)
    result = cocoseg.evaluate(source, source, task="semantic", convention=convention, boundary=0.02)
    assert (result.images, result.failures) == (2, [])
    if convention in ("cityscapes", "mmseg"):
        assert {number for number in result.headlines.values() if number is not None} == {1.0}
    assert "mean iIoU" not in result.headlines  # whose average sizes are those of Cityscapes' instances


def test_streets_have_instances_that_weigh(tmp_path: Path) -> None:
    for name in ("cityscapes", "cityscapes-polygons"):
        (tmp_path / name).mkdir()
        source = module_of(name).write(tmp_path / name)
        result = cocoseg.evaluate(source, source, task="semantic", convention="cityscapes")
        assert result.headlines["mean iIoU"] == 1.0


@pytest.mark.parametrize(
    ("overlap", "accuracy", "quality"), [("area", 1.0, 1.0), ("file", 68 / 80, 0.425), (None, 68 / 80, 0.425)]
)
def test_masks_that_overlap_are_painted_as_asked(
    overlap: Any, accuracy: float, quality: float, picture: Path, tmp_path: Path
) -> None:
    """The road is the whole picture and the later row; the car is only to be seen if the smaller is on top."""
    prediction = write_coco(tmp_path / "p.json", (2, box(SIZE, (2, 5, 3, 7))), (1, np.ones(SIZE, np.bool_)))
    for task in ("semantic", "panoptic"):
        result = cocoseg.evaluate(picture, prediction, task=task, overlap=overlap)  # type: ignore[arg-type]
        assert result.failures == []
        if task == "semantic":
            assert result.headlines["aAcc"] == accuracy
        else:
            assert result.headlines["PQ"] == quality


def test_an_instance_of_masks_weighs_as_one_of_pictures(picture: Path, tmp_path: Path) -> None:
    masks = write_coco(tmp_path / "m.json", (1, np.ones(SIZE, np.bool_)), (2, box(SIZE, (2, 5, 3, 7))))
    worse = write_coco(tmp_path / "p.json", (1, np.ones(SIZE, np.bool_)), (2, box(SIZE, (3, 6, 3, 7))))
    truths, prediction = [cocoseg.read(path)[0] for path in (picture, masks)], cocoseg.read(worse)[0]
    scheme = cocoseg.label_scheme("index", cocoseg.read(picture))
    weighted = Weighted(Labels(scheme, scheme), (None, 6.0))
    found = [weighted.count(Paired(truth, prediction)).result() for truth in truths]
    assert found[0] == found[1]
    # the car has 12 pixels, of which 8 are hit: 8 w / (12 w + 4) with w = 6 / 12
    assert found[0].columns["iIoU"] == (None, 0.4)
