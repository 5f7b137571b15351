"""The label conventions of common tools, each bit for bit.

A preset numbers the categories of the data set (``index``, ``panopticapi``...), or has an official class table and
needs no categories.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import NamedTuple

import msgspec

from cocoseg.errors import LabelError, Problem, show
from cocoseg.labels.scheme import LIMIT, LabelClass, LabelScheme
from cocoseg.model import Category

BACKGROUND_NAMES = ("background", "_background_", "__background__", "bg")
BACKGROUND = LabelClass(0, "background", (), False, (0, 0, 0))
# VOC's 20 classes in torchvision's order, with the COCO category of each.
VOC = {
    5: "aeroplane", 2: "bicycle", 16: "bird", 9: "boat", 44: "bottle", 6: "bus", 3: "car", 17: "cat", 62: "chair",
    21: "cow", 67: "diningtable", 18: "dog", 19: "horse", 4: "motorbike", 1: "person", 64: "pottedplant", 20: "sheep",
    63: "sofa", 7: "train", 72: "tvmonitor",
}  # fmt: skip
# Cityscapes' train ids, with the class of SYNTHIA of each: road, sidewalk, building, wall, fence, pole, traffic light,
# traffic sign, vegetation, sky, person, rider, car, bus, motorcycle, bicycle.
SYNTHIA = {
    0: 3, 1: 4, 2: 2, 3: 21, 4: 5, 5: 7, 6: 15, 7: 9, 8: 6, 10: 1, 11: 10, 12: 17, 13: 8, 15: 19, 17: 12, 18: 11,
}  # fmt: skip
_SYNTHIA_OTHER = 23  # of SYNTHIA-SF
OTHER = 183  # the id that COCO-Stuff and panopticapi give to everything that is not stuff


class Preset(NamedTuple):
    """The function that builds a preset's scheme, a summary in one line, and the name of its class table, if any.

    ``raw`` means that its numbers are ids of categories, which stay when classes are merged. ``own`` is the preset to
    use for categories that are not in the class table.
    """

    build: Callable[[Sequence[Category]], LabelScheme]
    summary: str
    table: str | None = None
    raw: bool = False
    own: str = "index"


class _Row(msgspec.Struct):
    id: int
    name: str
    isthing: int | None = None
    color: tuple[int, int, int] | None = None
    supercategory: str | None = None
    annotated: int = 1
    ignored: int = 0
    value: int | None = None


class _Table(msgspec.Struct):
    source: str
    categories: list[_Row]
    count: int = 0


@cache
def _table(name: str) -> list[_Row]:
    """The rows of a class table; ids up to its ``count`` that it does not name are called by their number."""
    data = resources.files("cocoseg.labels").joinpath(f"tables/{name}.json").read_bytes()
    table = msgspec.json.decode(data, type=_Table)
    known = {row.id for row in table.categories}
    others = (_Row(number, f"class {number}", None) for number in range(1, table.count + 1) if number not in known)
    return sorted([*table.categories, *others], key=lambda row: row.id) if table.count else table.categories


@cache
def official_values(table: str) -> dict[int, int]:
    """The value in label pictures of each category of a class table, by its id; that is the id unless it says so."""
    return {row.id: row.id if row.value is None else row.value for row in _table(table)}


@cache
def official_categories(table: str, annotated_only: bool = False) -> tuple[Category, ...]:
    """The categories of a class table in ``tables/``, by ascending id."""
    return tuple(
        Category(row.id, row.name, _flag(row.isthing), row.color, row.supercategory, ignored=bool(row.ignored))
        for row in _table(table)
        if row.annotated or not annotated_only
    )


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


@cache
def _official_things() -> dict[tuple[int, str], bool | None]:
    tables = (official_categories("coco_stuff"), official_categories("coco_panoptic"))
    return {(category.id, category.name): category.isthing for table in tables for category in table}


def is_thing(category: Category) -> bool | None:
    """A category's ``isthing``; if it has none, that of COCO's tables for its id and name; None if unknown.

    >>> is_thing(Category(1, "person")), is_thing(Category(1, "person", isthing=False)), is_thing(Category(1, "cat"))
    (True, False, None)
    """
    return _official_things().get((category.id, category.name)) if category.isthing is None else category.isthing


def is_official(category: Category) -> bool:
    """Whether COCO's tables list a category with this id and name."""
    return (category.id, category.name) in _official_things()


def is_stuff(category: Category) -> bool:
    """Whether a category is known to be stuff; unknown ones count as things."""
    return is_thing(category) is False


