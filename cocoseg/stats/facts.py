"""The facts of one image: what a worker sends back of it, as JSON in the row of a run."""

from __future__ import annotations

import zlib

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.errors import Problem
from cocoseg.stats.extremes import Box, Example

CELLS = 32  # of a heat map, along each side


class PhotoFacts(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A photo: its ``digest``, (height, width) as ``stored`` and as EXIF has it ``turned``, or why it can't be read."""

    digest: str = ""
    stored: tuple[int, int] = (0, 0)
    turned: tuple[int, int] = (0, 0)
    problem: Problem | None = None


class ImageFacts(msgspec.Struct, array_like=True, gc=False):
    """What was counted in one image.

    * ``height``, ``width``; ``uncovered``: pixels that no segment covers; ``void``: those of them that are left out of
      training; ``contested``: pixels that several masks cover.
    * The segments as columns (n,): ``categories``, ``crowds``, ``areas`` of whole masks, ``boxes`` (x, y, width,
      height), ``parts`` and ``holes``. The last two are empty where they were not asked for.
    * ``painted``: the pixels of each category where every pixel counts once, as class maps are painted.
    * ``heat``: the same pixels by cells of the image, (C, CELLS, CELLS) uint32 packed by zlib, C in the order of
      ``painted``; empty where it was not asked for. ``heat_maps`` unpacks it.
    * ``twins``: pairs of segments with the same mask, the earlier one first.
    * ``off``: segments whose stated area is off, and what it is, in pixels.
    * ``label``: a digest of size, categories and masks, as 16 hexadecimal digits. ``plain``: there is so little in it
      that two images may well have the same.
    * ``photo``: None where no photo was looked for.
    """

    height: int
    width: int
    uncovered: int = 0
    void: int = 0
    contested: int = 0
    categories: list[int] = []
    crowds: list[bool] = []
    areas: list[int] = []
    boxes: list[Box] = []
    parts: list[int] = []
    holes: list[int] = []
    painted: dict[int, int] = {}
    heat: bytes = b""
    twins: list[tuple[int, int]] = []
    off: list[tuple[int, float]] = []
    label: str = "0"
    plain: bool = True
    photo: PhotoFacts | None = None

    def heat_maps(self) -> dict[int, npt.NDArray[np.int64]]:
        """(CELLS, CELLS) int64: the pixels of each category by cells; empty where they were not asked for."""
        if not self.heat:
            return {}
        maps = np.frombuffer(zlib.decompress(self.heat), "<u4").reshape(-1, CELLS, CELLS)
        return dict(zip(self.painted, maps.astype(np.int64), strict=True))

    def example(self, segment: int, value: int, key: str, position: int) -> Example:
        """A segment of the image as an example."""
        return Example(value, key, position, segment, self.categories[segment], self.boxes[segment])
