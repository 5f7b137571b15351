"""A label scheme as the configuration of the stacks that people train with."""

from __future__ import annotations

import re
from collections.abc import Callable
from pprint import pformat

import msgspec

from cocoseg.codecs.looks import default_color
from cocoseg.errors import LabelError, Problem, show
from cocoseg.labels.distinct import distinct_names, name_problems, numbered_names
from cocoseg.labels.scheme import LabelScheme

_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def snippet(scheme: LabelScheme, stack: str) -> str:
    """What to paste into the configuration of a stack, one of ``STACKS``.

    Raises LabelError ``label.range`` where the stack has no place for the scheme's numbers.

    >>> from cocoseg.labels import LabelClass
    >>> print(snippet(LabelScheme("two", (LabelClass(0, "road", (7,)), LabelClass(1, "sky", (23,)))), "hf"))
    {
      "id2label": {
        "0": "road",
        "1": "sky"
      },
      "label2id": {
        "road": 0,
        "sky": 1
      },
      "num_labels": 2,
      "semantic_loss_ignore_index": 255,
      "do_reduce_labels": false
    }
    """
    return STACKS[stack](scheme)


def snippet_problems(scheme: LabelScheme, stack: str) -> list[Problem]:
    """What the snippet says of the classes in other words than the scheme."""
    return name_problems(scheme, "label2id") if stack == "hf" else []


def _colors(scheme: LabelScheme) -> list[list[int]]:
    known = {row.index: row.color for row in scheme.table}
    return [list(known.get(number) or default_color(number)) for number in range(scheme.num_classes)]


def _mmseg(scheme: LabelScheme) -> str:
    """A data set's ``metainfo`` and its options; class maps are taken as they are, so that 0 is a class."""
    metainfo = {"classes": tuple(numbered_names(scheme)), "palette": _colors(scheme)}
    lines = [f"metainfo = {_pretty(metainfo)}", f"num_classes = {scheme.num_classes}  # of decode_head"]
    lines += [f"ignore_index = {scheme.void}  # of decode_head, its loss and IoUMetric", "reduce_zero_label = False"]
    return "\n".join([*lines, "seg_map_suffix = '.png'"])


def _detectron2(scheme: LabelScheme) -> str:
    """The arguments of ``MetadataCatalog.get(name).set``; things have to come first."""
    things = [row for row in scheme.table if row.isthing is not False and row.category_ids]
    if [row.index for row in things] != list(range(len(things))):
        found = "the classes of things are not 0, 1, 2 ..."
        text = f"{found}, which thing_classes are listed by; take labels things-first"
        raise LabelError("label.range", f"labels {show(scheme.name)}: {text}")
    ids = {row.index: row.category_ids for row in scheme.table}
    stuff = [row for row in scheme.table if row.index not in {row.index for row in things}]
    colors = _colors(scheme)
    metadata = {
        "thing_classes": [row.name for row in things],
        "thing_colors": colors[: len(things)],
        "stuff_classes": numbered_names(scheme),
        "stuff_colors": colors,
        "thing_dataset_id_to_contiguous_id": {number: row.index for row in things for number in ids[row.index]},
        "stuff_dataset_id_to_contiguous_id": {number: row.index for row in stuff for number in ids[row.index]},
        "ignore_label": scheme.void,
    }
    return f"metadata = {_pretty(metadata)}\nMetadataCatalog.get('my_train').set(**metadata)"


def _yolo(scheme: LabelScheme) -> str:
    """A ``data.yaml`` for class maps."""
    if scheme.void != 255:
        text = f"void is {scheme.void}, where ultralytics ignores 255; take labels index"
        raise LabelError("label.range", f"labels {show(scheme.name)}: {text}")
    rows = [f"  {number}: {yaml_text(name)}" for number, name in enumerate(numbered_names(scheme))]
    return "\n".join(["train: images/train", "val: images/val", "masks_dir: masks", "names:", *rows])


def yaml_text(name: str) -> str:
    r"""A text for a YAML: as JSON has it, but for characters that YAML does not allow or takes for line breaks.

    >>> print(yaml_text("a: b"), yaml_text("\x7f"))
    "a: b" "\u007f"
    """
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", msgspec.json.encode(name).decode())


def _hf(scheme: LabelScheme) -> str:
    """The fields of a model's configuration and of its processor."""
    names = dict(enumerate(distinct_names(scheme)))
    about = {
        "id2label": {str(number): name for number, name in names.items()},
        "label2id": {name: number for number, name in names.items()},
        "num_labels": scheme.num_classes,
        "semantic_loss_ignore_index": scheme.void,
        "do_reduce_labels": False,
    }
    return msgspec.json.format(msgspec.json.encode(about)).decode()


def _pretty(value: object) -> str:
    return pformat(value, width=110, compact=True, sort_dicts=False)


STACKS: dict[str, Callable[[LabelScheme], str]] = {
    "mmseg": _mmseg,
    "detectron2": _detectron2,
    "yolo": _yolo,
    "hf": _hf,
}
