"""Where two class maps of an image agree and where they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.drawing.blend import blend, canvas
from cocoseg.drawing.picture import check_alpha, check_class_map, check_photo
from cocoseg.errors import UsageError

RIGHT, MISSED, EXTRA, WRONG = (140, 140, 140), (230, 25, 35), (30, 90, 255), (200, 30, 200)
_COLORS = np.array([RIGHT, MISSED, EXTRA, WRONG], np.uint8)
_LIMIT = 1 << 16


def difference(
    photo: npt.NDArray[np.uint8] | None,
    truth_map: npt.NDArray[Any],
    predicted_map: npt.NDArray[Any],
    void: int = 255,
    *,
    background: int | None = None,
    only: int | None = None,
    alpha: float = 0.7,
) -> npt.NDArray[np.uint8]:
    """A predicted class map against the true one, both (H, W): (H, W, 3) uint8, on the photo or on white.

    * grey: the class is right;
    * red: missed, a class where background (or void) is predicted;
    * blue: extra, a class where there is background;
    * purple, which is both: one class is predicted for another.

    Pixels that are void in the truth, and background that is right, stay as they are. ``background`` is the index of
    pixels without an object, if there is one. With ``only``, every other class counts as background, so that all that
    is missed of this class is red, and all that is predicted for another one is blue.

    Raises UsageError: ``usage.class_map`` where the maps differ in size or are no class maps, ``usage.photo``,
    ``usage.alpha``.

    >>> truth, predicted = np.array([[0, 1, 1, 0, 2, 255]]), np.array([[0, 1, 0, 1, 1, 1]])
    >>> difference(None, truth, predicted, background=0, alpha=1)[0].tolist()
    [[255, 255, 255], [140, 140, 140], [230, 25, 35], [30, 90, 255], [200, 30, 200], [255, 255, 255]]
    """
    truth = check_class_map("truth_map", truth_map, _LIMIT)
    predicted = check_class_map("predicted_map", predicted_map, _LIMIT)
    if truth.shape != predicted.shape:
        text = f"truth_map has shape {truth.shape}, predicted_map {predicted.shape}; expected maps of one image"
        raise UsageError("usage.class_map", text)
    size = (truth.shape[0], truth.shape[1])
    kinds = _kinds(truth, predicted, void, background, only)
    return blend(canvas(check_photo(photo, size), size), kinds, _COLORS, check_alpha(alpha))


def _kinds(
    truth: npt.NDArray[Any], predicted: npt.NDArray[Any], void: int, background: int | None, only: int | None
) -> npt.NDArray[np.uint8]:
    """The index of each pixel's colour (H, W), 4 for none."""
    unknown = truth == void
    if only is None:
        there, found = truth != background, (predicted != background) & (predicted != void)
    else:
        there, found = truth == only, predicted == only
    table = np.array([[4, 2], [1, 3]], np.uint8)
    kinds: npt.NDArray[np.uint8] = table[there.astype(np.uint8), found.astype(np.uint8)]
    kinds[there & (truth == predicted if only is None else found)] = 0
    kinds[unknown] = 4
    return kinds
