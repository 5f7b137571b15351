"""Cityscapes' iIoU: the golden, and the script's own words on random pictures."""

from __future__ import annotations

import json
import pickle
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from cocoseg.errors import SampleError, UsageError
from cocoseg.metrics.instance_weighted import CITYSCAPES_SIZES, InstanceWeightedIoU

GOLDEN = json.loads(Path(__file__).parent.joinpath("golden/cityscapes.json").read_text())
TABLE = json.loads(resources.files("cocoseg.labels").joinpath("tables/cityscapes.json").read_text())["categories"]
NAMES = [row["name"] for row in TABLE]
GROUPS = [None if row.get("ignored") else row["supercategory"] for row in TABLE]


def test_golden() -> None:
    assert GOLDEN["average class sizes (pixels of an instance in the training set)"] == CITYSCAPES_SIZES
    weighted = InstanceWeightedIoU([CITYSCAPES_SIZES.get(name) for name in NAMES], void=0)
    weighted.update(GOLDEN["truth labelIds"], GOLDEN["truth instanceIds"], GOLDEN["prediction labelIds"])
    result, plain = weighted.result(GROUPS), weighted.confusion.result("cityscapes", GROUPS)
    for found, expected in (("IoU", "IoU"), ("iIoU", "iIoU (nIoU)")):
        column = {**plain.columns, **result.columns}[found]
        defined = {name: round(row, 6) for name, row in zip(NAMES, column, strict=True) if row is not None}
        assert defined == GOLDEN[expected]
    assert round(plain.headlines["mIoU"] or 0, 6) == GOLDEN["mean IoU"]
    assert round(result.headlines["mean iIoU"] or 0, 6) == GOLDEN["mean iIoU"]
    vehicle = {"IoU": round(plain.groups["vehicle"] or 0, 6), "iIoU": round(result.groups["vehicle"] or 0, 6)}
    assert vehicle == GOLDEN["category vehicle"]


def script(pictures: list[np.ndarray], sizes: list[float | None], groups: list[str]) -> tuple[list, dict]:
    """Instance by instance; class 255 is ignored."""
    count = len(sizes)
    matrix = np.zeros((count + 1, count + 1))
    tp, fn = np.zeros(count), np.zeros(count)
    group_tp, group_fn = dict.fromkeys(groups, 0.0), dict.fromkeys(groups, 0.0)
    for truth, instances, prediction in pictures:
        np.add.at(matrix, (np.minimum(truth, count), np.minimum(prediction, count)), 1)
        for id in np.unique(instances[instances > 1000]):
            label, mask = id // 1000 - 1, instances == id
            if sizes[label] is None:
                continue
            weight = (sizes[label] or 0) / mask.sum()
            hits = np.count_nonzero(prediction[mask] == label)
            alike = [row for row in range(count) if groups[row] == groups[label]]
            group_hits = np.count_nonzero(np.isin(prediction[mask], alike))
            tp[label] += hits * weight
            fn[label] += (mask.sum() - hits) * weight
            group_tp[groups[label]] += group_hits * weight
            group_fn[groups[label]] += (mask.sum() - group_hits) * weight
    column: list[float | None] = []
    for label, size in enumerate(sizes):
        false = matrix[[row for row in range(count) if row != label], label].sum()
        whole = tp[label] + false + fn[label]
        column.append(None if size is None or not whole else tp[label] / whole)
    found: dict[str, float | None] = {}
    for group in groups:
        inside = [row for row in range(count) if groups[row] == group]
        false = matrix[np.ix_([row for row in range(count) if row not in inside], inside)].sum()
        whole = group_tp[group] + false + group_fn[group]
        found[group] = group_tp[group] / whole if whole and any(sizes[row] for row in inside) else None
    return column, found


@pytest.mark.parametrize("seed", range(40))
def test_the_scripts_own_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes, groups = [None, 50.0, 7.0, 3.5, None], ["flat", "car", "man", "car", "flat"]
    pictures = []
    for _ in range(3):
        truth = np.repeat(np.repeat(rng.choice([0, 1, 2, 3, 255], (4, 4)), 3, axis=0), 4, axis=1)
        number = np.repeat(np.repeat(rng.integers(-1, 3, (4, 4)), 3, axis=0), 4, axis=1)
        instances = np.where((number < 0) | (truth == 255), truth, (truth + 1) * 1000 + number)
        prediction = np.where(rng.random(truth.shape) < 0.3, rng.choice([0, 1, 2, 255]), truth)
        instances[(instances == 1000) | (truth == 0)] = 0
        pictures.append(np.stack([truth, instances, prediction]))
    parts = [InstanceWeightedIoU(sizes) for _ in pictures]
    for part, picture in zip(parts, pictures, strict=True):
        part.update(*picture)
    total = parts[0] + parts[1] + parts[2]
    column, found = script(pictures, sizes, groups)  # type: ignore[arg-type]
    result = total.result(groups)
    assert result.groups.keys() == found.keys()
    for here, expected in ((result.columns["iIoU"], column), (tuple(result.groups.values()), [*found.values()])):
        np.testing.assert_allclose(np.array(here, float), np.array(expected, float), rtol=1e-12)
    batch = InstanceWeightedIoU(sizes)
    batch.update(*np.stack(pictures, axis=1))
    assert batch == total  # equal ids in two pictures are two instances


def test_undefined_refused_and_pickled() -> None:
    weighted = InstanceWeightedIoU([None, 2.0, 3.0])
    result = weighted.result(["a", "b", None])
    assert (result.columns["iIoU"], result.groups) == ((None, None, None), {"a": None, "b": None})
    assert result.headlines == {"mean iIoU": None, "mean iIoU of groups": None}
    with pytest.raises(
        SampleError, match=r"the picture of instances has shape \(1, 2\), expected the truth's \(1, 1\)"
    ):
        weighted.update([[0]], [[0, 0]], [[0]])
    with pytest.raises(SampleError, match="the prediction has the value 3"):
        weighted.update([[1]], [[1001]], [[3]])
    with pytest.raises(UsageError, match="2 groups for 3 classes"):
        weighted.result(["a", "b"])
    with pytest.raises(UsageError, match="make both with the same arguments"):
        weighted += InstanceWeightedIoU([None, 2.0, 4.0])
    assert weighted == pickle.loads(pickle.dumps(weighted)) == InstanceWeightedIoU([None, 2.0, 3.0])
    assert weighted != 1
    weighted.update([[1, 1]], [[7, 9]], [[1, 0]])
    assert not weighted.weighted.any()
    other = InstanceWeightedIoU([None, 2.0, 3.0], above=0)
    other.update([[1, 1]], [[7, 9]], [[1, 0]])
    assert other.result().columns["iIoU"] == (None, 0.5, None)
