"""Mask AP and AR of COCO and LVIS, by a library that is given only what has been checked.

hotcoco, the extra ``cocoseg[eval]``, equals pycocotools in 12 digits and lvis in 6. pycocotools takes its place where
it has no wheel, except for LVIS. Both trust what they read: results of images that are not listed vanish, masks of
another size and scores of NaN count, an annotation with the id 0 never matches. So they get dicts made from samples
here, with ids from 1, areas in pixels, and no ``bbox``, which would give detections other areas than their masks.

Lin et al. 2014 (arXiv 1405.0312), pycocotools 2.0.11 ``COCOeval``; Gupta et al. 2019 (arXiv 1908.03195), lvis 0.5.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs.segmentation import to_coco
from cocoseg.errors import SampleError, UsageError, show
from cocoseg.metrics.conventions import Number
from cocoseg.metrics.counter import Counter, State
from cocoseg.metrics.libraries import AREAS, Counted, Library, count, installed, version_of
from cocoseg.model import Category, Sample
from cocoseg.targets.semantic import check_is_sample

Floats = npt.NDArray[np.float64]
Rows = tuple[dict[str, Any], ...]

_FREQUENCIES = {"APr": "r", "APc": "c", "APf": "f"}


@dataclass(frozen=True)
class PrecisionResult:
    """AP and AR, shares from 0 to 1; None where no truth is counted.

    * ``headlines``: ``AP`` (over IoU .50 to .95), ``AP50``, ``AP75``, by area ``APs``, ``APm``, ``APl``; the same for
      AR, and ``AR1``, ``AR10``, ``AR100``. LVIS has ``APr``, ``APc``, ``APf``, and ``AR300``.
    * ``per_class``: ``AP``, ``AP50``, ``AP75``, ``AR`` of each category, by its id.
    * ``library``: what counted, and its version. ``images``, ``truths`` and ``results``: how much.
    """

    headlines: Mapping[str, Number]
    per_class: Mapping[int, Mapping[str, Number]]
    library: str
    images: int
    truths: int
    results: int


class _Image(NamedTuple):
    """An image's rows, without ids, and what LVIS says of its categories."""

    size: tuple[int, int]
    truths: Rows
    results: Rows
    lvis: Mapping[str, list[int]]


