"""Mask AP against pycocotools and lvis themselves, and against the golden."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from pycocotools.mask import area

import cocoseg
from cocoseg.codecs import rle
from cocoseg.errors import CocosegError, UsageError
from cocoseg.metrics.average_precision import AveragePrecision, PrecisionResult
from cocoseg.model import Category, Sample
from conftest import ROOT

GOLDEN: dict[str, Any] = json.loads((ROOT / "tests/metrics/golden/mask_ap.json").read_text())
CATEGORIES = tuple(Category(number, str(number)) for number in GOLDEN["categories"])
LIBRARIES = [name for name in ("hotcoco", "pycocotools") if find_spec(name)]
NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
needs_hotcoco = pytest.mark.skipif("hotcoco" not in LIBRARIES, reason="hotcoco is not installed")


def sample(rows: list[Any], scored: bool, image_id: int | str = 1) -> Sample:
    """From rows of the golden: category, box, and crowd or score."""
    masks = np.zeros((len(rows), 40, 60), bool)
    for mask, (_, (top, bottom, left, right), _) in zip(masks, rows, strict=True):
        mask[top:bottom, left:right] = True
    last = np.array([row[2] for row in rows], float)
    return Sample(
        "a.png", image_id, np.arange(1, len(rows) + 1),
        category_ids=np.array([row[0] for row in rows], np.int64),
        iscrowd=np.zeros(len(rows), bool) if scored else last > 0,
        shapes=rle.encode(masks),
        scores=last if scored else None,
    )  # fmt: skip


TRUTH = sample(GOLDEN["truth (category, box, iscrowd)"], scored=False)
PREDICTION = sample(GOLDEN["results (category, box, score)"], scored=True)


def precision(*pairs: tuple[Sample, Sample | None], library: Any = None, **options: Any) -> PrecisionResult:
    metric = AveragePrecision(options.pop("categories", CATEGORIES), library=library, **options)
    for pair in pairs:
        metric.update(*pair)
    return metric.result()


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_golden(library: Any) -> None:
    result = precision((TRUTH, PREDICTION), library=library)
    for name in ("AP", "AP50", "AP75"):
        assert round(result.headlines[name], 12) == GOLDEN[name]
    assert result.library.split()[0] == library
    assert (result.images, result.truths, result.results) == (1, 4, 7)
    assert list(result.headlines) == NAMES


@pytest.mark.parametrize("library", LIBRARIES)
def test_classes_without_truth_and_areas_without_objects_are_undefined(library: Any) -> None:
    result = precision((TRUTH, PREDICTION), library=library)
    assert list(result.per_class) == [1, 2, 3]
    assert set(result.per_class[3].values()) == {None}
    defined = [result.per_class[number]["AP"] for number in (1, 2)]
    assert np.mean(defined) == pytest.approx(result.headlines["AP"], rel=1e-14)
    assert result.headlines["APl"] is None
    assert set(precision(library=library).headlines.values()) == {None}


@pytest.mark.parametrize("library", LIBRARIES)
def test_images_without_predictions_are_missed(library: Any) -> None:
    assert precision((TRUTH, None), library=library).headlines["AP"] == 0
    both = precision((TRUTH, PREDICTION), (replace(TRUTH, image_id=2), None), library=library)
    assert 0 < both.headlines["AP"] < GOLDEN["AP"]
    empty = sample([], scored=True)
    assert precision((TRUTH, replace(empty, scores=None)), library=library).headlines["AP"] == 0


def reference(truth: dict[str, Any], results: list[dict[str, Any]]) -> list[float]:
    """What pycocotools prints for JSON documents."""
    known = COCO()
    known.dataset = truth
    with contextlib.redirect_stdout(io.StringIO()):
        known.createIndex()
        evaluation = COCOeval(known, known.loadRes(results), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(number) for number in evaluation.stats]


def random_samples(seed: int, count: int) -> list[tuple[Sample, Sample]]:
    rng = np.random.default_rng(seed)

    def rows(scored: bool) -> list[Any]:
        tops, lefts = rng.integers(0, 30, 8), rng.integers(0, 50, 8)
        boxes = [[int(top), int(top) + 9, int(left), int(left) + 9] for top, left in zip(tops, lefts, strict=True)]
        last = rng.choice([0.5, 0.25, 0.9], 8) if scored else rng.random(8) < 0.2
        return [[int(rng.integers(1, 4)), box, float(one)] for box, one in zip(boxes, last, strict=True)]

    return [(sample(rows(False), False, k), sample(rows(True), True, k)) for k in range(count, 0, -1)]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("seed", range(5))
def test_random_images_are_as_pycocotools_counts_them(seed: int, library: Any) -> None:
    metric = AveragePrecision(CATEGORIES, library=library)
    for pair in random_samples(seed, 12):
        metric.update(*pair)
    expected = reference(*metric._documents())
    found = [-1 if number is None else number for number in metric.result().headlines.values()]
    assert found == pytest.approx(expected, abs=1e-12)


def test_parts_add_up_in_any_order_and_travel() -> None:
    pairs = random_samples(9, 10)
    whole, back = AveragePrecision(CATEGORIES), AveragePrecision(CATEGORIES)
    for k in range(10):
        whole.update(*pairs[k])
        part = AveragePrecision(CATEGORIES)
        part.update(*pairs[9 - k])
        back = back + part
    assert whole == back != AveragePrecision(CATEGORIES)
    assert whole.result() == back.result()
    assert pickle.loads(pickle.dumps(whole)) == whole
    with pytest.raises(UsageError, match="is in both parts"):
        whole += back


def test_text_ids_of_images_are_numbered() -> None:
    numbered = precision(*random_samples(3, 4))
    named = [tuple(replace(one, image_id=f"{one.image_id}.jpg") for one in pair) for pair in random_samples(3, 4)]
    assert precision(*named) == numbered


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"scores": None}, "score.missing"),
        ({"scores": np.array([0.9, np.nan, 1, 1, 1, 1, 1])}, "score.range"),
        ({"category_ids": np.full(7, 9)}, "id.unknown"),
        ({"shapes": rle.encode(np.ones((7, 4, 5), bool))}, "size.mismatch"),
    ],
)
def test_a_prediction_that_cannot_count_is_refused(change: dict[str, Any], category: str) -> None:
    metric = AveragePrecision(CATEGORIES)
    with pytest.raises(CocosegError) as caught:
        metric.update(TRUTH, replace(PREDICTION, **change))
    assert caught.value.category == category
    assert not metric.images


def test_an_image_counts_once() -> None:
    metric = AveragePrecision(CATEGORIES)
    metric.update(TRUTH, PREDICTION)
    with pytest.raises(CocosegError, match="image 1 was counted before"):
        metric.update(TRUTH, PREDICTION)


def test_a_missing_library_is_said_with_its_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocoseg.metrics.libraries._is_there", lambda name: False)
    with pytest.raises(UsageError, match=r"mask AP needs hotcoco or pycocotools: pip install 'cocoseg\[eval\]'"):
        AveragePrecision(CATEGORIES)
    with pytest.raises(UsageError, match=r"AP of LVIS needs hotcoco: pip install 'cocoseg\[eval\]'"):
        AveragePrecision(CATEGORIES, lvis=True)
    with pytest.raises(UsageError, match="library is 'lvis', expected hotcoco or pycocotools"):
        AveragePrecision(CATEGORIES, library="lvis")  # type: ignore[arg-type]


def test_nothing_is_imported_before_it_counts() -> None:
    assert "hotcoco" not in sys.modules or LIBRARIES[0] == "hotcoco"


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_fake_results_of_val2014(real_data: Path, library: Any) -> None:
    folder = real_data / "coco_instances"
    truth, results = folder / "instances_val2014_100.json", folder / "instances_val2014_fakesegm100_results.json"
    samples = {one.image_id: one for one in cocoseg.read(results, images=truth)}
    dataset = cocoseg.read(truth)
    found = precision(
        *((one, samples.get(one.image_id)) for one in dataset), library=library, categories=dataset.categories
    )
    rows, document = json.loads(results.read_text()), json.loads(truth.read_text())
    for row in rows:
        row.pop("bbox", None)
    known = COCO(str(truth))
    for row in document["annotations"]:
        row["area"] = float(area(known.annToRLE(row)))
    expected = dict(zip(NAMES, reference(document, rows), strict=True))
    assert found.headlines == pytest.approx(expected, abs=1e-12)
    assert (found.images, found.results) == (100, len(rows))


@needs_hotcoco
def test_lvis_knows_which_categories_an_image_lacks(real_data: Path) -> None:
    dataset = cocoseg.read(real_data / "coco_instances" / "lvis_val_100.json")
    metric = AveragePrecision(dataset.categories)
    assert metric.lvis
    for one in dataset:
        scores = np.random.default_rng(one.image_id).random(len(one.ids))
        metric.update(one, replace(one, scores=scores))
    result = metric.result()
    assert round(result.headlines["AP"], 12) == 1
    assert list(result.headlines) == [
        "AP",
        "AP50",
        "AP75",
        "APs",
        "APm",
        "APl",
        "APr",
        "APc",
        "APf",
        "AR300",
        "ARs",
        "ARm",
        "ARl",
    ]


@needs_hotcoco
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_lvis_is_as_the_lvis_library_counts(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lvis = pytest.importorskip("lvis")
    monkeypatch.setattr(np, "float", float, raising=False)  # lvis 0.5.3 is older than numpy 1.24
    dataset = cocoseg.read(real_data / "coco_instances" / "lvis_val_100.json")
    metric = AveragePrecision(dataset.categories)
    for one in dataset:
        rng = np.random.default_rng(one.image_id)
        moved = rle.encode(np.roll(rle.decode(one.runs), rng.integers(0, 6), axis=2))
        changed = np.where(rng.random(len(one.ids)) < 0.3, rng.choice(one.category_ids, len(one.ids)), one.category_ids)
        metric.update(one, replace(one, shapes=moved, category_ids=changed, scores=rng.random(len(one.ids))))
    truth, results = metric._documents()
    file = tmp_path / "truth.json"
    for image in truth["images"]:
        image["coco_url"] = ""
    for row in truth["categories"]:
        row["image_count"] = row["instance_count"] = 0
    file.write_text(json.dumps(truth))
    known = lvis.LVIS(str(file))
    evaluation = lvis.LVISEval(known, lvis.LVISResults(known, results), "segm")
    evaluation.run()
    found, expected = metric.result().headlines, evaluation.get_results()
    for name, number in found.items():
        theirs = expected[{"AR300": "AR@300", "ARs": "ARs@300", "ARm": "ARm@300", "ARl": "ARl@300"}.get(name, name)]
        assert number == pytest.approx(theirs, abs=1e-6)
    assert 0.1 < found["AP"] < 0.9
