"""A worker's batch arrives unchanged, in one piece and few bytes."""

from __future__ import annotations

import pickle
from itertools import pairwise
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader

from cocoseg.torch import SegmentationDataset, collate
from cocoseg.torch import shipping as module
from cocoseg.torch.shipping import Parcel

DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "int32", "int64", "float16", "float32", "float64", "complex64"]
WORDS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader will create")


def shipped(*values: Any) -> Any:
    return pickle.loads(ForkingPickler.dumps(Parcel(values)))


def slots_of(*tensors: Tensor) -> list[Any]:
    return module._slots(tensors)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """A tensor of any type and shape, also empty, with values of a bit, a byte, four bytes, or any size."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.lists(st.integers(0, 5), max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    lowest, highest = draw(st.sampled_from([(0, 2), (0, 256), (0, 257), (-1, 2), (0, 2**31), (-(2**62), 2**62)]))
    with np.errstate(over="ignore", invalid="ignore"):
        found = torch.from_numpy(rng.integers(lowest, highest, shape).astype(dtype).reshape(shape))
    return found.transpose(0, -1) if shape and draw(st.booleans()) else found


@settings(deadline=None)
@given(st.lists(tensors(), max_size=4))
def test_tensors_arrive_as_they_were(sent: list[Tensor]) -> None:
    found, rest = shipped({"all": sent, "first": sent[:1]}, "and the rest")
    assert rest == "and the rest"
    for one, other in zip(found["all"] + found["first"], sent + sent[:1], strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert torch.equal(one, other) or one.is_floating_point() or one.is_complex()
        assert one.contiguous().numpy().tobytes() == other.contiguous().numpy().tobytes()


@pytest.mark.parametrize(
    ("tensor", "size"),
    [
        (torch.ones(3, 8, 10, dtype=torch.bool), 30),
        (torch.ones(3, 8, 10, dtype=torch.uint8), 30),
        (torch.full((8, 10), 255), 80),
        (torch.full((8, 10), 256), 320),
        (torch.full((8, 10), 1 << 31), 640),
        (torch.full((8, 10), -1), 640),
        (torch.ones(8, 10), 320),
        (torch.ones(0, 8, 10), 0),
    ],
    ids=str,
)
def test_take_no_more_bytes_than_their_values_need(tensor: Tensor, size: int) -> None:
    (slot,) = slots_of(tensor)
    assert slot.stop - slot.start == size


def test_all_lie_in_one_memory_and_none_on_another() -> None:
    slots = slots_of(*(torch.rand(n) for n in (3, 0, 100, 1)))
    assert all(one.stop <= other.start for one, other in pairwise(slots))
    assert all(slot.start % 64 == 0 for slot in slots)


def test_kinds_of_tensors_stay_what_they_are() -> None:
    class Mask(Tensor):
        pass

    globals()["Mask"] = Mask
    Mask.__qualname__ = "Mask"
    mask = torch.ones(2, 3, dtype=torch.bool).as_subclass(Mask)
    mask.canvas = (2, 3)  # type: ignore[attr-defined]
    (found,) = shipped(mask)
    assert (type(found), found.canvas, found.tolist()) == (Mask, (2, 3), mask.tolist())


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
def test_what_is_no_plain_tensor_goes_torchs_way() -> None:
    sparse, learnt = torch.eye(3).to_sparse(), torch.nn.Parameter(torch.ones(2))
    shared = torch.ones(4).share_memory_()
    found = shipped(sparse, learnt, shared)
    assert torch.equal(found[0].to_dense(), torch.eye(3))
    assert (found[1].requires_grad, found[1].tolist()) == (True, [1, 1])
    assert found[2].is_shared()


@WORDS
def test_images_are_stacked_in_shared_memory_in_a_worker() -> None:
    dataset = SegmentationDataset("fixtures/panoptic.json", images=photo, tv_tensors=False)
    alone = collate([dataset[0], dataset[0]])
    assert not alone[0].is_shared()
    ((images, targets),) = DataLoader(dataset, batch_sampler=[[0, 0]], num_workers=1, collate_fn=collate)
    assert images.is_shared()
    assert not targets.is_shared()
    assert torch.equal(images, alone[0])
    assert torch.equal(targets, alone[1])


@WORDS
def test_a_batch_out_of_a_worker_is_a_plain_tuple_that_can_be_written_to() -> None:
    dataset = SegmentationDataset("fixtures/instances.json", target="instances", tv_tensors=False)
    (batch,) = DataLoader(dataset, batch_size=3, num_workers=1, collate_fn=collate)
    assert type(batch) is tuple
    for target in batch[1]:
        for tensor in (value for value in target.values() if isinstance(value, Tensor)):
            tensor.zero_()


def photo(sample: Any) -> Tensor:
    return torch.arange(3.0 * sample.size[0] * sample.size[1]).view(3, *sample.size)
