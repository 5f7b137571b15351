"""``--crowd``, ``--things``, ``--unknown``: fields of a scheme as options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
INSTANCES = FIXTURES / "instances.json"


def class_of(labels: Any = "index", source: Path = SOURCE, **options: Any) -> dict[int, int]:
    return cocoseg.label_scheme(labels, cocoseg.read(source), **options).class_of


def own_scheme(folder: Path, **fields: Any) -> Path:
    rows = [
        {"index": 0, "name": "person", "category_ids": [1], "isthing": True},
        {"index": 1, "name": "dog", "category_ids": [18], "isthing": True},
        {"index": 2, "name": "tree", "category_ids": [184], "isthing": False},
    ]
    (folder / "own.json").write_text(json.dumps({"name": "own", "classes": rows} | fields))
    return folder / "own.json"


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({}, [0, 1, 3, 4, 255]),
        ({"crowd": "void"}, [1, 3, 4, 255]),
        ({"crowd": "drop"}, [1, 3, 4, 255]),
        ({"things": "merge"}, [0, 2, 3, 255]),
        ({"things": "drop"}, [3, 4, 255]),
        ({"things": "merge", "crowd": "void"}, [0, 2, 3, 255]),
    ],
)
def test_class_maps_follow_them(options: dict[str, Any], values: list[int], tmp_path: Path) -> None:
    cocoseg.to_semantic(SOURCE, tmp_path / "python", **options)
    assert np.unique(Image.open(tmp_path / "python" / "crowd.png")).tolist() == values
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    assert run("to-semantic", SOURCE, tmp_path / "shell", *words).code == 0
    assert (tmp_path / "shell" / "crowd.png").read_bytes() == (tmp_path / "python" / "crowd.png").read_bytes()
    report = json.loads((tmp_path / "shell" / "cocoseg.json").read_text())
    assert {name: report["options"].get(name) for name in options} == options
    assert {name: report["labels"].get(name) for name in options} == options


def test_they_override_a_scheme_file(tmp_path: Path) -> None:
    path = own_scheme(tmp_path, crowd="drop", unknown="error")
    scheme = cocoseg.label_scheme(path, cocoseg.read(SOURCE), crowd="void", unknown="void")
    assert (scheme.crowd, scheme.unknown, scheme.things) == ("void", "void", "keep")
    (tmp_path / "preset.toml").write_text('preset = "index"\ncrowd = "drop"\nthings = "drop"')
    scheme = cocoseg.label_scheme(tmp_path / "preset.toml", cocoseg.read(SOURCE), things="merge")
    assert (scheme.crowd, scheme.class_of) == ("drop", {1: 0, 18: 0, 184: 1, 187: 2, 193: 3})


def test_numbers_that_a_scheme_lists_stay(tmp_path: Path) -> None:
    path = own_scheme(tmp_path)
    assert class_of(path, things="merge") == {1: 0, 18: 0, 184: 2}
    assert class_of(cocoseg.label_scheme(path), things="merge") == {1: 0, 18: 0, 184: 2}


def test_errors_that_they_cause_begin_with_the_scheme_file(tmp_path: Path) -> None:
    rows = [{"index": 0, "name": "own", "category_ids": [500]}]
    (tmp_path / "own.json").write_text(json.dumps({"name": "own", "classes": rows}))
    with pytest.raises(cocoseg.LabelError, match="'isthing' is missing, which 'things' needs") as caught:
        class_of(tmp_path / "own.json", things="merge")
    assert str(caught.value).startswith(f"{tmp_path / 'own.json'}: ")


@pytest.mark.parametrize(("things", "expected"), [("merge", {1: 1, 18: 1}), ("drop", {1: 255, 18: 255})])
def test_a_scheme_file_too_asks_the_categories_for_things(
    things: str, expected: dict[int, int], tmp_path: Path
) -> None:
    rows = [{"index": n, "name": f"own {n}", "category_ids": ids} for n, ids in enumerate([[184], [1], [18]])]
    for fields in ({"name": "own", "classes": rows}, {"preset": "index", "classes": rows}):
        (tmp_path / "own.json").write_text(json.dumps({**fields, "things": things}))
        found = class_of(tmp_path / "own.json")
        assert {number: found[number] for number in (1, 18, 184)} == {**expected, 184: 0}
        keep = class_of(tmp_path / "own.json", things="keep")
        assert [keep[number] for number in (184, 1, 18)] == [0, 1, 2]


@pytest.mark.parametrize(("things", "persons"), [("merge", 183), ("drop", 0), ("keep", 183)])
def test_things_that_a_preset_has_merged_are_things(things: str, persons: int) -> None:
    found = class_of("panopticapi-things-other", things=things)
    assert (found[1], found[18], found[184]) == (persons, persons, 184)


def test_a_class_of_both_kinds_is_named(tmp_path: Path) -> None:
    rows = [{"index": 0, "name": "pets", "category_ids": [18]}, {"index": 1, "name": "mix", "category_ids": [1, 184]}]
    (tmp_path / "own.json").write_text(json.dumps({"name": "own", "things": "drop", "classes": rows}))
    with pytest.raises(cocoseg.LabelError, match="class 1 'mix' is neither .* add it to the class") as caught:
        class_of(tmp_path / "own.json")
    assert caught.value.category == "doc.missing_key"


def test_unknown_categories_are_void_or_left_out(tmp_path: Path) -> None:
    path = own_scheme(tmp_path)
    failed = {
        how: cocoseg.to_semantic(SOURCE, tmp_path / how, labels=path, unknown=how).failed for how in ("void", "drop")
    }
    assert failed == {"void": 0, "drop": 0}
    assert cocoseg.to_semantic(SOURCE, tmp_path / "error", labels=path).failed == 2


def test_a_preset_for_other_categories_may_leave_the_rest_out() -> None:
    with pytest.raises(cocoseg.LabelError, match="presets for these categories"):
        class_of("cocostuff")
    assert class_of("cocostuff", unknown="void")[1] == 0


def test_categories_of_an_instance_file_are_things(tmp_path: Path) -> None:
    rows = json.loads(INSTANCES.read_text())
    rows["categories"] = [{"id": row["id"], "name": f"own {row['id']}"} for row in rows["categories"]]
    (tmp_path / "own.json").write_text(json.dumps(rows))
    found = cocoseg.label_scheme("index", cocoseg.read(tmp_path / "own.json"), things="merge")
    assert set(found.class_of.values()) == {1}
    assert found.names == ("background", "things")
    assert all(
        row.isthing is None for row in cocoseg.label_scheme("index", cocoseg.read(tmp_path / "own.json")).classes[1:]
    )


def test_one_hot_arrays_follow_them(tmp_path: Path) -> None:
    assert run("to-onehot", SOURCE, tmp_path / "out", "--things", "merge").code == 0
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    assert report["arrays"]["channels"] == ["things", "tree-merged", "sky-other-merged", "grass-merged"]


def test_labels_prints_what_is_converted() -> None:
    lines = run("labels", "index", SOURCE, "--things", "merge", "--crowd", "drop").stdout.splitlines()
    assert lines[0] == "index: 8 bits, crowd drop, things merge"
    assert lines[2].split() == ["0", "things", "1", "18"]


def test_wrong_values_are_answered_with_the_allowed_ones(tmp_path: Path) -> None:
    for name, wrong, allowed in (
        ("crowd", "viod", "class, void, drop; did you mean 'void'?"),
        ("things", "all", "keep,"),
    ):
        with pytest.raises(cocoseg.UsageError, match=f"{name} is '{wrong}', expected one of ") as caught:
            cocoseg.to_semantic(SOURCE, tmp_path / "out", **{name: wrong})
        assert allowed in str(caught.value)
    with pytest.raises(cocoseg.LabelError, match="things is 'all'"):
        class_of(things="all")
