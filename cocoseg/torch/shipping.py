"""A batch from a loader's worker to the training process: one piece of shared memory, no wider than it has to be.

torch gives every tensor a piece of its own, whose file descriptor is asked for over a socket, and every page of it is
cleared, mapped and given back, which for labels takes longer than making them. Here masks travel as bits, and integers
in as many bytes as the largest one needs; what arrives is what was sent.
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
    """Where a tensor lies in the memory, ``stored`` as another type; as bool it takes a bit for each value."""

    start: int
    stop: int
    stored: torch.dtype
    dtype: torch.dtype
    shape: torch.Size


class Parcel(tuple[Any, ...]):
    """A tuple that arrives as a plain one with equal tensors; some are views of one memory, which lives as they do."""

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
    """``torch.stack``; in a loader's worker floats go to shared memory at once, as nothing narrower holds them."""
    plain = [tensor.as_subclass(Tensor) for tensor in tensors]
    first = plain[0]
    if get_worker_info() is None or not first.is_floating_point() or not first.numel():
        return torch.stack(plain)
    return torch.stack(plain, out=_shared(len(plain) * first.numel(), first.dtype).view(len(plain), *first.shape))


class _Packer(ForkingPickler):
    """Pickles all but the tensors, which it collects; what is shared already is left to torch."""

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
    """One after the other."""
    slots, start = [], 0
    for tensor in tensors:
        stored = _narrowest(tensor)
        size = -(-tensor.numel() // 8) if stored == torch.bool else tensor.numel() * stored.itemsize
        slots.append(Slot(start, start + size, stored, tensor.dtype, tensor.shape))
        start += -(-size // _ALIGNED) * _ALIGNED
    return slots


def _narrowest(tensor: Tensor) -> torch.dtype:
    """The type that holds all values: bits that no value has are in no union of all of them."""
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
    """(count,) in memory that another process can be given."""
    return torch.empty(0, dtype=dtype).set_(torch.UntypedStorage._new_shared(count * dtype.itemsize))
