"""Scores of a model with one fault each."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from formats.spoiled import Spoiled, cut, write

from cocoseg.files.npz import npy_head
from conftest import FIXTURES

SOURCE = FIXTURES / "scores"
OPTIONS = {"source_labels": "voc21", "source_format": "scores"}
_A, _B = "logits.npy", "val/probabilities.npz"
GOOD = np.zeros((21, 5, 8), np.float32)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def put(value: float, at: tuple[Any, ...]) -> Callable[[Path], Any]:
    """Sets scores of the first picture."""

    def spoil(folder: Path) -> None:
        scores = np.load(folder / _A)
        scores[at] = value
        np.save(folder / _A, scores)

    return spoil


def bomb(head: bytes) -> bytes:
    """A .npz whose array unpacks to 64 MiB of zeros."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logits.npy", head + bytes(64 << 20))
    return file.getvalue()


def npy_of(dtype: str, shape: tuple[int, ...]) -> Callable[[Path], Any]:
    """A header alone."""
    return write(_A, npy_head(dtype, shape))


CASES = [
    Spoiled("nan", put(np.nan, (3, 2, 1)), "scores.nan", "1 pixels have a score that is NaN"),
    Spoiled("two-infinities", put(np.inf, (slice(3, 5), 2, 1)), "scores.inf", "1 pixels have the same infinite score"),
    Spoiled("infinitely-unlikely", put(-np.inf, (slice(None), 2)), "scores.inf", "8 pixels"),
    Spoiled("one-infinity", put(np.inf, (0, 0, 0)), "", "", "nothing"),
    Spoiled("cut-off", cut(_A), "npy.corrupt", "1,6.. bytes of numbers, its header says 3,360"),
    Spoiled("cut-off-in-the-header", cut(_A, 0.01), "npy.corrupt", "header"),
    Spoiled("archive-cut-off", cut(_B), "npz.corrupt", "can't be read"),
    Spoiled("empty", write(_A, b""), "scores.type", "no .npy or .npz"),
    Spoiled("a-web-page", write(_B, "<html>"), "scores.type", "no .npy or .npz"),
    Spoiled("objects", write(_A, npy(np.array([[[print]]], object))), "scores.type", "object of the shape"),
    Spoiled("class-map", write(_A, npy(np.zeros((5, 8), np.uint8))), "scores.type", "uint8 of the shape"),
    Spoiled("floats-without-classes", write(_A, npy(np.zeros((5, 8)))), "scores.shape", "expected \\(C, H, W\\)"),
    Spoiled("whole-numbers", write(_A, npy(GOOD.astype(np.int64))), "scores.type", "int64.*expected float16"),
    Spoiled("complex", write(_A, npy(GOOD.astype(np.complex64))), "scores.type", "complex64"),
    Spoiled("one-channel", write(_A, npy(GOOD[:1])), "scores.one", "threshold"),
    Spoiled("one-channel-last", write(_A, npy(GOOD[0, :, :, None])), "scores.one", "threshold"),
    Spoiled("other-classes", write(_A, npy(GOOD[:19])), "scores.classes", "no side is 21"),
    Spoiled("both-sides", write(_A, npy(np.zeros((21, 5, 21)))), "scores.axis", "not clear"),
    Spoiled("a-batch", write(_A, npy(np.stack([GOOD, GOOD]))), "scores.batch", "batch of 2"),
    Spoiled("no-pixels", write(_A, npy(GOOD[:, :0])), "scores.shape", "\\(21, 0, 8\\)"),
    Spoiled("several-arrays", write(_B, npz(a=GOOD, b=GOOD)), "npz.several", "2 arrays \\('a', 'b'\\)"),
    Spoiled("two-known-arrays", write(_B, npz(logits=GOOD, probs=GOOD)), "npz.several", "'logits', 'probs'"),
    Spoiled("no-array", write(_B, npz()), "npz.corrupt", "can't be read|no array"),
    Spoiled("one-hot", write(_B, npz(onehot=GOOD)), "scores.type", "void is 0 everywhere"),
    Spoiled("huge", npy_of("f4", (21, 60_000, 60_000)), "limit.pixels", "3,600,000,000 pixels"),
    Spoiled("huge-in-bytes", npy_of("f8", (21, 12_000, 12_000)), "limit.pixels", "24,192,000,000 bytes"),
    Spoiled("bomb", write(_B, bomb(npy_head("f4", (21, 5, 8)))), "npz.corrupt", "3,361 bytes.*3,360"),
    Spoiled("two-files-of-one-name", write("logits.npz", npz(a=GOOD)), "", "", "nothing"),
]
