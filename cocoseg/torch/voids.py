"""The void of a class map, which travels with it from its data set to what pads it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from cocoseg.errors import UsageError


def with_void(target: Any, void: int | None) -> Any:
    """The target; a class map (H, W) remembers its void until torch makes another tensor of it."""
    if void is not None and is_class_map(target):
        target.void = void
    return target


def void_of(target: Any) -> int | None:
    """The void that a class map remembers."""
    return getattr(target, "void", None) if is_class_map(target) else None


def is_class_map(target: Any) -> bool:
    """Whether a target is (H, W); the others are dicts, or (C, H, W)."""
    return isinstance(target, Tensor) and target.ndim == 2


def fill_of(target: Any, void: int | None) -> int:
    """The value of new pixels of a target. Raises UsageError ``usage.void`` where a class map's is not known."""
    if not is_class_map(target):
        return 0
    known = void_of(target) if void is None else void
    if known is None:
        text = "a class map is to be padded with void, and its data set is not known; pass void=data.void"
        raise UsageError("usage.void", text)
    return known
