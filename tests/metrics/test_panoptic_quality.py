"""Panoptic quality: the golden and its edge cases, and panopticapi's rule a pixel at a time."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.codecs import rle
from cocoseg.codecs.regions import Regions, find_regions, rows_from_columns
from cocoseg.errors import SampleError, UsageError
from cocoseg.metrics.panoptic_quality import PanopticQuality
from cocoseg.model import Category, Sample

GOLDEN = json.loads(Path(__file__).parent.joinpath("golden/panoptic.json").read_text())
CATEGORIES = [Category(row["id"], row["name"], bool(row["isthing"])) for row in GOLDEN["categories"]]
TRUTH, PREDICTION = GOLDEN["truth"], GOLDEN["prediction"]


def sample_of(ids: Any, category_of: dict[Any, int], crowd: Any = (), by_column: bool = False) -> Sample:
    listed = np.array([int(id) for id in category_of], np.int64)
    picture = np.array(ids, np.int64)
    if by_column:
        regions = find_regions(rows_from_columns(picture), listed)[0]
        regions = replace(regions, size=picture.shape, by_column=True)  # type: ignore[arg-type]
    else:
        regions = find_regions(picture, listed)[0]
    categories = np.array(list(category_of.values()), np.int64)
    return Sample(
        "a.png", 1, listed, category_ids=categories, iscrowd=np.isin(listed, list(crowd)), shapes=regions, place="here"
    )


def golden(crowd: Any = (12,), by_column: bool = False) -> tuple[Sample, Sample]:
    truth = sample_of(TRUTH["ids"], TRUTH["category_of"], crowd, by_column)
    return truth, sample_of(PREDICTION["ids"], PREDICTION["category_of"])


def quality_of(
    *pairs: tuple[Sample, Sample | None], categories: Any = CATEGORIES, ratio: float | None = None
) -> PanopticQuality:
    quality = PanopticQuality(categories, ratio)
    for truth, prediction in pairs:
        quality.update(truth, prediction)
    return quality


@pytest.mark.parametrize("by_column", [False, True])
def test_golden(by_column: bool) -> None:
    quality = quality_of(golden(by_column=by_column))
    result = quality.result()
    for row, category in enumerate(CATEGORIES):
        expected = GOLDEN["per class"][category.name]
        assert round(quality.ious[row], 6) == expected["iou"]
        assert tuple(result.counts[name][row] for name in ("TP", "FP", "FN")) == tuple(
            expected[name] for name in ("tp", "fp", "fn")
        )
    for kind, suffix in (("All", ""), ("Things", " things"), ("Stuff", " stuff")):
        for name in {"pq", "sq", "rq"} & GOLDEN[kind].keys():
            assert round(result.headlines[name.upper() + suffix] or 0, 6) == GOLDEN[kind][name]
    assert sum(value is not None for value in result.columns["PQ"]) == GOLDEN["All"]["n"]
    assert result.images == 1


def pq(quality: PanopticQuality) -> float:
    return round(quality.result().headlines["PQ"] or 0, 4)


def test_no_stuff_at_all_is_undefined() -> None:
    things = [category for category in CATEGORIES if category.isthing]
    quality = quality_of((sample_of([[1]], {1: 1}), sample_of([[5]], {5: 1})), categories=things)
    headlines = quality.result().headlines
    assert (headlines["PQ things"], headlines["PQ stuff"], headlines["SQ stuff"]) == (1.0, None, None)
    assert quality.result().columns["PQ"] == (1.0, None, None)


def test_without_crowds_and_kinds() -> None:
    assert pq(quality_of(golden(crowd=()))) == 0.2528
    unknown = [replace(category, isthing=None) for category in CATEGORIES]
    headlines = quality_of(golden(), categories=unknown).result().headlines
    assert round(headlines["PQ"] or 0, 4) == 0.2333
    assert (headlines["PQ things"], headlines["PQ stuff"]) == (0.375, None)  # COCO's tables know person, id 1


def test_a_listed_segment_without_pixels_costs_the_image() -> None:
    truth, _ = golden()
    quality = PanopticQuality(CATEGORIES)
    unseen = sample_of(PREDICTION["ids"], {**PREDICTION["category_of"], "99": 1})
    with pytest.raises(SampleError, match="here: the prediction's segment 99 has no pixel") as error:
        quality.update(truth, unseen)
    assert error.value.category == "panoptic.missing_segment"
    assert quality == PanopticQuality(CATEGORIES)


@pytest.mark.parametrize("side", ["truth", "prediction"])
def test_an_unknown_category_is_refused(side: str) -> None:
    sides = dict(zip(("truth", "prediction"), golden(), strict=True))
    sides[side] = sample_of([[7]], {7: 77})
    with pytest.raises(SampleError, match=f"here: the {side}'s segment 7 has category_id 77, which is not among") as e:
        PanopticQuality(CATEGORIES).update(**sides)
    assert e.value.category == "id.unknown"


def test_without_a_prediction_all_is_missed() -> None:
    quality = quality_of((golden()[0], None))
    assert quality.fn.tolist() == [2, 1, 1, 1, 0]
    assert not quality.fp.any()
    assert not quality.tp.any()
    assert quality.result().columns["SQ"] == (0.0, 0.0, 0.0, 0.0, None)


def test_sizes_that_differ_are_named() -> None:
    with pytest.raises(SampleError, match=r"the prediction's size is \[1, 1\], expected .* = \[6, 10\]") as error:
        PanopticQuality(CATEGORIES).update(golden()[0], sample_of([[1]], {1: 1}))
    assert error.value.category == "size.mismatch"


@pytest.mark.parametrize("by_column", [False, True])
def test_pixels_are_painted_within_the_limit_of_the_sample_only_where_they_have_to_be(by_column: bool) -> None:
    truth, prediction = golden(by_column=by_column)
    small = replace(truth, max_pixels=59)
    if not by_column:
        assert quality_of((small, prediction)) == quality_of((truth, prediction))
    quality = PanopticQuality(CATEGORIES, boundary=0.02)
    with pytest.raises(SampleError, match="60 pixels, more than the 59 allowed"):
        quality.update(small, prediction)
    assert quality == PanopticQuality(CATEGORIES, boundary=0.02)


def test_what_is_no_sample_is_refused() -> None:
    with pytest.raises(UsageError, match="sample is a list"):
        PanopticQuality(CATEGORIES).update([], golden()[1])  # type: ignore[arg-type]


def test_all_crowds_of_a_category_excuse() -> None:
    """panopticapi takes the last crowd alone."""
    truth = sample_of([[1, 1, 2, 2, 3]], {1: 1, 2: 1, 3: 1}, crowd=(1, 2))
    quality = quality_of((truth, sample_of([[5, 5, 5, 5, 0]], {5: 1})))
    assert (quality.fp.sum(), quality.fn.sum()) == (0, 1)


def test_masks_are_painted_first() -> None:
    masks = np.array([[[1, 1, 1, 0]], [[0, 0, 1, 1]], [[0, 0, 1, 0]]], bool)
    columns = {"category_ids": np.array([1, 1, 1]), "iscrowd": np.zeros(3, bool)}
    prediction = Sample(
        "a", 1, np.array([1, 2, 3]), shapes=rle.encode(masks), scores=np.array([0.9, 0.5, 0.1]), **columns
    )
    truth = sample_of([[8, 8, 8, 9]], {8: 1, 9: 1})
    assert quality_of((truth, prediction)).tp.tolist() == [2, 0, 0, 0, 0]
    assert not quality_of((truth, prediction)).fp.any()  # the third mask is hidden
    other = PanopticQuality(CATEGORIES)
    other.update(truth, prediction, overlap="file")
    assert (other.tp.sum(), other.fp.sum()) == (2, 1)
    with pytest.raises(SampleError, match="belong to several masks"):
        other.update(truth, prediction, overlap="error")
    assert other.images == 1


def eroded(mask: np.ndarray, times: int) -> np.ndarray:
    for _ in range(times):
        mask = np.pad(mask, 1)
        windows = [mask[y : y + mask.shape[0] - 2, x : x + mask.shape[1] - 2] for y in range(3) for x in range(3)]
        mask = np.logical_and.reduce(windows)
    return mask


def edges_of(sample: Sample, ratio: float) -> np.ndarray:
    """The ids near boundaries, 0 for void and -1 for what is inside of a segment: (H, W)."""
    ids = sample.id_map.copy()
    distance = max(1, round(ratio * np.hypot(*ids.shape)))
    for id in sample.ids.tolist():
        ids[eroded(sample.id_map == id, distance)] = -1
    return ids


def counted(
    truth: Sample, prediction: Sample, ratio: float | None = None, categories: Any = CATEGORIES
) -> dict[int, list[float]]:
    """panopticapi's rule, a pixel at a time, and boundary-iou-api's: category -> IoU, TP, FP, FN."""
    edges = (truth.id_map, prediction.id_map) if ratio is None else [edges_of(s, ratio) for s in (truth, prediction)]
    edge, edge_areas = (
        Counter(zip(*(side.reshape(-1).tolist() for side in edges), strict=True)),
        [Counter(side.reshape(-1).tolist()) for side in edges],
    )
    stats = {category.id: [0.0, 0, 0, 0] for category in categories}
    both = Counter(zip(truth.id_map.reshape(-1).tolist(), prediction.id_map.reshape(-1).tolist(), strict=True))
    areas = [Counter(side.id_map.reshape(-1).tolist()) for side in (truth, prediction)]
    gt = {
        row[0]: row[1:]
        for row in zip(*(c.tolist() for c in (truth.ids, truth.category_ids, truth.iscrowd)), strict=True)
    }
    pred = dict(zip(prediction.ids.tolist(), prediction.category_ids.tolist(), strict=True))
    matched: set[Any] = set()
    for (a, b), pixels in sorted(both.items()):
        if a and b and not gt[a][1] and gt[a][0] == pred[b]:
            iou = pixels / (areas[1][b] + areas[0][a] - pixels - both[0, b])
            iou = min(iou, edge[a, b] / (edge_areas[1][b] + edge_areas[0][a] - edge[a, b] - edge[0, b]))
            if iou > 0.5:
                stats[pred[b]][0] += iou
                stats[pred[b]][1] += 1
                matched |= {("gt", a), ("pred", b)}
    crowds = {}
    for a, (category, crowd) in gt.items():
        if crowd:
            crowds[category] = a
        elif ("gt", a) not in matched:
            stats[category][3] += 1
    for b, category in pred.items():
        excused = both[0, b] + (both[crowds[category], b] if category in crowds else 0)
        if ("pred", b) not in matched and not excused / areas[1][b] > 0.5:
            stats[category][2] += 1
    return stats


def random_pair(rng: np.random.Generator) -> tuple[Sample, Sample]:
    """Segments in blocks, the prediction a distorted copy; void and at most one crowd of a category, absent classes."""
    coarse = rng.integers(0, 7, (5, 5))
    truth = np.repeat(np.repeat(coarse, 4, axis=0), 4, axis=1)
    prediction = np.where(rng.random(truth.shape) < rng.uniform(0, 0.4), rng.integers(0, 9), truth)
    prediction[: rng.integers(0, 9)] = rng.integers(0, 9)
    prediction = np.roll(prediction, int(rng.integers(0, 3)), axis=1)
    numbers = [np.unique(side[side > 0]).tolist() for side in (truth, prediction)]
    category = rng.integers(1, 6, 10)
    of = [{id: int(category[id]) for id in rng.permutation(side).tolist()} for side in numbers]
    of[1] = {id: int(rng.integers(1, 6)) if rng.random() < 0.2 else row for id, row in of[1].items()}
    first = {row: id for id, row in of[0].items()}
    crowd = [id for id in first.values() if rng.random() < 0.3]
    by_column = bool(rng.integers(2))
    return sample_of(truth, of[0], crowd, by_column), sample_of(prediction, of[1])


@pytest.mark.parametrize("ratio", [None, 0.02, 0.1])
def test_200_random_pairs_against_pixels(ratio: float | None) -> None:
    rng = np.random.default_rng(0)
    pairs = [random_pair(rng) for _ in range(200)]
    total = np.zeros((len(CATEGORIES), 4))
    for truth, prediction in pairs:
        expected = np.array(list(counted(truth, prediction, ratio).values()))
        quality = quality_of((truth, prediction), ratio=ratio)
        found = np.stack([quality.ious, quality.tp, quality.fp, quality.fn], axis=1)
        np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)
        total += expected
    assert (total[:, 1:] > 10).all()  # each rule occurs
    parts = quality_of(*pairs[:50], ratio=ratio) + quality_of(*pairs[50:], ratio=ratio)
    assert parts.tp.tolist() == quality_of(*pairs, ratio=ratio).tp.tolist()
    assert parts.images == 200
    np.testing.assert_allclose(parts.ious, total[:, 0])


def distorted(truth: Sample, categories: Any, rng: np.random.Generator) -> Sample:
    """Moved by 3 pixels, blocks of other segments and of void, some segments of another category."""
    ids = np.roll(truth.id_map, 3, axis=1)
    height, width = ids.shape
    blocks = np.kron(rng.random((height // 16 + 1, width // 16 + 1)) < 0.15, np.ones((16, 16), bool))[:height, :width]
    ids = np.where(blocks, rng.choice([0, *truth.ids.tolist()], blocks.shape), ids)
    known = dict(zip(truth.ids.tolist(), truth.category_ids.tolist(), strict=True))
    kinds = {id: known[id] if rng.random() < 0.8 else rng.choice(categories).id for id in np.unique(ids[ids > 0])}
    return sample_of(ids, kinds)


@pytest.mark.parametrize("ratio", [None, 0.02])
def test_real_pictures_against_distorted_copies(real_data: Path, ratio: float | None) -> None:
    dataset = cocoseg.read(real_data / "coco_panoptic/val2017_sample/panoptic_examples.json")
    rng = np.random.default_rng(4)
    hits, quality = np.zeros(3), PanopticQuality(dataset.categories, ratio)
    for sample in dataset:
        truth = replace(sample, iscrowd=np.arange(len(sample.ids)) == np.argmax(sample.areas))
        prediction = distorted(truth, dataset.categories, rng)
        expected = np.array(list(counted(truth, prediction, ratio, dataset.categories).values()))
        one = quality.empty()
        one.update(truth, prediction)
        np.testing.assert_allclose(np.stack([one.ious, one.tp, one.fp, one.fn], axis=1), expected, rtol=1e-14, atol=0)
        quality += one
        hits += expected[:, 1:].sum(axis=0)
    assert (hits > 5).all()
    assert quality.images == 2


def test_many_segments_are_sorted_and_not_counted_in_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    pairs = [random_pair(rng) for _ in range(30)]
    expected = quality_of(*pairs)
    monkeypatch.setattr("cocoseg.metrics.overlaps._CELLS", 0)
    assert quality_of(*pairs) == expected


def test_pictures_without_segments() -> None:
    empty = Sample("a", 1, np.zeros(0, np.int64), category_ids=np.zeros(0, np.int64), iscrowd=np.zeros(0, bool),
                   shapes=Regions((1, 2), 0, np.array([0]), np.array([2])))  # fmt: skip
    quality = quality_of((empty, empty), (empty, None))
    assert quality.result().headlines["PQ"] is None
    assert quality.images == 2


def test_qualities_pickle_and_refuse_other_categories() -> None:
    quality = quality_of(golden())
    assert pickle.loads(pickle.dumps(quality)) == quality
    assert quality != 1
    assert repr(quality) == "PanopticQuality(5 categories; 1 images)"
    with pytest.raises(UsageError, match="make both with the same arguments"):
        quality += PanopticQuality(CATEGORIES[:2])
    with pytest.raises(UsageError, match="make both with the same arguments"):
        quality += PanopticQuality(CATEGORIES, boundary=0.02)


@pytest.mark.parametrize("source", ["fixtures/panoptic.json", "fixtures/instances.json"])
def test_fixtures_against_themselves(source: str) -> None:
    if not Path(source).exists():
        pytest.skip("no such fixture")
    dataset = cocoseg.read(source)
    quality = quality_of(*((sample, sample) for sample in dataset), categories=dataset.categories)
    assert set(quality.result().columns["PQ"]) <= {1.0, None}
