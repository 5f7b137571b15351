"""What a source is: the guts of ``cocoseg info``."""

from __future__ import annotations

from dataclasses import dataclass

from cocoseg.errors import Problem
from cocoseg.files.places import StrPath
from cocoseg.labels import LabelScheme
from cocoseg.model import Category
from cocoseg.tools.sources import Source


@dataclass(frozen=True)
class Info:
    """What was found in a file or folder, without decoding a picture.

    ``sizes`` counts images by (height, width); ``missing`` says in words what the file does not hold. ``segments`` and
    ``crowd`` are None, and ``used`` is empty, where only the pixels tell.
    """

    source: str
    format: str
    images: int
    segments: int | None
    crowd: int | None
    categories: tuple[Category, ...]
    used: dict[int, int]
    sizes: dict[tuple[int, int], int]
    missing: tuple[str, ...]
    failures: tuple[Problem, ...]
    problems: tuple[Problem, ...]


def info(
    src: StrPath,
    *,
    png_dir: StrPath | None = None,
    categories: StrPath | None = None,
    images: StrPath | None = None,
    source_labels: StrPath | LabelScheme | None = None,
    instances: StrPath | None = None,
    source_format: str | None = None,
) -> Info:
    """Look a file or folder over: its images, segments, categories, sizes, and what is missing.

    The arguments are as ``to_semantic`` has them. Raises DocumentError, LabelError, UsageError.

    >>> info("fixtures/panoptic.json").images
    3
    """
    return Info(**Source(src, categories, images, png_dir, source_labels, instances, source_format).survey())
