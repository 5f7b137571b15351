"""Sends a batch from a loader's worker to the training process in one small piece of shared memory.

torch uses a separate piece for every tensor. It requests each file descriptor over a socket, and every page is cleared,
mapped and freed; for labels, that takes longer than making them. Here masks travel as bits, and integers in as many
bytes as the largest one needs. The batch arrives unchanged.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import get_worker_info

_ALIGNED = 64
_LIMITS = {torch.bool: 1 << 1, torch.uint8: 1 << 8, torch.int32: 1 << 31}


class Slot(NamedTuple):
    """The part of the memory that holds a tensor, ``stored`` as another type; bool takes one bit per value."""

    start: int
    stop: int
    stored: torch.dtype
    dtype: torch.dtype
    shape: torch.Size


class Parcel(tuple[Any, ...]):
    """A tuple that arrives as a plain tuple with equal tensors; some are views of one memory, which they keep alive."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        file, tensors = io.BytesIO(), list[Tensor]()
        _Packer(file, tensors).dump(tuple(self))
        slots = _slots(tensors)
        memory = _shared(slots[-1].stop if slots else 0, torch.uint8)
        for tensor, slot in zip(tensors, slots, strict=True):
            _put(tensor, memory, slot)
        return _unpacked, (file.getvalue(), memory, slots)


def stack(tensors: Sequence[Tensor]) -> Tensor:
    """``torch.stack``; in a loader's worker it puts floats into shared memory, since no narrower type holds them."""
    plain = [tensor.as_subclass(Tensor) for tensor in tensors]
    first = plain[0]
    if get_worker_info() is None or not first.is_floating_point() or not first.numel():
        return torch.stack(plain)
    return torch.stack(plain, out=_shared(len(plain) * first.numel(), first.dtype).view(len(plain), *first.shape))


class _Packer(ForkingPickler):
    """Pickles everything but tensors, which it collects; torch pickles those that are shared already."""

    def __init__(self, file: io.BytesIO, tensors: list[Tensor]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.tensors = tensors

    def persistent_id(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or not _in_memory(value) or value.is_shared() or value.requires_grad:
            return None
        self.tensors.append(value.as_subclass(Tensor))
        return len(self.tensors) - 1, type(value), vars(value)


class _Unpacker(pickle.Unpickler):
    def __init__(self, data: bytes, memory: Tensor, slots: list[Slot]) -> None:
        super().__init__(io.BytesIO(data))
        self.memory, self.slots = memory, slots

    def persistent_load(self, found: Any) -> Tensor:
        number, kind, details = found
        tensor = _taken(self.memory, self.slots[number]).as_subclass(kind)
        vars(tensor).update(details)
        return tensor


def _in_memory(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu" and tensor.layout == torch.strided and not tensor.is_quantized


def _unpacked(data: bytes, memory: Tensor, slots: list[Slot]) -> Any:
    return _Unpacker(data, memory, slots).load()


def _slots(tensors: Sequence[Tensor]) -> list[Slot]:
    """Slots for tensors, one after another."""
    slots, start = [], 0
    for tensor in tensors:
        stored = _narrowest(tensor)
        size = -(-tensor.numel() // 8) if stored == torch.bool else tensor.numel() * stored.itemsize
        slots.append(Slot(start, start + size, stored, tensor.dtype, tensor.shape))
        start += -(-size // _ALIGNED) * _ALIGNED
    return slots


def _narrowest(tensor: Tensor) -> torch.dtype:
    """The narrowest type for all values: their union has only bits that some value has."""
    if tensor.dtype == torch.bool or tensor.is_floating_point() or tensor.is_complex():
        return tensor.dtype
    union = int(np.bitwise_or.reduce(tensor.numpy(), axis=None)) if tensor.numel() else 0
    narrower = [dtype for dtype, limit in _LIMITS.items() if 0 <= union < limit and dtype.itemsize < tensor.itemsize]
    return torch.bool if 0 <= union < 2 else [*narrower, tensor.dtype][0]


def _put(tensor: Tensor, memory: Tensor, slot: Slot) -> None:
    there = memory[slot.start : slot.stop]
    if slot.stored == torch.bool:
        there.numpy()[:] = np.packbits(tensor.numpy())
    else:
        there.view(slot.stored).view(slot.shape).copy_(tensor)


def _taken(memory: Tensor, slot: Slot) -> Tensor:
    there = memory[slot.start : slot.stop]
    if slot.stored == torch.bool:
        bits = torch.from_numpy(np.unpackbits(there.numpy(), count=slot.shape.numel()))
        return bits.view(slot.shape).view(torch.bool).to(slot.dtype)
    return there.view(slot.stored).view(slot.shape).to(slot.dtype)


def _shared(count: int, dtype: torch.dtype) -> Tensor:
    """(count,) in memory that can be sent to another process."""
    return torch.empty(0, dtype=dtype).set_(torch.UntypedStorage._new_shared(count * dtype.itemsize))
