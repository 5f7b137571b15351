from __future__ import annotations

from itertools import groupby
from pathlib import Path

from formats.scenes import IMAGES, Object


def runs(row: Object) -> str:
    """Starts, from 1, and lengths of the runs down the columns."""
    pixels = enumerate(row.mask.T.ravel().tolist(), 1)
    groups = (list(group) for value, group in groupby(pixels, key=lambda pixel: pixel[1]) if value)
    return " ".join(f"{group[0][0]} {len(group)}" for group in groups)


def write(folder: Path) -> Path:
    lines = ["ImageId,EncodedPixels,Height,Width,ClassId"]
    for image in IMAGES:
        height, width = image.size
        lines += [f"{image.name}.jpg,{runs(row)},{height},{width},{row.name}" for row in image.objects]
    (folder / "train.csv").write_text("\n".join(lines))
    return folder / "train.csv"
