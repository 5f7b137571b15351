"""One-hot on the device against the CPU, on new random numbers each time."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from cocoseg.torch import one_hot, resize_class_map

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

MAPS = [torch.uint8, torch.int8, torch.uint16, torch.int16, torch.int32, torch.int64]
OUT = [torch.bool, torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float32]
SHAPES = [(1, 1), (1, 1, 1), (3, 17, 31), (2, 3, 8, 9), (0, 5, 6), (2, 0, 4), (16, 48, 64)]


def drawn(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Classes, void and values out of range."""
    print("seed", torch.seed())
    info = torch.iinfo(dtype)
    values = torch.tensor([*range(8), 100, min(133, info.max), min(255, info.max), info.min, info.max])
    return values[torch.randint(len(values), shape)].to(dtype)


@pytest.mark.parametrize("kernel", ["compare", "scatter"])
@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("dtype", MAPS)
def test_is_what_it_is_on_the_cpu(kernel: Any, layout: Any, dtype: torch.dtype) -> None:
    for shape in SHAPES:
        class_map = drawn(shape, dtype)
        for void in (255, 0, 3, None):
            for num_classes in (1, 8, 133, 300):
                expected = one_hot(class_map, num_classes, void, layout, torch.uint8)
                found = one_hot(class_map.cuda(), num_classes, void, layout, torch.uint8, kernel=kernel)
                assert found.is_cuda
                assert torch.equal(found.cpu(), expected)
    torch.cuda.synchronize()


@pytest.mark.parametrize("kernel", ["compare", "scatter"])
@pytest.mark.parametrize("out", OUT)
def test_of_every_dtype(kernel: Any, out: torch.dtype) -> None:
    class_map = drawn((2, 33, 65), torch.uint8)
    found = one_hot(class_map.cuda(), 19, dtype=out, kernel=kernel)
    assert found.dtype == out
    assert torch.equal(found.cpu(), one_hot(class_map, 19, dtype=out))


@pytest.mark.parametrize("kernel", ["compare", "scatter"])
def test_in_any_memory(kernel: Any) -> None:
    stored = drawn((9, 20, 30), torch.uint8).cuda()
    for view in (stored.permute(1, 2, 0), stored[::2, :, 1::3], stored[:1].expand(4, 20, 30)):
        out = torch.ones(view.shape[0], 10, *view.shape[1:], device="cuda").transpose(2, 3).contiguous().transpose(2, 3)
        assert torch.equal(one_hot(view, 10, out=out, kernel=kernel).cpu(), one_hot(view.cpu(), 10))


def test_no_second_copy_is_made() -> None:
    class_map = drawn((8, 480, 640), torch.uint8).cuda()
    out = torch.empty((8, 64, 480, 640), dtype=torch.uint8, device="cuda")
    for kernel in ("compare", "scatter"):
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        one_hot(class_map, 64, out=out, kernel=kernel)  # type: ignore[arg-type]
        assert torch.cuda.max_memory_allocated() - before < class_map.numel() * 8


def test_labels_are_resized_as_on_the_cpu() -> None:
    class_map = drawn((4, 37, 53), torch.uint8)
    for size in ((1, 1), (37, 53), (100, 20), (7, 211)):
        assert torch.equal(resize_class_map(class_map.cuda(), size).cpu(), resize_class_map(class_map, size))
