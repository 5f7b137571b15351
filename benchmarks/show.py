"""Labels on photos against what people draw them with: a table of ratios, all timed in turn in one process.

    python benchmarks/show.py [ROUNDS]

Needs matplotlib, supervision and opencv-python-headless beside cocoseg (extra ``bench``). A photo of 640×480 with 20
instances, drawn by a fixed seed: each tool gets the photo and the masks as it takes them, and draws masks at alpha 0.5,
outlines and names. ``supervision``: its MaskAnnotator, PolygonAnnotator and LabelAnnotator, one after the other.
``matplotlib``: detectron2's way (a figure of the picture's size, a polygon and a text for each instance, and the canvas
read back), with outlines by OpenCV. cocoseg gets its masks as run lengths, as a reader gives them, and as a picture of
segments.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
import supervision as sv
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

import cocoseg
from cocoseg.codecs.overlap import layers
from cocoseg.codecs.rle import encode
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.model import Sample
from cocoseg.parallel import tune_memory
from timing import ratios

SIZE, COUNT = (480, 640), 20
NAMES = ["person", "bicycle", "car", "traffic light", "bottle", "dining table", "dog"]

mpl.use("Agg")


def masks_of(random: np.random.Generator) -> np.ndarray:
    """20 ellipses of different sizes and slopes: (20, H, W) bool."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float64)
    found = []
    for _ in range(COUNT):
        down, across = random.integers(40, SIZE[0] - 40), random.integers(40, SIZE[1] - 40)
        turn, long, short = random.uniform(0, 3.14), random.integers(30, 90), random.integers(15, 50)
        one = (x - across) * np.cos(turn) + (y - down) * np.sin(turn)
        other = (y - down) * np.cos(turn) - (x - across) * np.sin(turn)
        found.append((one / long) ** 2 + (other / short) ** 2 < 1)
    return np.array(found)


def by_cocoseg(photo: np.ndarray, masks: np.ndarray, classes: np.ndarray, flat: bool) -> Callable[[], Any]:
    scheme = LabelScheme("names", tuple(LabelClass(k, name, (k,)) for k, name in enumerate(NAMES)))
    shapes = encode(masks)
    no = np.zeros(COUNT, np.bool_)
    picture = layers(shapes)[0]
    sample = Sample("a.png", 1, np.arange(COUNT), category_ids=classes, iscrowd=no, shapes=picture if flat else shapes)
    return lambda: cocoseg.overlay(photo, sample, scheme)


def by_supervision(photo: np.ndarray, masks: np.ndarray, classes: np.ndarray) -> Callable[[], Any]:
    found = sv.Detections(sv.mask_to_xyxy(masks).astype(np.float64), masks, class_id=classes)
    fill, outline, names = sv.MaskAnnotator(opacity=0.5), sv.PolygonAnnotator(thickness=1), sv.LabelAnnotator()
    words = [NAMES[k] for k in classes]

    def draw() -> Any:
        scene = outline.annotate(fill.annotate(photo.copy(), found), found)
        return names.annotate(scene, found, words)

    return draw


def by_matplotlib(photo: np.ndarray, masks: np.ndarray, classes: np.ndarray) -> Callable[[], Any]:
    colors = np.random.default_rng(1).uniform(0, 1, (len(NAMES), 3))

    def draw() -> Any:
        figure = Figure(frameon=False, dpi=100)
        figure.set_size_inches((SIZE[1] + 1e-2) / 100, (SIZE[0] + 1e-2) / 100)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes([0.0, 0.0, 1.0, 1.0])
        axes.axis("off")
        axes.imshow(photo, extent=(0, SIZE[1], SIZE[0], 0), interpolation="nearest")
        for mask, number in zip(masks, classes, strict=True):
            color = colors[number]
            rings = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]
            for ring in rings:
                if len(ring) > 2:
                    axes.add_patch(Polygon(ring[:, 0], fill=True, facecolor=(*color, 0.5), edgecolor=(*color, 1)))
            y, x = np.median(mask.nonzero(), axis=1)
            box = {"facecolor": "black", "alpha": 0.8, "pad": 0.7, "edgecolor": "none"}
            axes.text(x, y, NAMES[number], size=9, color="white", bbox=box, ha="center", va="top", zorder=10)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3]

    return draw


def main(rounds: int) -> None:
    tune_memory()
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (*SIZE, 3), np.uint8)
    masks, classes = masks_of(random), np.arange(COUNT) % len(NAMES)
    tools = {
        "cocoseg, run lengths": by_cocoseg(photo, masks, classes, flat=False),
        "cocoseg, segments": by_cocoseg(photo, masks, classes, flat=True),
        "supervision": by_supervision(photo, masks, classes),
        "matplotlib": by_matplotlib(photo, masks, classes),
    }
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    for _ in range(rounds + 1):
        for name, draw in tools.items():
            started = time.perf_counter()
            draw()
            seconds[name].append(time.perf_counter() - started)
    seconds = {name: found[1:] for name, found in seconds.items()}  # the first round loads fonts
    print("| tool | ms a picture | tool / cocoseg, run lengths |\n|---|---|---|")
    for name, found in seconds.items():
        print(f"| {name} | {1000 * statistics.median(found):.1f} | {ratios(found, seconds['cocoseg, run lengths'])} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
