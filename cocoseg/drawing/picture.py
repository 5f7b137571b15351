"""Draws a sample on its photo, and class maps in the colours of their classes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import Colors, edges
from cocoseg.codecs.regions import runs
from cocoseg.drawing import legend
from cocoseg.drawing.blend import blend, canvas, fill, hatched
from cocoseg.drawing.colors import WHITE, by_category, class_colors
from cocoseg.drawing.scene import Scene, enlarged, scene
from cocoseg.drawing.spots import spots
from cocoseg.drawing.text import place, readable, stamp, text, text_size
from cocoseg.errors import UsageError, show
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.labels.scheme import BLACK
from cocoseg.limits import within_its_limit
from cocoseg.model import Sample
from cocoseg.targets.semantic import Labels, check_is_sample, scheme_for, semantic_map

As = Literal["overlay", "side-by-side", "outline", "classes"]

_HIDDEN = 3  # times the pixels of its name has a segment on which that is written
_COVERED, _ALWAYS = 0.1, 4  # of a picture names may cover, but so many are always written
_GAP = 4  # pixels between two pictures side by side


class Look(NamedTuple):
    """How a sample is drawn.

    ``only`` has the indices of classes, ``scale`` is how many times as high and wide pixels become. ``hatch`` is false
    for sources that have no single things, where all that is not stuff would be a crowd.
    """

    mode: As = "overlay"
    alpha: float = 0.5
    only: frozenset[int] | None = None
    names: bool = True
    legend: bool = False
    scale: int = 1
    hatch: bool = True


def overlay(
    photo: npt.NDArray[np.uint8] | None,
    sample: Sample,
    labels: Labels | None = None,
    *,
    alpha: float = 0.5,
    only: Collection[int] | None = None,
    names: bool = True,
    hatch: bool = True,
) -> npt.NDArray[np.uint8]:
    """A photo with its labels: (H, W, 3) uint8. ``photo`` is (H, W, 3) uint8, or None for labels on white.

    A segment has the colour of its class, at ``alpha`` (0 to 1), with an outline in full colour; the things of a class
    have shades of it. Crowds are hatched; ``hatch=False`` is for samples of class maps, which have no single things.
    Void, pixels without a label, and classes in black, as the background of VOC, are left as they are. With ``names``,
    the class of a segment is written at its largest part, where there is room.
    ``labels`` is a scheme, or the name of a preset with a class table; without it, colours follow category ids.
    ``only`` has the indices of classes that are drawn, as if there were no others.

    Raises UsageError: ``usage.photo`` for an array of another shape or type, ``usage.alpha``, ``usage.sample``,
    ``usage.labels``; LabelError and SampleError as ``cocoseg.semantic`` does.

    >>> import cocoseg
    >>> dataset = cocoseg.read("fixtures/panoptic.json")
    >>> overlay(None, dataset[0], cocoseg.label_scheme("index", dataset), alpha=1, names=False)[0, 0].tolist()
    [107, 142, 35]
    """
    check_is_sample(sample)
    scheme = by_category(sample) if labels is None else scheme_for(sample, labels)
    look = Look("overlay", check_alpha(alpha), None if only is None else frozenset(only), names, hatch=hatch)
    return picture(check_photo(photo, sample.size), sample, scheme, look)


def colorize(class_map: npt.NDArray[Any], labels: LabelScheme | str) -> npt.NDArray[np.uint8]:
    """A class map (H, W) in the colours of its classes: (H, W, 3) uint8; void and pixels without a label are black.

    Raises UsageError ``usage.class_map`` for an array that is no map of the scheme's numbers, ``usage.labels``;
    LabelError.

    >>> colorize(np.array([[7, 255]]), "cityscapes").tolist()
    [[[220, 220, 0], [0, 0, 0]]]
    """
    colors = class_colors(label_scheme(labels))
    return colored(check_class_map("class_map", class_map, len(colors)), colors)


def picture(photo: Colors | None, sample: Sample, scheme: LabelScheme, look: Look) -> Colors:
    """A sample as it is looked at: (h, w, 3) uint8, larger than the sample with a scale, a legend or side by side."""
    drawn = _plain(sample, scheme, look) if look.mode == "classes" else _on_photo(photo, sample, scheme, look)
    if not look.legend:
        return drawn
    return legend.beside(drawn, _legend(sample, scheme, look), text_size(drawn.shape[:2]))


@within_its_limit
def _on_photo(photo: Colors | None, sample: Sample, scheme: LabelScheme, look: Look) -> Colors:
    """The photo with its labels, and beside that the photo alone where that is wanted."""
    found = scene(sample, scheme, look.only).enlarged(look.scale)
    ground = canvas(None if photo is None else enlarged(photo, look.scale), found.size)
    drawn = _over(ground, found, look)
    if look.names:
        _write_names(drawn, found)
    return side_by_side([ground, drawn]) if look.mode == "side-by-side" and photo is not None else drawn


def _plain(sample: Sample, scheme: LabelScheme, look: Look) -> Colors:
    """The class map in its colours; where only some classes are drawn, all else is black."""
    colors = class_colors(scheme)
    if look.only is not None:
        colors[~np.isin(np.arange(len(colors)), list(look.only))] = BLACK
    return enlarged(colored(semantic_map(sample, scheme).class_map, colors), look.scale)


def _legend(sample: Sample, scheme: LabelScheme, look: Look) -> list[legend.Row]:
    """The classes in the class map, or those of them that are drawn. Void has a colour in coloured class maps alone."""
    colors = class_colors(scheme)
    if look.mode != "classes":
        colors[scheme.void] = BLACK
    return legend.rows(semantic_map(sample, scheme).pixels, scheme, colors, look.only)


def side_by_side(pictures: list[Colors]) -> Colors:
    """Pictures of one height from left to right, with white between them."""
    gap = np.full((pictures[0].shape[0], _GAP, 3), WHITE, np.uint8)
    return np.concatenate([part for one in pictures for part in (gap, one)][1:], axis=1)


def colored(class_map: npt.NDArray[Any], colors: Colors) -> Colors:
    """A map (H, W) of numbers in their colours (N, 3) -> (H, W, 3), written run by run."""
    values, lengths = runs(class_map.reshape(-1))
    packed = np.zeros((len(values), 4), np.uint8)
    packed[:, :3] = colors[values]
    pixels = np.repeat(packed.view(np.uint32).reshape(-1), lengths)
    return np.ascontiguousarray(pixels.view(np.uint8).reshape(*class_map.shape, 4)[..., :3])


def check_alpha(alpha: float) -> float:
    """Raises UsageError ``usage.alpha`` for a number that is no share."""
    if not 0 <= alpha <= 1:
        raise UsageError("usage.alpha", f"alpha is {alpha}, expected 0 (the photo alone) to 1 (the colours alone)")
    return float(alpha)


def check_photo(photo: npt.NDArray[Any] | None, size: tuple[int, int]) -> npt.NDArray[np.uint8] | None:
    """A photo as it is drawn on. Raises UsageError ``usage.photo`` where it is not RGB of 8 bits of this size."""
    if photo is None:
        return None
    found = np.asarray(photo)
    if found.dtype != np.uint8 or found.shape != (*size, 3):
        text = f"photo has shape {found.shape} and dtype {found.dtype}, expected {(*size, 3)} and uint8, as the sample"
        raise UsageError("usage.photo", text)
    return np.ascontiguousarray(found)


def check_class_map(name: str, class_map: object, values: int) -> npt.NDArray[Any]:
    """Raises UsageError ``usage.class_map`` for anything but whole numbers (H, W) below ``values``."""
    if not isinstance(class_map, np.ndarray) or class_map.ndim != 2 or class_map.dtype.kind not in "iu":
        found = f"{name} is {show(getattr(class_map, 'shape', class_map))}"
        raise UsageError("usage.class_map", f"{found}, expected an array (H, W) of whole numbers")
    if class_map.size and not 0 <= int(class_map.min()) <= int(class_map.max()) < values:
        wrong = int(class_map.max()) if class_map.min() >= 0 else int(class_map.min())
        raise UsageError("usage.class_map", f"{name} holds {wrong}, expected class indices from 0 to {values - 1}")
    return class_map


def _over(ground: Colors, found: Scene, look: Look) -> Colors:
    """The segments over a picture, with their outlines -> a new picture."""
    inside = hatched(found.numbers, found.crowds) if look.hatch else found.numbers
    drawn = blend(ground, inside, found.colors, 0.0 if look.mode == "outline" else look.alpha)
    fill(drawn, edges(found.numbers), found.numbers, found.colors)
    return drawn


def _write_names(drawn: Colors, found: Scene) -> None:
    """Write the class of each segment into the picture, the largest first, where there is room.

    The name of a small segment stands above it, so that it does not hide it.
    """
    size = text_size(found.size)
    where = spots(found.numbers, len(found.classes))
    large = np.flatnonzero(where.pixels >= size * size // 3)
    order = large[np.argsort(-where.pixels[large], kind="stable")]
    classes = found.classes[order].tolist()
    texts = [text(readable(found.names[value], value), size) for value in classes]
    heights = np.array([words.size[0] for words in texts], np.int64)
    covered = heights * [words.size[1] for words in texts]
    some = max(_ALWAYS, int(np.searchsorted(np.cumsum(covered), _COVERED * found.numbers.size)))
    order, texts, heights, covered = order[:some], texts[:some], heights[:some], covered[:some]
    small = where.pixels[order] < _HIDDEN * covered
    ys = np.where(small, where.top[order] - (heights + 1) // 2, where.y[order])
    corners = place(texts, ys.tolist(), where.x[order].tolist(), found.size)
    for words, (y, x) in zip(texts, corners, strict=True):
        if y >= 0:
            stamp(drawn, words, y, x)
