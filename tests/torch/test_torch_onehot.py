"""One-hot on tensors against a loop over pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.errors import UsageError
from cocoseg.torch import one_hot
from cocoseg.torch import onehot as module
from training import one_hot_loop

MAPS = ["uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"]
OUT = [torch.bool, torch.uint8, torch.int16, torch.int64, torch.float16, torch.bfloat16, torch.float32]
OUT += [torch.uint16, torch.uint32, torch.uint64]
KERNELS = ["compare", "scatter"]


def expected(class_map: np.ndarray, num_classes: int, void: int | None) -> torch.Tensor:
    """(B, H, W) -> (B, C, H, W) uint8."""
    rows = [one_hot_loop(picture, num_classes, void) for picture in class_map]
    return torch.from_numpy(np.array(rows, np.uint8).reshape(len(rows), num_classes, *class_map.shape[1:]))


@st.composite
def batches(draw: st.DrawFn) -> np.ndarray:
    """(B, H, W) of any integer type: classes, void, and values out of range."""
    dtype = np.dtype(draw(st.sampled_from(MAPS)))
    shape = draw(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 5)))
    info = np.iinfo(dtype)
    values = [0, 1, 2, 3, 100, info.max, info.min, min(255, info.max)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.choice(np.array(values, dtype), shape)


@settings(deadline=None, max_examples=200)
@given(
    batches(),
    st.sampled_from([1, 3, 130, 300]),
    st.sampled_from([255, 0, 1, None, -1]),
    st.sampled_from(OUT),
    st.sampled_from(KERNELS),
)
def test_is_what_the_loop_says(
    class_map: np.ndarray, num_classes: int, void: int | None, dtype: torch.dtype, kernel: str
) -> None:
    tensor = torch.from_numpy(class_map)
    rows = expected(class_map, num_classes, void)
    for layout, order in (("chw", (0, 1, 2, 3)), ("hwc", (0, 2, 3, 1))):
        found = one_hot(tensor, num_classes, void, layout, dtype, kernel=kernel)
        assert found.dtype == dtype
        assert found.is_contiguous()
        assert torch.equal(found.to(torch.uint8), rows.permute(order))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_leading_axes_are_a_batch(kernel: str, leading: tuple[int, ...]) -> None:
    class_map = torch.randint(0, 5, (*leading, 4, 6))
    found = one_hot(class_map, 4, kernel=kernel)
    assert found.shape == (*leading, 4, 4, 6)
    flat = found.reshape(-1, 4, 4, 6)
    assert torch.equal(flat.to(torch.uint8), expected(class_map.reshape(-1, 4, 6).numpy(), 4, 255))


@pytest.mark.parametrize("kernel", KERNELS)
def test_maps_may_lie_in_any_memory(kernel: str) -> None:
    stored = torch.randint(0, 9, (7, 3, 8), dtype=torch.uint8)
    for view in (stored.permute(1, 2, 0), stored[::2, :, 1::3], stored[:1].expand(4, 3, 8)):
        assert torch.equal(one_hot(view, 5, kernel=kernel), one_hot(view.contiguous(), 5))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", OUT)
def test_writes_into_memory_that_is_given(kernel: str, dtype: torch.dtype) -> None:
    class_map = torch.randint(0, 6, (2, 3, 4), dtype=torch.uint8)
    for memory in (torch.ones(2, 5, 3, 4), torch.ones(4, 3, 5, 2).permute(3, 2, 1, 0), torch.ones(2, 10, 3, 4)[:, ::2]):
        out = memory.to(dtype)
        found = one_hot(class_map, 5, out=out, kernel=kernel)
        assert found is out
        assert torch.equal(out.to(torch.uint8), expected(class_map.numpy(), 5, 255))


def test_bool_maps_have_two_classes() -> None:
    assert one_hot(torch.tensor([[True, False]]), 3).tolist() == [[[0, 1]], [[1, 0]], [[0, 0]]]


@pytest.mark.parametrize("kernel", KERNELS)
def test_pictures_of_many_blocks(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class_map = torch.randint(0, 40, (2, 50, 30), dtype=torch.uint8)
    whole = one_hot(class_map, 35, kernel=kernel)
    monkeypatch.setattr(module, "_PIXELS", 100)
    assert torch.equal(one_hot(class_map, 35, kernel=kernel), whole)
    assert torch.equal(whole.to(torch.uint8), expected(class_map.numpy(), 35, 255))


def test_the_map_is_never_held_as_int64() -> None:
    class_map = torch.zeros((1, 1024, 1024), dtype=torch.uint8)
    for kernel in KERNELS:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            one_hot(class_map, 2, dtype=torch.uint8, kernel=kernel)
        largest = max(event.cpu_memory_usage for event in profile.events() if event.cpu_memory_usage > 0)
        assert largest < 8 << 20, kernel


@pytest.mark.parametrize(
    "bad", [torch.zeros(3, dtype=torch.uint8), torch.zeros(2, 2), torch.zeros((), dtype=torch.int64)]
)
def test_refuses_what_is_no_map_of_integers(bad: torch.Tensor) -> None:
    with pytest.raises(UsageError, match="class map"):
        one_hot(bad, 3)


def test_refuses_what_is_no_tensor() -> None:
    for bad in (np.zeros((2, 2), np.uint8), [[0, 1]]):
        with pytest.raises(UsageError, match="expected a tensor"):
            one_hot(bad, 2)


def test_refuses_other_choices() -> None:
    class_map = torch.zeros(2, 2, dtype=torch.uint8)
    with pytest.raises(UsageError, match="num_classes is 0"):
        one_hot(class_map, 0)
    with pytest.raises(UsageError, match="layout is 'nchw', expected chw or hwc"):
        one_hot(class_map, 3, layout="nchw")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="kernel"):
        one_hot(class_map, 3, kernel="loop")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"out has shape \(2, 2\), expected \(3, 2, 2\)"):
        one_hot(class_map, 3, out=torch.zeros(2, 2))
