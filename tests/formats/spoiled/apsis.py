"""APSIS' .mat files with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from formats.spoiled import Spoiled, cut, write

from conftest import FIXTURES

SOURCE = FIXTURES / "apsis"
NEEDS = "scipy"
_MASK, _LIST = "images_mask/00001_mask.mat", "trainlist.mat"


def save(name: str, variable: str, values: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        from scipy.io import savemat

        savemat(folder / name, {variable: values}, do_compression=True)

    return spoil


CASES = [
    Spoiled("cut-off", cut(_MASK), "mat.corrupt", "can't be read"),
    Spoiled("not-a-mat", write(_MASK, "<html>"), "mat.corrupt", "can't be read"),
    Spoiled("empty", write(_MASK, ""), "mat.corrupt", "can't be read"),
    Spoiled("another-variable", save(_MASK, "alpha", np.ones((2, 2))), "mat.type", "has 'alpha'"),
    Spoiled("soft-edges", save(_MASK, "mask", np.full((2, 2), 0.5)), "mat.type", "other values than 0 and 1"),
    Spoiled("text", save(_MASK, "mask", "mask"), "mat.type", "'mask'"),
    Spoiled("cells", save(_MASK, "mask", np.array([[b"a", 1]], object)), "mat.type", "'mask' holds other values"),
    Spoiled("three-channels", save(_MASK, "mask", np.ones((2, 2, 3))), "mat.type", r"shape \(2, 2, 3\)"),
    Spoiled("huge", save(_MASK, "mask", np.zeros((14_000, 14_000), np.uint8)), "limit.pixels", "196,000,000"),
    Spoiled("list-cut-off", cut(_LIST), "mat.corrupt", "trainlist.mat", "source", {"split": "train"}),
    Spoiled("list-of-names", save(_LIST, "a", "abc"), "mat.type", "numbers of images", "source", {"split": "train"}),
]