def _one_class_each(categories: Sequence[Category], first: int) -> tuple[LabelClass, ...]:
    ranked = sorted(categories, key=lambda category: category.id)
    return tuple(_class(category, first + rank) for rank, category in enumerate(ranked))


def _class(category: Category, index: int) -> LabelClass:
    return LabelClass(index, category.name, (category.id,), is_thing(category), category.color)


def _index(categories: Sequence[Category]) -> LabelScheme:
    return _indices(categories, background=False)


def index_with_background(categories: Sequence[Category]) -> LabelScheme:
    """``index`` for files whose unlabelled pixels are background: class 0, and the categories 1..C."""
    return _indices(categories, background=True)


def _indices(categories: Sequence[Category], background: bool) -> LabelScheme:
    count = len(categories) + background
    if count > LIMIT:
        raise LabelError("label.range", f"{count} classes do not fit a 16-bit class map (at most {LIMIT})")
    classes = (BACKGROUND,) * background + _one_class_each(categories, int(background))
    return LabelScheme("index", classes, 255 if count <= 255 else LIMIT, 0 if background else None)


def _things_first(categories: Sequence[Category]) -> LabelScheme:
    """The contiguous ids of detectron2 and Mask2Former for data sets that are registered with things and stuff."""
    things, stuff = _things_and_stuff(categories)
    return _own("things-first", (*_one_class_each(things, 0), *_one_class_each(stuff, len(things))))


def _things_other(categories: Sequence[Category]) -> LabelScheme:
    """The layout of detectron2's Panoptic FPN, for any categories."""
    things, stuff = _things_and_stuff(categories)
    ids = tuple(sorted(category.id for category in things))
    return _own("things-other", (LabelClass(0, "things", ids, True), *_one_class_each(stuff, 1)))


def _own(name: str, classes: tuple[LabelClass, ...]) -> LabelScheme:
    """A scheme of contiguous classes, with void behind them."""
    return LabelScheme(name, classes, 255 if len(classes) <= 255 else LIMIT)


def _things_and_stuff(categories: Sequence[Category]) -> tuple[list[Category], list[Category]]:
    """The categories by kind. Raises LabelError ``doc.missing_key`` where one does not say which it is."""
    kinds = [(category, is_thing(category)) for category in categories]
    if silent := next((category for category, thing in kinds if thing is None), None):
        raise _no_isthing(silent)
    known = [replace(category, isthing=thing) for category, thing in kinds]
    return [row for row in known if row.isthing], [row for row in known if not row.isthing]


def _no_isthing(category: Category) -> LabelError:
    text = f"category {category.id} ({show(category.name)}) has no 'isthing'"
    return LabelError("doc.missing_key", f"{text}; add it, name a file that has it with --categories, or use index")


def _raw_ids(categories: Sequence[Category]) -> tuple[tuple[LabelClass, ...], tuple[Problem, ...]]:
    """Unchanged category ids in 8 bits, with 0 for void."""
    for category in categories:
        if not 0 <= category.id <= 255:
            raise LabelError(
                "label.range",
                f"category id {category.id} ({show(category.name)}) does not fit panopticapi's 8-bit map of raw ids; "
                "use --labels index",
            )
        if category.id == 255:
            raise LabelError(
                "label.collision",
                f"category id 255 ({show(category.name)}) is the value that training code ignores; use --labels index",
            )
    classes = tuple(_class(category, category.id) for category in sorted(categories, key=lambda c: c.id) if category.id)
    zero = [f"category id 0 ({show(category.name)})" for category in categories if category.id == 0]
    problems = [Problem("label.collision", f"{what} and unlabelled pixels are both 0 in the map") for what in zero]
    return classes, tuple(problems)


def _panopticapi(categories: Sequence[Category]) -> LabelScheme:
    classes, problems = _raw_ids(categories)
    zero = tuple(category.id for category in categories if category.id == 0)
    return LabelScheme("panopticapi", classes, 0, ignored=zero, problems=problems)


def _panopticapi_things_other(categories: Sequence[Category]) -> LabelScheme:
    raw = _panopticapi(categories)
    for category in categories:
        if category.isthing is None:
            raise _no_isthing(category)
    things = tuple(category.id for category in categories if category.isthing)
    stuff = tuple(row for row in raw.classes if not row.isthing and row.index != OTHER)
    same = tuple(row.index for row in raw.classes if not row.isthing and row.index == OTHER)
    classes = (*stuff, LabelClass(OTHER, "other", tuple(sorted(things + same)), None, (0, 0, 0)))
    ignored = tuple(category for category in raw.ignored if category not in things)
    return LabelScheme("panopticapi-things-other", classes, 0, ignored=ignored, problems=raw.problems)


