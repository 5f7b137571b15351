"""The confusion matrix on tensors against numpy's."""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cocoseg
from cocoseg.errors import SampleError, UsageError
from cocoseg.torch import ConfusionMatrix

TYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"]
COUNTING = ["runs", "pixels"]


@st.composite
def batches(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Truth and prediction with values out of range, classes and void."""
    num_classes, void = draw(st.sampled_from([(1, 255), (2, 0), (5, 255), (300, 65535), (5, -1)]))
    shape = draw(st.sampled_from([(0, 3), (4, 5), (2, 3, 40), (7,)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pictures = []
    for dtype in (np.dtype(draw(st.sampled_from(TYPES))) for _ in range(2)):
        info = np.iinfo(np.uint8 if dtype.kind == "b" else dtype)
        values = [row for row in (0, 1, 4, 5, 299, void, info.max, info.min) if info.min <= row <= info.max]
        pictures.append(np.array(values, dtype)[rng.integers(0, len(values), shape)])
    return pictures[0], pictures[1], num_classes, void


def slowly(truth: np.ndarray, prediction: np.ndarray, num_classes: int, void: int) -> np.ndarray:
    cells = np.zeros((num_classes + 2,) * 2, np.int64)
    for pair in zip(truth.reshape(-1).tolist(), prediction.reshape(-1).tolist(), strict=True):
        known = [int(value) if 0 <= value < num_classes else num_classes + 1 for value in pair]
        row, column = (num_classes if value == void else index for value, index in zip(pair, known, strict=True))
        cells[row, column] += 1
    return cells


@settings(deadline=None, max_examples=300)
@given(batches(), st.sampled_from(COUNTING))
def test_counts_what_a_loop_over_pixels_counts(case: Any, counting: Any) -> None:
    truth, prediction, num_classes, void = case
    matrix = ConfusionMatrix(num_classes, void, counting=counting)
    matrix.update(torch.from_numpy(truth), torch.from_numpy(prediction))
    expected = slowly(truth, prediction, num_classes, void)
    assert matrix.cells.dtype == torch.int64
    assert np.array_equal(matrix.cells.numpy(), expected)
    assert matrix.out_of_range == (expected[-1].sum(), expected[:, -1].sum())


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64])
@pytest.mark.parametrize("counting", COUNTING)
def test_counts_what_torchmetrics_counts(counting: Any, dtype: torch.dtype) -> None:
    """It knows no void in a prediction."""
    functional = pytest.importorskip("torchmetrics.functional.classification")
    rng = np.random.default_rng(6)
    for _ in range(125):
        classes = int(rng.integers(2, 12))
        present = np.append(rng.choice(classes, rng.integers(1, classes + 1), replace=False), 255)
        shape = (2, int(rng.integers(1, 9)), int(rng.integers(1, 30)))
        truth = torch.from_numpy(np.repeat(rng.choice(present, shape), rng.integers(1, 6), axis=2)).to(dtype)
        prediction = torch.from_numpy(rng.choice(present[:-1], truth.shape)).to(dtype)
        matrix = ConfusionMatrix(classes, counting=counting)
        matrix.update(truth, prediction)
        expected = functional.multiclass_confusion_matrix(prediction, truth.long(), classes, ignore_index=255)
        assert torch.equal(matrix.cells[:-2, :-2], expected)
        assert matrix.cells[:-2].sum() == (truth != 255).sum()


@pytest.mark.parametrize("counting", COUNTING)
def test_equals_numpys_on_a_long_run(counting: Any) -> None:
    rng = np.random.default_rng(0)
    matrix, expected = ConfusionMatrix(19, counting=counting), cocoseg.ConfusionMatrix(19)
    for _ in range(20):
        truth = np.repeat(rng.choice([0, 1, 17, 18, 255], (2, 30, 10)), 9, axis=2)
        prediction = np.where(rng.random(truth.shape) < 0.1, rng.integers(0, 19, truth.shape), truth)
        matrix.update(torch.from_numpy(truth), torch.from_numpy(prediction).to(torch.uint8))
        expected.update(truth, prediction)
    assert matrix.numpy() == expected
    assert matrix.result("cityscapes") == expected.result("cityscapes")
    assert matrix.result(groups=["a"] * 19) == expected.result(groups=["a"] * 19)
    assert (matrix + matrix).numpy() == expected + expected
    kept = matrix
    matrix += pickle.loads(pickle.dumps(matrix))
    assert matrix is kept
    assert matrix.numpy() == expected + expected


def test_update_never_asks_for_a_value() -> None:
    """Tensors without values: all that would wait for one fails."""
    matrix = ConfusionMatrix(19)
    truth = torch.zeros((2, 8, 8), dtype=torch.uint8, device="meta")
    matrix.update(truth, truth.long())
    assert matrix.cells.device.type == "meta"
    assert repr(matrix) == "ConfusionMatrix(19, void=255, device='meta')"
    with pytest.raises((RuntimeError, NotImplementedError)):
        matrix.result()


@pytest.mark.parametrize("counting", COUNTING)
def test_values_out_of_range_are_reported_by_the_result(counting: Any) -> None:
    matrix = ConfusionMatrix(2, counting=counting)
    matrix.update(torch.tensor([[0, 7, 1, 1]]), torch.tensor([[0, -1, 200, 1]]))
    assert matrix.out_of_range == (1, 2)
    with pytest.raises(SampleError, match="1 pixels of the truth and 2 of the prediction were out of range") as error:
        matrix.result()
    assert error.value.category == "classmap.range"
    assert matrix.numpy().matrix.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_what_is_refused() -> None:
    matrix, zeros = ConfusionMatrix(2), torch.zeros((1, 2), dtype=torch.int64)
    with pytest.raises(UsageError, match="the truth is a ndarray, expected a tensor"):
        matrix.update(zeros.numpy(), zeros)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"the prediction has shape \(1, 2\) and dtype torch.float32.*argmax\(dim=1\)"):
        matrix.update(zeros, zeros.float())
    with pytest.raises(SampleError, match=r"the prediction has shape \(1, 1\), expected the truth's \(1, 2\)"):
        matrix.update(zeros, zeros[:, :1])
    with pytest.raises(UsageError, match="the prediction is on meta, the truth on cpu"):
        matrix.update(zeros, zeros.to("meta"))
    with pytest.raises(UsageError, match="num_classes is 0"):
        ConfusionMatrix(0)
    with pytest.raises(UsageError, match="counting is 'fast', expected 'runs' or 'pixels'"):
        ConfusionMatrix(2, counting="fast")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="can't be added"):
        matrix += ConfusionMatrix(3)


RANK = """
import sys, torch, torch.distributed as dist
from cocoseg.torch import ConfusionMatrix
rank, address = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
matrix = ConfusionMatrix(3)
if rank:
    matrix.update(torch.tensor([[0, 1, 2, 255]]), torch.tensor([[0, 2, 7, 1]]))
matrix.update(torch.tensor([[1]]), torch.tensor([[rank]]))
total = matrix.reduced()
again = matrix.reduced()
assert torch.equal(total.cells, again.cells)
print(total.cells.tolist())
dist.destroy_process_group()
"""


def test_is_summed_over_processes() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    ranks = [
        subprocess.Popen([sys.executable, "-c", RANK, str(rank), address], stdout=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    found = [rank.communicate(timeout=120)[0] for rank in ranks]
    expected = [[1, 0, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    assert found == [f"{expected}\n"] * 2
