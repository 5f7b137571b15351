"""The drawn scene in every format is its own perfect prediction, and that of the same masks in other formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluating import write_map
from formats.scenes import IMAGES
from formats.test_scenes import module_of, options_of, tells_things
from PIL import Image

import cocoseg
from cocoseg.formats import FORMATS

WRITERS: dict[str, Callable[[Path, Path], Any]] = {
    "class maps": lambda source, out: cocoseg.to_semantic(source, out),
    "masks": lambda source, out: cocoseg.to_masks(source, out),
    "panoptic pictures": lambda source, out: cocoseg.to_panoptic(source, out),
    "detection JSON": lambda source, out: cocoseg.to_coco(source, out / "instances.json"),
}
WRITTEN = {"panoptic pictures": "panoptic.json", "detection JSON": "instances.json"}


def write(name: str, folder: Path) -> Path:
    folder.mkdir()
    source: Path = module_of(name).write(folder)
    return source


def check_perfect(result: cocoseg.Evaluation) -> None:
    assert (result.listed, result.images, result.failures) == (len(IMAGES), len(IMAGES), [])
    numbers = {name: number for name, number in result.headlines.items() if number is not None}
    assert numbers.keys() & {"PQ", "mIoU"}
    assert set(numbers.values()) == {1.0}


@pytest.mark.parametrize("task", [None, "semantic", "all"])
@pytest.mark.parametrize("name", FORMATS)
def test_each_format(name: str, task: Any, tmp_path: Path) -> None:
    source = write(name, tmp_path / "scene")
    result = cocoseg.evaluate(source, source, task=task, **options_of(name, tmp_path / "scene"))
    check_perfect(result)
    assert ("semantic" in result.tasks) == (task is not None or not result.panoptic)
    if not tells_things(name):
        assert result.tasks == ("semantic",)


@pytest.mark.parametrize("as_truth", [True, False])
@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("name", ["panoptic", "coco"])
def test_two_formats(name: str, kind: str, as_truth: bool, tmp_path: Path) -> None:
    source, out = write(name, tmp_path / "scene"), tmp_path / "out"
    out.mkdir()
    WRITERS[kind](source, out)
    written = out / WRITTEN.get(kind, "")
    truth, prediction = (source, written) if as_truth else (written, source)
    result = cocoseg.evaluate(truth, prediction)
    check_perfect(result)
    assert result.tasks == (("semantic",) if kind == "class maps" else ("panoptic",))
    check_perfect(cocoseg.evaluate(truth, prediction, task="semantic"))


def test_cityscapes_against_bare_numbers_of_its_classes(tmp_path: Path) -> None:
    source, out, bare = write("cityscapes", tmp_path / "scene"), tmp_path / "out", tmp_path / "bare"
    cocoseg.to_semantic(source, out, labels="cityscapes")
    for path in out.rglob("*.png"):
        write_map(bare / path.name, np.array(Image.open(path)))
    result = cocoseg.evaluate(source, bare, labels="cityscapes", convention="cityscapes")
    check_perfect(result)
    assert [problem.category for problem in result.problems] == ["eval.identical"]
    said = cocoseg.evaluate(source, bare)
    check_perfect(said)
    assert [problem.category for problem in said.problems] == ["eval.identical"]


def test_another_class_is_seen(tmp_path: Path) -> None:
    """The control: a picture of other classes is not perfect."""
    source, out = write("semantic", tmp_path / "scene"), tmp_path / "out"
    for path in source.glob("*.png"):
        write_map(out / path.name, np.where(np.array(Image.open(path)) == 1, 2, np.array(Image.open(path))))
    result = cocoseg.evaluate(source, out, **options_of("semantic", tmp_path / "scene"))
    assert (result.headlines["mIoU"] or 0) < 0.7
