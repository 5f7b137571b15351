"""Every ``document`` and ``png`` case of the corpus, each in a process of its own, as its README has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import badinput
from command import Result, cocoseg

pytestmark = pytest.mark.long

CASES = badinput.names("doc", "png")
GARBAGE = [{"MALLOC_PERTURB_": fill, "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"} for fill in ("85", "170")]


@pytest.fixture(scope="session")
def idle_mib(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Peak memory of a run that has nothing to fear."""
    return convert(badinput.load("doc-000_control_valid"), tmp_path_factory.mktemp("idle")).rss_mib


def convert(case: dict[str, Any], folder: Path, env: dict[str, str] | None = None) -> Result:
    source = badinput.lay_out(case, folder / "set")
    args = ("--labels", "panopticapi", "--json", "--workers", 1)
    return cocoseg("to-semantic", source, folder / "out", *args, env=env, seconds=10 + case["expect"].get("seconds", 0))


def categories(problems: list[dict[str, str]]) -> list[str]:
    return [problem["category"] for problem in problems]


def class_maps(folder: Path) -> dict[str, np.ndarray]:
    """Every file in OUT but the report and the journal, as Pillow reads it: a torn one would raise."""
    own = {folder / "out" / name for name in ("cocoseg.json", ".cocoseg/page-0000-000000000.jsonl")}
    paths = [path for path in (folder / "out").rglob("*") if path.is_file() and path not in own]
    return {path.relative_to(folder / "out").as_posix(): np.array(Image.open(path)) for path in paths}


def right(class_map: np.ndarray) -> bool:
    return np.array_equal(class_map, badinput.base_labels())


def check_ok(case: dict[str, Any], result: Result, maps: dict[str, np.ndarray]) -> None:
    assert result.code == 0, result.stderr
    assert result.summary["warnings"] == []
    assert sorted(maps) == sorted(case["expect"].get("outputs", maps))
    assert len(maps) == 3


def check_warn(case: dict[str, Any], result: Result, maps: dict[str, np.ndarray]) -> None:
    assert result.code == 0, result.stderr
    assert categories(result.summary["warnings"]) == [case["expect"]["category"]]
    assert len(maps) == 3


def check_item_error(case: dict[str, Any], result: Result, maps: dict[str, np.ndarray]) -> None:
    assert result.code == 1, result.stderr
    assert categories(result.summary["failures"]) == [case["expect"]["category"]]
    message = result.summary["failures"][0]["message"]
    assert "panoptic.json: annotations[" in message
    assert len(message) < 1000
    assert len(maps) == 2
    assert all(right(class_map) for class_map in maps.values())


def check_refuse_run(case: dict[str, Any], result: Result, maps: dict[str, np.ndarray]) -> None:
    assert result.code == 3
    assert result.summary["category"] == case["expect"]["category"]
    assert f"[{case['expect']['category']}]" in result.stderr
    assert "panoptic.json" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not maps


def check_either(case: dict[str, Any], result: Result, maps: dict[str, np.ndarray]) -> None:
    if result.code == 0:
        assert len(maps) == 3
        assert all(right(class_map) for class_map in maps.values())
    else:
        check_item_error(case, result, maps)


CHECKS = {
    "ok": check_ok,
    "warn": check_warn,
    "item_error": check_item_error,
    "refuse_run": check_refuse_run,
    "either": check_either,
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, tmp_path: Path, idle_mib: float) -> None:
    case = badinput.load(name)
    expect = case["expect"]
    result = convert(case, tmp_path)
    maps = class_maps(tmp_path)
    CHECKS[expect["verdict"]](case, result, maps)
    assert "Traceback" not in result.stderr
    if result.code == 0 and "labels_sum" in expect:
        assert int(maps["a.png"].sum()) == expect["labels_sum"]
    for path in expect.get("must_not_write", []):
        assert not (tmp_path / "out" / path).exists()
    assert result.rss_mib <= idle_mib + expect.get("rss_mb", 64)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_answer_does_not_depend_on_what_memory_held_before(name: str, tmp_path: Path) -> None:
    answers = []
    for number, env in enumerate(GARBAGE):
        folder = tmp_path / str(number)
        folder.mkdir()
        result = convert(badinput.load(name), folder, env)
        summary = {k: v for k, v in result.summary.items() if "second" not in k} if result.stdout else result.stderr
        maps = {name: class_map.tolist() for name, class_map in class_maps(folder).items()}
        answers.append((result.code, str(summary).replace(str(folder), ""), maps))
    assert answers[0] == answers[1]
