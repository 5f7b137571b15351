"""The report of a run: read leniently by one struct, written with what it was made from; and where it may not lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cocoseg
from cocoseg.errors import DocumentError, UsageError
from cocoseg.runs.report import Head, Report, check_places, read_report
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"


def test_of_a_run_has_what_readers_need(tmp_path: Path) -> None:
    cocoseg.to_masks(SOURCE, tmp_path / "out", stack="npz")
    report = read_report(str(tmp_path / "out"))
    assert (report.command, report.options["stack"]) == ("to-masks", "npz")
    assert (report.counts.converted, report.counts.failed) == (3, 0)
    assert len(report.categories) == 5


def test_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    assert read_report(str(tmp_path)) == Report()


@pytest.mark.parametrize("text", ["{}", '{"command": "to-semantic", "more": [1]}', '{"images": {}}'])
def test_of_another_version_may_lack_any_field(text: str, tmp_path: Path) -> None:
    (tmp_path / "cocoseg.json").write_text(text)
    assert read_report(str(tmp_path)).counts.converted == 0


@pytest.mark.parametrize("text", ["", "[]", '{"images": "3"}', '{"command": ["x"]}', '{"document": ["a.json"]}'])
def test_that_is_damaged_is_refused_with_its_path(text: str, tmp_path: Path) -> None:
    (tmp_path / "cocoseg.json").write_text(text)
    with pytest.raises(DocumentError, match="cocoseg.json"):
        read_report(str(tmp_path))


def test_head_lists_sources_with_their_size(tmp_path: Path) -> None:
    head = Head([str(SOURCE), str(FIXTURES / "semantic")], {"labels": "index"}, {"bits": 8})
    found = head.as_dict("to-semantic")
    assert found["sources"] == [
        {"name": "panoptic.json", "bytes": SOURCE.stat().st_size},
        {"name": "semantic", "pictures": 3},
    ]
    assert (found["command"], found["options"], found["bits"]) == ("to-semantic", {"labels": "index"}, 8)
    json.dumps(found)


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("panoptic/out", "lie in one another"),
        ("", "lie in one another"),
        ("panoptic", "lie in one another"),
    ],
)
def test_out_may_not_lie_among_the_pictures_nor_they_in_it(out: str, words: str) -> None:
    dataset = cocoseg.read(SOURCE)
    with pytest.raises(UsageError, match=words) as caught:
        check_places(dataset, [str(SOURCE)], str(FIXTURES / out))
    assert caught.value.category == "out.is_input"


def test_out_may_not_hold_a_source(tmp_path: Path) -> None:
    (tmp_path / "labels.toml").write_text("")
    dataset: Any = cocoseg.read(FIXTURES / "instances.json")
    check_places(dataset, [str(tmp_path / "labels.toml")], str(tmp_path / "out"))
    with pytest.raises(UsageError, match="labels.toml' lies in OUT"):
        check_places(dataset, [str(tmp_path / "labels.toml")], str(tmp_path))
