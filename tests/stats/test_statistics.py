"""The statistics of a data set, beside a plain count over its decoded masks, whoever counts them."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.formats.reading import evaluated
from cocoseg.model import Dataset, Sample
from cocoseg.runs.run import How, Work, run
from cocoseg.stats.extremes import Example, Few, stable_hash
from cocoseg.stats.facts import CELLS
from cocoseg.stats.histogram import Histogram
from cocoseg.stats.measure import Measure
from cocoseg.stats.statistics import SHARES, Statistics
from conftest import FIXTURES

SOURCES = ["panoptic.json", "instances.json", "stuff.json", "cityscapes", "colors", "labelme", "yolo", "voc", "cvat"]
REAL = [
    "coco_instances/instances_val2014_100.json",
    "coco_instances/lvis_val_100.json",
    "coco_panoptic/val2017_sample/panoptic_examples.json",
    "coco_stuff/stuff_examples.json",
    "kitti/kitti_dataset",
    "mapillary/mapillary_vistas_dataset",
    "yolo_seg/YOLOv8",
]


def counted(dataset: Dataset, workers: int = 1, out: Path | None = None) -> Statistics:
    measure = Measure(dataset.photos, dataset.conventions.unlabelled == "background", shapes=True)
    tally = Statistics(len(dataset), categories=dataset.categories)
    return run(Work("report", dataset, measure, tally, out), How(workers))


def opened(path: Path) -> Dataset:
    return evaluated(cocoseg.read(path))[0]


class Recount:
    """The same numbers from the masks of every sample, pixel by pixel."""

    def __init__(self, dataset: Dataset) -> None:
        self.background = dataset.conventions.unlabelled == "background"
        self.totals: Counter[str] = Counter()
        self.classes: dict[int, Counter[str]] = {row.id: Counter() for row in dataset.categories}
        self.areas: dict[int, list[int]] = {row.id: [] for row in dataset.categories}
        self.heat: dict[int, Any] = {}
        self.together: Counter[tuple[int, int]] = Counter()
        self.void = [0] * SHARES
        for sample in dataset:
            self.add(sample)

    def add(self, sample: Sample) -> None:
        masks = cocoseg.instance_masks(sample)
        height, width = sample.size
        painted = np.full(sample.size, -1)
        for mask, category in zip(masks, sample.category_ids.tolist(), strict=True):
            painted[mask] = category
        void = self.void_of(sample, painted)
        self.totals += Counter(
            pixels=height * width,
            uncovered=int((painted == -1).sum()),
            void=void,
            contested=int((masks.sum(0) > 1).sum()),
            segments=len(masks),
        )
        self.void[min(SHARES - 1, void * SHARES // (height * width))] += 1
        present = set()
        for mask, category, crowd in zip(masks, sample.category_ids.tolist(), sample.iscrowd.tolist(), strict=True):
            row = self.classes.setdefault(category, Counter())
            row += Counter(segments=1, crowds=int(crowd), empty=int(not mask.any()))
            self.areas.setdefault(category, []).extend([int(mask.sum())] if mask.any() else [])
            present |= {category} if mask.any() else set()
        for category in set(sample.category_ids.tolist()):
            y, x = np.nonzero(painted == category)
            self.classes[category]["pixels"] += len(y)
            cells = self.heat.setdefault(category, np.zeros((CELLS, CELLS), np.int64))
            np.add.at(cells, (y * CELLS // height, x * CELLS // width), 1)
        for category in present:
            self.classes[category]["images"] += 1
        self.together.update(combinations(sorted(present), 2))

    def void_of(self, sample: Sample, painted: Any) -> int:
        marked = getattr(sample.shapes, "void", None)
        if not self.background:
            return int((painted == -1).sum())
        return 0 if marked is None else int(sample.shapes.fill(marked).sum())  # type: ignore[union-attr]


def check_equal(found: Statistics, expected: Recount) -> None:
    assert {name: getattr(found, name) for name in expected.totals} == dict(expected.totals)
    assert found.void_per_image == expected.void
    assert found.together == dict(sorted(expected.together.items()))
    assert set(found.classes) == set(expected.classes)
    for number, row in found.classes.items():
        wanted = expected.classes[number]
        names = ("images", "segments", "crowds", "empty", "pixels")
        assert {name: getattr(row, name) for name in names} == {name: wanted[name] for name in names}, number
        areas = Histogram()
        areas.add(expected.areas[number])
        assert row.areas == areas
        assert (row.heat == expected.heat.get(number, 0)).all()
        assert row.heat.sum() == row.pixels
    assert found.cells.sum() == found.pixels


@pytest.mark.parametrize("name", SOURCES)
def test_the_numbers_are_those_of_the_pixels(name: str) -> None:
    dataset = opened(FIXTURES / name)
    check_equal(counted(dataset), Recount(dataset))


@pytest.mark.parametrize("name", REAL)
def test_the_numbers_are_those_of_the_pixels_of_real_data(name: str, real_data: Path) -> None:
    if not (real_data / name).exists():
        pytest.skip(f"{name} is not there")
    dataset = opened(real_data / name)
    check_equal(counted(dataset), Recount(dataset))


def test_parts_and_holes_and_boxes_are_those_of_the_segments() -> None:
    found = counted(opened(FIXTURES / "panoptic.json"))
    person = found.classes[1]
    assert (person.parts.total, person.parts.least) == (4, 1)
    assert person.widths.total == person.heights.total == 4


@pytest.mark.parametrize("name", ["instances.json", "yolo"])
def test_any_number_of_workers_counts_the_same(name: str) -> None:
    dataset = opened(FIXTURES / name)
    one, two = (json.dumps(counted(dataset, workers).as_dict()) for workers in (1, 2))
    assert one == two


def test_parts_that_come_in_any_order_add_up_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = opened(FIXTURES / "instances.json")
    order: list[tuple[int, Any]] = []
    monkeypatch.setattr(Statistics, "add", lambda self, first, rows: order.append((first, rows)))
    for position in range(len(dataset)):
        part = dataset[position : position + 1]
        before = len(order)
        run(Work("report", part, Measure(shapes=True), Statistics(1, categories=dataset.categories)), How(1))
        order[before:] = [(position, rows) for _, rows in order[before:]]
    monkeypatch.undo()
    texts = set()
    for parts in (order, order[::-1]):
        tally = Statistics(len(dataset), categories=dataset.categories)
        for first, rows in parts:
            tally.add(first, rows)
        tally.close(0.0)
        texts.add(json.dumps(tally.as_dict()))
    assert len(texts) == 1


def test_a_run_into_a_folder_goes_on_where_it_ended(tmp_path: Path) -> None:
    dataset = opened(FIXTURES / "panoptic.json")
    first = counted(dataset, out=tmp_path / "out")
    again = counted(dataset, out=tmp_path / "out")
    assert (first.kept, again.kept) == (0, 3)
    assert json.dumps(first.as_dict()) == json.dumps(again.as_dict())


def test_the_few_are_the_same_in_any_order() -> None:
    examples = [Example(value % 4, f"{value}", value) for value in range(20)]
    for highest in (False, True):
        one, other = Few(3, highest), Few(3, highest)
        for example in examples:
            one.add(example)
        for example in reversed(examples):
            other.add(example)
        assert one == other
        assert [row.position for row in one.examples] == ([3, 7, 11] if highest else [0, 4, 8])


def test_the_choice_for_a_gallery_depends_on_names_alone() -> None:
    assert stable_hash("a.png", 1) == 160069494464082
    assert stable_hash("\ud800") != stable_hash("\ud801")