def _mask2former(_: Sequence[Category]) -> LabelScheme:
    return LabelScheme("mask2former", _one_class_each(official_categories("coco_panoptic"), 0))


def _detectron2_fpn(_: Sequence[Category]) -> LabelScheme:
    table = official_categories("coco_panoptic")
    things = tuple(category.id for category in table if category.isthing)
    stuff = _one_class_each([category for category in table if not category.isthing], 1)
    return LabelScheme("detectron2-fpn", (LabelClass(0, "things", things, True), *stuff))


def _deeplab2(_: Sequence[Category]) -> LabelScheme:
    """As deeplab2's ``build_coco_data.py``, whose ``treat_crowd_as_ignore`` is on by default."""
    return replace(_deeplab2_crowds(()), name="deeplab2", crowd="void")


def _deeplab2_crowds(_: Sequence[Category]) -> LabelScheme:
    return LabelScheme("deeplab2-crowds", _one_class_each(official_categories("coco_panoptic"), 1), void=0)


def _cocostuff(_: Sequence[Category]) -> LabelScheme:
    classes = tuple(_class(category, category.id - 1) for category in official_categories("coco_stuff"))
    return LabelScheme("cocostuff", classes, ignored=(OTHER,))


def _mmseg_cocostuff(_: Sequence[Category]) -> LabelScheme:
    table = official_categories("coco_stuff", annotated_only=True)
    unused = [category.id for category in official_categories("coco_stuff") if category not in table]
    return LabelScheme("mmseg-cocostuff", _one_class_each(table, 0), ignored=(*unused, OTHER))


def _torchvision_voc21(_: Sequence[Category]) -> LabelScheme:
    classes = tuple(LabelClass(index, name, (category,), True) for index, (category, name) in enumerate(VOC.items(), 1))
    choices = {"unlabelled": 0, "unknown": "drop", "overlap": "void"}
    return LabelScheme("torchvision-voc21", (BACKGROUND, *classes), **choices)  # type: ignore[arg-type]


def _cocostuff_helper(categories: Sequence[Category]) -> LabelScheme:
    for category in categories:
        if not 0 < category.id <= LIMIT:
            where = f"category id {category.id} ({show(category.name)})"
            raise LabelError("label.range", f"{where} does not fit a map of raw ids with 0 for background; use index")
    classes = tuple(_class(category, category.id) for category in sorted(categories, key=lambda c: c.id))
    return LabelScheme("cocostuff-helper", classes, 0, crowd="drop")


def _evaluated(name: str, table: str, void: int = 255) -> Callable[[Sequence[Category]], LabelScheme]:
    """The classes of a table that its own evaluation counts, from 0 by ascending id; the others are void."""

    def build(_: Sequence[Category]) -> LabelScheme:
        rows = official_categories(table)
        ignored = tuple(row.id for row in rows if row.ignored)
        return LabelScheme(name, _one_class_each([row for row in rows if not row.ignored], 0), void, ignored=ignored)

    return build


def _cityscapes_34(_: Sequence[Category]) -> LabelScheme:
    return LabelScheme("cityscapes-34", _one_class_each(official_categories("cityscapes"), 0))


def _idd_ids(_: Sequence[Category]) -> LabelScheme:
    """The classes of ``idd`` for pictures of the finer ids, whose names are parts of its names."""
    parts = {row.name: row.id for row in official_categories("idd_ids")}
    rows = official_categories("idd")
    classes = tuple(replace(_class(row, row.id), category_ids=_parts(row.name, parts)) for row in rows)
    known = {number for row in classes for number in row.category_ids}
    return LabelScheme("idd-ids", classes, ignored=tuple(number for number in parts.values() if number not in known))


def _parts(name: str, ids: dict[str, int]) -> tuple[int, ...]:
    return tuple(ids[part] for part in name.split("/"))


def _ade20k_full(_: Sequence[Category]) -> LabelScheme:
    """The 150 classes for the full set, where three of them are two classes."""
    ids: dict[str, list[int]] = {}
    for row in _table("ade20k_full"):
        ids.setdefault(row.name.partition(" (")[0], []).append(row.id)
    rows = _one_class_each(official_categories("ade20k"), 0)
    classes = tuple(replace(row, category_ids=tuple(ids[row.name])) for row in rows)
    return LabelScheme("ade20k-150-full", classes, unknown="void")


