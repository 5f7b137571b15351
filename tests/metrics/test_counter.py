"""What all metrics share: sums that do not depend on the order, and states that travel as JSON."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest

from cocoseg import ConfusionMatrix
from cocoseg.codecs import rle
from cocoseg.codecs.regions import find_regions
from cocoseg.errors import UsageError
from cocoseg.metrics import counter
from cocoseg.metrics.average_precision import AveragePrecision
from cocoseg.metrics.boundary import BoundaryIoU
from cocoseg.metrics.counter import Counter
from cocoseg.metrics.instance_weighted import InstanceWeightedIoU
from cocoseg.metrics.panoptic_quality import PanopticQuality
from cocoseg.model import Category, Sample

CATEGORIES = [Category(7, "seven", True), Category(3, "three", False), Category(5, "five", True)]
Count = Callable[[Any, np.random.Generator, int], None]


def blocks(rng: np.random.Generator, values: Any) -> np.ndarray:
    """(12, 20), in blocks."""
    return np.repeat(np.repeat(rng.choice(values, (4, 5)), 3, axis=0), 4, axis=1)


def changed(rng: np.random.Generator, picture: np.ndarray, values: Any) -> np.ndarray:
    return np.where(rng.random(picture.shape) < 0.1, rng.choice(values, picture.shape), picture)


def class_maps(metric: Any, rng: np.random.Generator, image: int) -> None:
    truth = blocks(rng, [0, 1, 2, 255])
    metric.update(truth, changed(rng, truth, [0, 1, 2, 255]))


def instances(metric: Any, rng: np.random.Generator, image: int) -> None:
    truth = blocks(rng, [0, 1, 2, 255])
    ids = truth * 1000 + blocks(rng, [0, 1, 2])
    metric.update(truth, ids, changed(rng, truth, [0, 1, 2, 255]))


def panoptic(metric: Any, rng: np.random.Generator, image: int) -> None:
    truth = blocks(rng, range(7))
    sides = []
    for ids in (truth, changed(rng, truth, range(7))):
        listed = np.unique(ids[ids > 0])
        regions = find_regions(ids, listed)[0]
        kinds = np.array([7, 3, 5])[listed % 3]
        sides.append(Sample("a", image, listed, category_ids=kinds, iscrowd=listed == 6, shapes=regions))
    metric.update(*sides)


def masks(metric: Any, rng: np.random.Generator, image: int) -> None:
    sides = []
    for scores in (None, rng.random(4)):
        shapes = rle.encode(np.stack([blocks(rng, [0, 1, 1]) for _ in range(4)]))
        columns = {"category_ids": rng.choice([3, 5], 4), "iscrowd": np.zeros(4, bool), "scores": scores}
        sides.append(Sample("a", image, np.arange(1, 5), shapes=shapes, **columns))
    metric.update(*sides)


METRICS: list[Any] = [
    pytest.param(ConfusionMatrix(3), class_maps, id="confusion"),
    pytest.param(BoundaryIoU(3, ratio=0.1), class_maps, id="boundary"),
    pytest.param(InstanceWeightedIoU([None, 7.3, 2.1], above=1), instances, id="weighted"),
    pytest.param(PanopticQuality(CATEGORIES), panoptic, id="panoptic"),
    pytest.param(PanopticQuality(CATEGORIES, boundary=0.1), panoptic, id="panoptic-boundary"),
    pytest.param(AveragePrecision(CATEGORIES), masks, id="masks"),
]


def counted(metric: Counter, count: Count, images: int = 24) -> list[Counter]:
    """One metric for each image."""
    found = []
    for image in range(images):
        found.append(metric.empty())
        count(found[-1], np.random.default_rng(image), image)
    return found


@pytest.mark.parametrize(("metric", "count"), METRICS)
def test_any_order_and_any_parts_give_the_same_bytes(metric: Counter, count: Count) -> None:
    images = counted(metric, count)
    whole = metric.empty()
    for image in range(len(images)):
        count(whole, np.random.default_rng(image), image)
    expected = msgspec.json.encode([whole.state(), whole.result()])  # type: ignore[attr-defined]
    for seed in range(5):
        rng = np.random.default_rng(seed)
        parts = [metric.empty() for _ in range(4)]
        for place in rng.permutation(len(images)):
            parts[rng.integers(4)].add(images[place].state())
        total = metric.empty()
        for part in rng.permutation(4):
            total = total + parts[part]
        assert msgspec.json.encode([total.state(), total.result()]) == expected  # type: ignore[attr-defined]
        assert total == whole


@pytest.mark.parametrize(("metric", "count"), METRICS)
def test_states_travel_as_json_and_metrics_as_pickles(metric: Counter, count: Count) -> None:
    total, travelled = metric.empty(), pickle.loads(pickle.dumps(metric))
    for image in counted(metric, count, 4):
        total.add(image.state())
        travelled.add(msgspec.json.decode(msgspec.json.encode(image.state())))
        assert pickle.loads(pickle.dumps(image)) == image
    assert travelled == total != metric
    assert travelled.state() == total.state()
    assert metric == metric.empty()


@pytest.mark.parametrize(("metric", "count"), METRICS)
def test_what_is_no_state_is_refused_and_adds_nothing(metric: Counter, count: Count) -> None:
    total = counted(metric, count, 1)[0]
    before = total.state()
    wrong: list[Any] = [None, {}, [], dict.fromkeys(before), {name: ["a"] for name in before}]
    for state in wrong:
        with pytest.raises(UsageError, match="this is no state of .*; make both with the same arguments") as error:
            total.add(state)
        assert error.value.category == "usage.counts"
        assert total.state() == before


def test_states_of_other_classes_are_refused() -> None:
    small = ConfusionMatrix(2)
    for cells, pixels in (([9], [1]), ([-1], [1]), ([1], [-1]), ([1, 2], [1])):
        with pytest.raises(UsageError, match="this is no state"):
            small.add({"cells": cells, "pixels": pixels})
    assert not small.matrix.any()
    quality = PanopticQuality(CATEGORIES[:1])
    with pytest.raises(UsageError, match="KeyError: 5"):
        quality.add({"images": 1, "categories": [[7, 1, 0, 0, 1, 0], [5, 1, 0, 0, 1, 0]]})
    assert quality == quality.empty()
    weighted = InstanceWeightedIoU([None, 2.0])
    with pytest.raises(UsageError, match="a cell is out of bounds"):
        weighted.add({"confusion": {"cells": [], "pixels": []}, "weighted": [[9, 1, 0]]})
    assert weighted == weighted.empty()


def test_metrics_of_other_kinds_are_not_added() -> None:
    with pytest.raises(TypeError):
        ConfusionMatrix(2) + BoundaryIoU(2)  # type: ignore[operator]
    assert ConfusionMatrix(2) != BoundaryIoU(2)


def test_sums_are_exact() -> None:
    """The state of many matches is that of the fractions, whatever floats would have lost."""
    numbers = np.random.default_rng(0).uniform(0.5, 1, 5000).tolist() + [1e9 + 0.125] * 3
    total = sum(counter.units(numbers))
    assert Fraction(total, 2**53) == sum(map(Fraction, numbers))
    assert counter.joined(counter.split(total)) == total
    assert all(abs(part) < 2**63 for part in counter.split(total))
    assert counter.number(total) == float(sum(map(Fraction, numbers)))
