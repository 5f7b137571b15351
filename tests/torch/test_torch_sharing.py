"""Workers do not copy the index: their private memory hardly grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch.utils.data import DataLoader

from cocoseg.model import Dataset, Sample
from cocoseg.torch import SegmentationDataset
from training import TOWN, drawn_sample

ROLLUP = Path("/proc/self/smaps_rollup")
LINES, LETTERS = 200, 100


def load(entry: list[str]) -> Sample:
    assert sum(map(len, entry)) == LINES * LETTERS  # looks at every string, and so writes its reference count
    return drawn_sample(np.zeros((1, 2, 2), bool))


def private_bytes(pairs: Sequence[Any]) -> int:
    """The private memory of this process, in place of a batch."""
    lines = [line.split() for line in ROLLUP.read_text().splitlines() if line.startswith("Private_")]
    return sum(int(line[1]) for line in lines) << 10


def largest_worker(images: int, method: str) -> int:
    entries = [[f"{image:0{LETTERS - 10}}{line:010}" for line in range(LINES)] for image in range(images)]
    source = Dataset((), entries, load)
    dataset = SegmentationDataset(source, labels=TOWN, tv_tensors=False)
    loading: dict[str, Any] = {"num_workers": 2, "multiprocessing_context": method, "collate_fn": private_bytes}
    return int(max(list(DataLoader(dataset, batch_size=20, **loading))[-2:]))


@pytest.mark.skipif(not ROLLUP.exists(), reason="only Linux tells what memory is shared")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader will create")
@pytest.mark.parametrize("method", ["fork", "spawn"])
class TestAWorker:
    index = 2000 * LINES * LETTERS

    def growth(self, method: str) -> int:
        return largest_worker(2000, method) - largest_worker(40, method)

    def test_grows_by_less_than_a_fifth_of_the_index(self, method: str) -> None:
        assert self.growth(method) < self.index / 5

    def test_would_grow_by_more_with_an_index_of_python_objects(
        self, method: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cocoseg.torch.dataset.FileEntries", list)
        assert self.growth(method) > self.index / 3
