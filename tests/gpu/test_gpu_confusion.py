"""The confusion matrix on the device against the CPU, on new random numbers each time."""

from __future__ import annotations

import pytest
import torch

from cocoseg.torch import ConfusionMatrix

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
@pytest.mark.parametrize("num_classes", [1, 19, 150])
def test_is_what_it_is_on_the_cpu_and_never_waits(dtype: torch.dtype, num_classes: int) -> None:
    print("seed", torch.seed())
    values = torch.tensor([*range(num_classes), min(200, torch.iinfo(dtype).max), 255 % torch.iinfo(dtype).max])
    batches = [values[torch.randint(len(values), (2, 2, 33, 65))].to(dtype) for _ in range(3)]
    here, there = ConfusionMatrix(num_classes), ConfusionMatrix(num_classes, device="cuda")
    on_device = [batch.cuda() for batch in batches]
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for truth, prediction in on_device:
            there.update(truth, prediction)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    for truth, prediction in batches:
        here.update(truth, prediction)
    assert torch.equal(there.cells.cpu(), here.cells)
