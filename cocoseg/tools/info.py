"""What an annotation file is: the guts of ``cocoseg info``."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cocoseg.errors import Problem
from cocoseg.formats import survey
from cocoseg.model import Category


@dataclass(frozen=True)
class Info:
    """What was found in a file, without decoding a picture.

    ``sizes`` counts images by (height, width); ``missing`` says in words what the file does not hold.
    """

    source: str
    format: str
    images: int
    segments: int
    crowd: int
    categories: tuple[Category, ...]
    used: dict[int, int]
    sizes: dict[tuple[int, int], int]
    missing: tuple[str, ...]
    failures: tuple[Problem, ...]
    problems: tuple[Problem, ...]


def info(
    src: str | os.PathLike[str],
    *,
    png_dir: str | os.PathLike[str] | None = None,
    categories: str | os.PathLike[str] | None = None,
    images: str | os.PathLike[str] | None = None,
) -> Info:
    """Look a file over: its images, segments, categories, sizes, and what is missing.

    Raises DocumentError.

    >>> info("fixtures/panoptic.json").images
    3
    """
    return Info(**survey(src, png_dir=png_dir, categories=categories, images=images))
