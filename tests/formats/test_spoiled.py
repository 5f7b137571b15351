"""Every fault in ``spoiled/``: one sentence, the image only, and nothing outside OUT; the last in its own process."""

from __future__ import annotations

import re
import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from formats.spoiled import Spoiled

import cocoseg
from cocoseg.options import ToSemantic, flag
from command import cocoseg as command

MODULES = {
    path.stem: import_module(f"formats.spoiled.{path.stem}")
    for path in sorted((Path(__file__).parent / "spoiled").glob("[!_]*.py"))
}
MODULES = {name: module for name, module in MODULES.items() if find_spec(getattr(module, "NEEDS", "numpy"))}
ALL = [pytest.param(name, case, id=f"{name}-{case.name}") for name, module in MODULES.items() for case in module.CASES]


def source_of(name: str) -> Path:
    source: Path = MODULES[name].SOURCE
    return source


def own_options(name: str) -> dict[str, Any]:
    """The options without which the data set can't be read."""
    return dict(getattr(MODULES[name], "OPTIONS", {}))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def class_maps(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(folder).items() if name.endswith(".png")}


def spoiled(name: str, case: Spoiled, folder: Path) -> Path:
    root = Path(shutil.copytree(source_of(name), folder / "set"))
    case.spoil(root)
    return root / getattr(MODULES[name], "WITHIN", "")


@pytest.mark.parametrize("name", MODULES)
def test_there_are_at_least_eight_faults_of_each_format(name: str) -> None:
    names = [case.name for case in MODULES[name].CASES]
    assert len(set(names)) == len(names) >= 8


@pytest.mark.parametrize(("name", "case"), ALL)
def test_costs_what_it_must(name: str, case: Spoiled, tmp_path: Path) -> None:
    root, options = spoiled(name, case, tmp_path), own_options(name) | case.options
    before = contents(tmp_path / "set")
    whole = cocoseg.to_semantic(source_of(name) / getattr(MODULES[name], "WITHIN", ""), tmp_path / "whole", **options)
    try:
        if case.costs == "source":
            with pytest.raises(cocoseg.CocosegError) as caught:
                cocoseg.to_semantic(root, tmp_path / "out", **options)
            said = [(caught.value.category, str(caught.value))]
        else:
            summary = cocoseg.to_semantic(root, tmp_path / "out", **options)
            problems = summary.failures if case.costs == "image" else summary.problems
            said = [(problem.category, problem.message) for problem in problems]
            assert len(summary.failures) == len(whole.failures) + (case.costs == "image")
    finally:
        assert contents(tmp_path / "set") == before
    if case.costs == "nothing" and not case.category:
        assert said == []
        return
    assert [category for category, _ in said] == [case.category]
    assert re.search(case.says, said[0][1])
    assert "\n" not in said[0][1]
    if case.costs == "image":
        others = class_maps(tmp_path / "whole")
        assert class_maps(tmp_path / "out").items() <= others.items()


@pytest.mark.long
@pytest.mark.parametrize(("name", "case"), ALL)
def test_in_its_own_process(name: str, case: Spoiled, tmp_path: Path) -> None:
    root = spoiled(name, case, tmp_path)
    flags: list[Any] = []
    for option, value in (own_options(name) | case.options).items():
        flags += [flag(ToSemantic, option), *([] if value is True else [value])]
    result = command("to-semantic", root, tmp_path / "out", *flags, "--json", "--workers", 1, seconds=20)
    assert result.code == {"image": 1, "source": 3, "nothing": 0}[case.costs], result.stderr
    assert "Traceback" not in result.stderr
    assert result.rss_mib < 400
    assert sorted(path.name for path in tmp_path.iterdir()) in (["out", "set"], ["set"])
