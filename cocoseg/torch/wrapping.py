"""Images, masks and boxes as torchvision's tv_tensors, if torchvision is installed.

Its transforms (``torchvision.transforms.v2``) then treat each by its kind: masks are not interpolated.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from torch import Tensor

from cocoseg.errors import UsageError

Wrap = Callable[[Any, Any], tuple[Any, Any]]


def wrapper(wanted: bool | None) -> Wrap:
    """A function that wraps an image and its target; None: if torchvision is installed. Raises ``usage.extra``."""
    if wanted and tv_tensors() is None:
        raise UsageError("usage.extra", "tv_tensors need a torchvision that fits the installed torch")
    return _unchanged if wanted is False or tv_tensors() is None else _wrapped


@cache
def tv_tensors() -> Any:
    """The module, or None without torchvision or with one that was built for another torch."""
    try:
        from torchvision import tv_tensors as found
    except (ImportError, RuntimeError, OSError):
        return None
    return found


def _unchanged(image: Any, target: Any) -> tuple[Any, Any]:
    return image, target


def _wrapped(image: Any, target: Any) -> tuple[Any, Any]:
    kinds = tv_tensors()
    image = kinds.Image(image) if isinstance(image, Tensor) else image
    if isinstance(target, Tensor):
        return image, kinds.Mask(target)
    return image, _wrapped_dict(target, kinds) if isinstance(target, dict) else target


def _wrapped_dict(target: dict[str, Any], kinds: Any) -> dict[str, Any]:
    changed: dict[str, Any] = {name: kinds.Mask(target[name]) for name in ("masks", "id_map") if name in target}
    if "boxes" in target:
        size = tuple(target["masks"].shape[-2:])
        changed["boxes"] = kinds.BoundingBoxes(target["boxes"], format="XYXY", canvas_size=size)
    return target | changed


def like(old: Tensor, new: Tensor) -> Tensor:
    """A changed tensor, wrapped like the old one."""
    kinds = tv_tensors()
    if kinds is None or not isinstance(old, kinds.TVTensor):
        return new
    wrapped: Tensor = kinds.wrap(new, like=old)
    return wrapped


def boxes_like(old: Tensor, new: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes (n, 4) as x0, y0, x1, y1 on a canvas of another size, wrapped like the old ones and in their format."""
    kinds = tv_tensors()
    if kinds is None or not isinstance(old, kinds.BoundingBoxes):
        return new
    boxes: Tensor = kinds.BoundingBoxes(new, format="XYXY", canvas_size=tuple(size))
    wanted = getattr(old, "format", None)
    return boxes if getattr(wanted, "name", "XYXY") == "XYXY" else _converted(boxes, wanted)


def _converted(boxes: Tensor, wanted: Any) -> Tensor:
    from torchvision.transforms.v2.functional import convert_bounding_box_format

    found: Tensor = convert_bounding_box_format(boxes, new_format=wanted)
    return found
