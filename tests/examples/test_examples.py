"""The examples learn the fixtures by heart."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from conftest import ROOT


@pytest.fixture(autouse=True)
def _among_the_examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(ROOT / "examples")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def example(name: str) -> Any:
    return import_module(name)


def test_both_losses_learn_every_pixel() -> None:
    found = example("train_semantic").main()
    assert len(found) == 2
    assert all(right == 1 and loss < 0.1 for loss, right in found.values())


def test_queries_find_every_segment() -> None:
    pytest.importorskip("scipy")
    found, there = example("mask_classification").main()
    assert found == there == 10


def test_an_evaluation_in_the_loop_and_one_of_files_agree(tmp_path: Path) -> None:
    found, of_files = example("train_and_evaluate").main(tmp_path)
    assert found[0] < 0.5 < found[-1]
    assert found[-1] == of_files


def test_every_example_is_run() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == {
        "train_semantic",
        "mask_classification",
        "train_and_evaluate",
    }
