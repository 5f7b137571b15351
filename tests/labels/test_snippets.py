"""Schemes as the configuration of stacks."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import yaml

import cocoseg
from cocoseg.labels import PRESETS, LabelClass, LabelScheme
from cocoseg.labels.snippets import STACKS, snippet, snippet_problems
from command import cocoseg as run
from conftest import FIXTURES

SCHEME = cocoseg.label_scheme("things-first", cocoseg.read(FIXTURES / "panoptic.json"))
NAMES = ["person", "dog", "tree-merged", "sky-other-merged", "grass-merged"]


def values(text: str) -> dict[str, object]:
    """What the assignments of a snippet of Python say."""
    return {
        row.targets[0].id: ast.literal_eval(row.value)  # type: ignore[attr-defined]
        for row in ast.parse(text).body
        if isinstance(row, ast.Assign)
    }


def test_mmseg() -> None:
    found = values(snippet(SCHEME, "mmseg"))
    assert found["metainfo"]["classes"] == tuple(NAMES)  # type: ignore[index]
    assert len(found["metainfo"]["palette"]) == found["num_classes"] == 5  # type: ignore[index]
    assert (found["ignore_index"], found["reduce_zero_label"]) == (255, False)


def test_detectron2_is_what_the_adapter_gives() -> None:
    from cocoseg.adapters import detectron2

    metadata = detectron2(FIXTURES / "panoptic.json", images=FIXTURES / "photos")[1]
    assert values(snippet(SCHEME, "detectron2"))["metadata"] == {
        k: v for k, v in metadata.items() if k != "label_divisor"
    }


def test_yolo() -> None:
    found = yaml.safe_load(snippet(SCHEME, "yolo"))
    assert found["names"] == dict(enumerate(NAMES))
    assert found["masks_dir"] == "masks"


def test_hf() -> None:
    found = json.loads(snippet(SCHEME, "hf"))
    assert found["id2label"] == {str(k): name for k, name in enumerate(NAMES)}
    assert found["label2id"]["dog"] == 1
    assert found["semantic_loss_ignore_index"] == 255


@pytest.mark.parametrize("name", [name for name, row in PRESETS.items() if row.table])
@pytest.mark.parametrize("stack", STACKS)
def test_every_preset_with_a_table_is_printed_or_refused_with_advice(name: str, stack: str) -> None:
    try:
        assert snippet(cocoseg.label_scheme(name), stack)
    except cocoseg.LabelError as error:
        assert "take labels" in error.message


def test_classes_of_one_name_keep_a_number_each_for_hf() -> None:
    scheme = LabelScheme("two", (LabelClass(0, "dog", (1,)), LabelClass(1, "dog", (2,))))
    found = json.loads(snippet(scheme, "hf"))
    assert {str(number): name for name, number in found["label2id"].items()} == found["id2label"]
    assert [problem.message[:11] for problem in snippet_problems(scheme, "hf")] == ["1 class has"]
    assert not snippet_problems(scheme, "mmseg")  # where a class is its position


def test_on_the_command_line() -> None:
    assert run("labels", "mask2former", "--as", "hf").stdout.startswith('{\n  "id2label"')
    result = run("labels", "mask2former", "--as", "keras")
    assert result.code == 2
    assert "expected one of mmseg, detectron2, yolo, hf" in result.stderr
    assert run("labels", "deeplab2", "--as", "yolo").code == 3


def test_the_command_knows_every_stack() -> None:
    from cocoseg.cli import labels

    assert set(labels._STACKS) == set(STACKS)


def test_whatever_stands_in_a_name_comes_back_from_a_yaml() -> None:
    names = [
        "",
        "null",
        "1",
        " a ",
        "a: b # c",
        'it\'s "x"',
        "a\\b",
        "\x00\x07\x7f\x85\x9f",
        "\u2028\ufeff\uffff",
        "é😀",
    ]
    scheme = LabelScheme("odd", tuple(LabelClass(k, name, (k,)) for k, name in enumerate(names)))
    found = yaml.safe_load(snippet(scheme, "yolo"))["names"]
    assert [found[k] for k in range(1, len(names))] == names[1:]


def test_the_command_says_which_names_it_changed(tmp_path: Path) -> None:
    rows = [{"index": k, "name": "dog", "category_ids": [k + 1]} for k in range(2)]
    (tmp_path / "two.json").write_text(json.dumps({"name": "two", "classes": rows}))
    assert "label2id calls it 'dog (1)'" in run("labels", tmp_path / "two.json", "--as", "hf").stderr