class AveragePrecision(Counter):
    """Collects images, and has them counted by ``result``. ``categories`` are those of the truth.

    ``lvis``: count by the rules of LVIS, where only some categories are annotated in each image; None is what the
    categories say, which have a ``frequency`` in LVIS. ``library`` is the one that is installed, hotcoco first. Objects
    of parts of a data set add up. Raises UsageError: ``usage.extra`` where no library is installed, ``usage.library``.

    >>> import cocoseg
    >>> from dataclasses import replace
    >>> dataset = cocoseg.read("fixtures/instances.json")
    >>> metric = AveragePrecision(dataset.categories)
    >>> for sample in dataset:
    ...     metric.update(sample, replace(sample, scores=np.ones(len(sample.ids))))
    >>> round(metric.result().headlines["AP"], 12)
    1.0
    """

    def __init__(
        self, categories: Iterable[Category], lvis: bool | None = None, library: Library | None = None
    ) -> None:
        self.categories = tuple(categories)
        self._known = {category.id for category in self.categories}
        self.lvis = any(_frequency(category) for category in self.categories) if lvis is None else lvis
        self.library = installed(library, self.lvis)
        self.images: dict[int | str, _Image] = {}

    def update(self, truth: Sample, prediction: Sample | None = None) -> None:
        """Add an image by the truth's ``image_id``; without a prediction, all its objects are missed.

        Raises SampleError: ``size.mismatch``; ``id.unknown`` for a category that is not listed, ``id.duplicate`` for an
        image that was added before; ``score.missing``, ``score.range`` for predictions without finite scores.
        """
        check_is_sample(truth)
        self._check_categories(truth, "truth")
        if truth.image_id in self.images:
            raise SampleError("id.duplicate", f"image {show(truth.image_id)} was counted before; give each image once")
        results = () if prediction is None else self._results(truth, prediction)
        lvis = _federated(truth) if self.lvis else {}
        self.images[truth.image_id] = _Image(truth.size, _truths(truth), results, lvis)

    def _results(self, truth: Sample, prediction: Sample) -> Rows:
        check_is_sample(prediction)
        self._check_categories(prediction, "prediction")
        if prediction.size != truth.size:
            sizes = ["{}×{}".format(*one.size) for one in (prediction, truth)]
            found = f"the prediction is {sizes[0]} (height×width), the truth {sizes[1]}"
            raise SampleError("size.mismatch", f"{found}; give both the same size")
        scores = _scores(prediction)
        masks = to_coco(prediction.runs)
        columns = zip(prediction.category_ids.tolist(), masks, scores.tolist(), strict=True)
        return tuple({"category_id": c, "segmentation": mask, "score": score} for c, mask, score in columns)

    def _check_categories(self, sample: Sample, name: str) -> None:
        strange = set(sample.category_ids.tolist()) - self._known
        if strange:
            index = int(np.flatnonzero(np.isin(sample.category_ids, list(strange)))[0])
            found = f"segment {sample.ids[index]} of the {name} has category_id {sample.category_ids[index]}"
            raise SampleError("id.unknown", f"{found}, which is not a category of the truth; list it, or map it to one")

    def _options(self) -> dict[str, Any]:
        return {"categories": self.categories, "lvis": self.lvis, "library": self.library}

    def empty(self) -> AveragePrecision:
        """As ``Counter`` has it, without looking for the library and at the categories again."""
        made: AveragePrecision = copy(self)
        made.images = {}
        return made

    def state(self) -> State:
        """The rows of each image, in order of its id: the id, the size, truths, results, and what LVIS says."""
        rows = [(image_id, self.images[image_id]) for image_id in self._in_order()]
        return {
            "images": [
                [image_id, list(image.size), list(image.truths), list(image.results), image.lvis]
                for image_id, image in rows
            ]
        }

    def _add(self, state: State) -> None:
        images: dict[int | str, _Image] = {
            image_id: _Image((int(height), int(width)), tuple(truths), tuple(results), dict(lvis))
            for image_id, (height, width), truths, results, lvis in state["images"]
        }
        if twice := self.images.keys() & images.keys():
            raise UsageError("usage.counts", f"image {show(min(twice, key=str))} is in both parts; count each once")
        self.images |= images

    def __repr__(self) -> str:
        return f"AveragePrecision({len(self.categories)} categories, {self.library}; {len(self.images):,} images)"

    def result(self) -> PrecisionResult:
        """The numbers so far; images count in the order of their ids, which decides between equal scores."""
        truth, results = self._documents()
        counted = count(self.library, self.lvis, truth, results)
        headlines = _lvis_headlines(counted, self.categories) if self.lvis else _coco_headlines(counted)
        per_class = {category: _class_numbers(counted, k) for k, category in enumerate(counted.categories)}
        name = f"{self.library} {version_of(self.library)}"
        sizes = len(self.images), len(truth["annotations"]), len(results)
        return PrecisionResult(headlines, {c.id: per_class[c.id] for c in self.categories}, name, *sizes)

    def _in_order(self) -> list[int | str]:
        """The ids of the images, sorted."""
        return sorted(self.images, key=lambda image_id: (isinstance(image_id, str), image_id))

    def _documents(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """All images as the truth's JSON and as a list of results."""
        images: list[dict[str, Any]] = []
        truths: list[dict[str, Any]] = []
        results: list[dict[str, Any]] = []
        for number, image in enumerate(map(self.images.__getitem__, self._in_order()), 1):
            height, width = image.size
            images.append({"id": number, "height": height, "width": width, **image.lvis})
            truths += [{"id": len(truths) + k, "image_id": number, **row} for k, row in enumerate(image.truths, 1)]
            results += [{"image_id": number, **row} for row in image.results]
        return {"images": images, "categories": list(map(_category, self.categories)), "annotations": truths}, results


def _coco_headlines(counted: Counted) -> dict[str, Number]:
    by_number = {f"AR{most}": counted.ar(k) for k, most in enumerate(counted.most)}
    return _aps(counted) | by_number | {f"AR{area[0]}": counted.ar(area=area) for area in AREAS[1:]}


def _lvis_headlines(counted: Counted, categories: Iterable[Category]) -> dict[str, Number]:
    kinds = {category.id: _frequency(category) for category in categories}
    classes = {
        name: [k for k, category in enumerate(counted.categories) if kinds[category] == kind]
        for name, kind in _FREQUENCIES.items()
    }
    by_frequency = {name: counted.ap(classes=indices) for name, indices in classes.items()}
    by_area = {f"AR{area[0]}": counted.ar(area=area) for area in AREAS[1:]}
    return _aps(counted) | by_frequency | {f"AR{counted.most[-1]}": counted.ar()} | by_area


def _aps(counted: Counted) -> dict[str, Number]:
    overall = {"AP": counted.ap(), "AP50": counted.ap(0.5), "AP75": counted.ap(0.75)}
    return overall | {f"AP{area[0]}": counted.ap(area=area) for area in AREAS[1:]}


def _class_numbers(counted: Counted, k: int) -> dict[str, Number]:
    one = [k]
    aps = {"AP": counted.ap(classes=one), "AP50": counted.ap(0.5, classes=one), "AP75": counted.ap(0.75, classes=one)}
    return aps | {"AR": counted.ar(classes=one)}


def _truths(truth: Sample) -> Rows:
    """The truth's rows: masks, and areas in pixels."""
    masks = to_coco(truth.runs)
    columns = zip(truth.category_ids.tolist(), masks, truth.areas.tolist(), truth.iscrowd.tolist(), strict=True)
    return tuple(
        {"category_id": category, "segmentation": mask, "area": area, "iscrowd": int(crowd)}
        for category, mask, area, crowd in columns
    )


def _scores(prediction: Sample) -> Floats:
    """The scores (n,). Raises SampleError ``score.missing``, ``score.range``."""
    if prediction.scores is None:
        if len(prediction.ids):
            raise SampleError(
                "score.missing", "the predicted masks have no 'score', which ranks them; write one for each"
            )
        return np.zeros(0)
    wrong = np.flatnonzero(~np.isfinite(prediction.scores))
    if len(wrong):
        found = f"segment {prediction.ids[wrong[0]]} has the score {prediction.scores[wrong[0]]}"
        raise SampleError("score.range", f"{found}, expected a finite number")
    return prediction.scores


def _frequency(category: Category) -> str | None:
    """LVIS's ``frequency`` of a category: ``r``, ``c``, ``f``; None elsewhere."""
    text = dict(category.more).get("frequency") if category.more else None
    found = None if text is None else msgspec.json.decode(text)
    return found if isinstance(found, str) else None


def _category(category: Category) -> dict[str, Any]:
    frequency = _frequency(category)
    return {"id": category.id, "name": category.name} | ({} if frequency is None else {"frequency": frequency})


class _Federated(msgspec.Struct):
    """The categories that LVIS says are absent from an image, and those of which not all objects are annotated."""

    neg_category_ids: list[int] = []
    not_exhaustive_category_ids: list[int] = []


def _federated(truth: Sample) -> dict[str, list[int]]:
    """The same of a sample's row. Raises SampleError ``doc.type``."""
    try:
        found = _Federated() if truth.row is None else msgspec.json.decode(truth.row, type=_Federated)
    except msgspec.ValidationError as error:
        raise SampleError("doc.type", f"the image's row is not as in LVIS ({error})") from None
    return msgspec.structs.asdict(found)
