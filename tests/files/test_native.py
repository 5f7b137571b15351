"""Whether the native part is used, and how it is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command import cocoseg as run
from conftest import ROOT

SOURCE = ROOT / "fixtures" / "panoptic.json"
OFF = {"COCOSEG_NATIVE": "0"}


def test_it_can_be_turned_off() -> None:
    said = "without its native part, which is turned off by COCOSEG_NATIVE=0"
    assert said in run("--version", env=OFF).stdout
    assert said not in run("--version", env={"COCOSEG_NATIVE": "1"}).stdout


def test_info_says_that_it_is_missing() -> None:
    assert "native part" in run("info", SOURCE, env=OFF).stdout


@pytest.mark.long
def test_commands_write_the_same_without_it(tmp_path: Path) -> None:
    """The report, the journal and every class map, of processes with and without it."""
    found = []
    for name, env in [("with", {}), ("without", OFF)]:
        assert run("to-semantic", SOURCE, tmp_path / name, "--workers", 2, env=env).code == 0
        paths = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        found.append({os.path.relpath(path, tmp_path / name): path.read_bytes() for path in paths})
    assert found[0] == found[1]
    assert len(found[0]) > 3