def _synthia_16(_: Sequence[Category]) -> LabelScheme:
    """Cityscapes' train ids of the classes that papers on domain adaptation train with; terrain, truck, train void."""
    rows = {row.id: row for row in official_categories("synthia")}
    ignored = tuple(number for number in (*rows, _SYNTHIA_OTHER) if number not in SYNTHIA.values())
    classes = tuple(_class(rows[number], index) for index, number in SYNTHIA.items())
    return LabelScheme("synthia-16", classes, ignored=ignored)


# These tools read only panoptic pictures.
PICTURES_ONLY = ("panopticapi", "panopticapi-things-other")

PRESETS: dict[str, Preset] = {
    "index": Preset(_index, "0..C-1 by ascending category id (instances: 1..C); void 255 or 65535"),
    "things-first": Preset(_things_first, "own things 0..T-1, then stuff, by ascending id; void 255 or 65535"),
    "things-other": Preset(_things_other, "own things all 0, stuff 1..S by ascending id; void 255 or 65535"),
    "panopticapi": Preset(_panopticapi, "the raw category ids; void 0", raw=True),
    "panopticapi-things-other": Preset(
        _panopticapi_things_other, "raw ids of stuff, every thing 183; void 0", raw=True
    ),
    "mask2former": Preset(_mask2former, "COCO's 133 classes as 0..132; void 255", "coco_panoptic", own="things-first"),
    "detectron2-fpn": Preset(
        _detectron2_fpn, "COCO things 0, stuff 1..53; void 255", "coco_panoptic", own="things-other"
    ),
    "cocostuff": Preset(_cocostuff, "COCO-Stuff ids less 1, 0..181; void 255", "coco_stuff", raw=True),
    "mmseg-cocostuff": Preset(_mmseg_cocostuff, "COCO-Stuff's 171 used classes, 0..170; void 255", "coco_stuff"),
    "deeplab2": Preset(_deeplab2, "COCO's 133 classes as 1..133, crowds void; void 0", "coco_panoptic"),
    "deeplab2-crowds": Preset(_deeplab2_crowds, "COCO's 133 classes as 1..133; void 0", "coco_panoptic"),
    "torchvision-voc21": Preset(_torchvision_voc21, "VOC's 20 classes of COCO instances; contested 255", "coco_stuff"),
    "cocostuff-helper": Preset(
        _cocostuff_helper, "the raw category ids of COCO instances and stuff; background 0", raw=True
    ),
    "cityscapes": Preset(
        _evaluated("cityscapes", "cityscapes"), "Cityscapes' 19 train ids, 0..18; void 255", "cityscapes"
    ),
    "cityscapes-34": Preset(_cityscapes_34, "Cityscapes' ids, 0..33; void 255", "cityscapes", raw=True),
    "kitti": Preset(_evaluated("kitti", "cityscapes"), "the same 19 for KITTI; void 255", "cityscapes"),
    "idd": Preset(_evaluated("idd", "idd"), "IDD's 26 level-3 ids, 0..25; void 255", "idd"),
    "idd-ids": Preset(_idd_ids, "the same 26 for pictures of IDD's own ids; void 255", "idd_ids"),
    "idd-lite": Preset(_evaluated("idd-lite", "idd_lite"), "IDD-Lite's 7 classes, 0..6; void 255", "idd_lite"),
    "mapillary-65": Preset(
        _evaluated("mapillary-65", "mapillary", 65), "Mapillary Vistas v1.2's 65 classes, 0..64; void 65", "mapillary"
    ),
    "ade20k-150": Preset(_evaluated("ade20k-150", "ade20k"), "ADE20K's 150 classes as 0..149; void 255", "ade20k"),
    "ade20k-150-full": Preset(_ade20k_full, "the same 150 for ADE20K's full set; void 255", "ade20k_full"),
    "synthia-16": Preset(_synthia_16, "SYNTHIA's 16 classes as Cityscapes' train ids; void 255", "synthia"),
    "bdd-19": Preset(_evaluated("bdd-19", "bdd_semantic"), "BDD100K's 19 train ids, 0..18; void 255", "bdd_semantic"),
    "voc21": Preset(_evaluated("voc21", "voc"), "VOC's background 0 and 20 classes; void 255", "voc"),
}
