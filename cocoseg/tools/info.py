"""What a source is: the function behind ``cocoseg info``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cocoseg.errors import Problem
from cocoseg.files.places import StrPath
from cocoseg.formats.reading import survey
from cocoseg.model import Category
from cocoseg.options import Reading, takes

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True)
class Info:
    """What was found in a file or folder, without decoding a picture.

    ``sizes`` counts images by (height, width); ``missing`` says in words what the file does not hold. ``segments`` and
    ``crowd`` are None, and ``used`` is empty, if only the pixels show them. ``read_as`` is what the source was taken
    for, if it does not say so itself.

    In a data set as it is downloaded, ``labels`` are the paths of the label pictures that are read, and ``splits`` the
    images of each split by its folder or list. ``split`` is that which was asked for, ``photos`` says where photos lie.
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
    read_as: str = ""
    labels: str = ""
    splits: dict[str, int] = field(default_factory=dict)
    split: str = ""
    photos: str = ""


@takes(Reading)
def info(src: StrPath, **options: Unpack[Reading]) -> Info:
    """Describe a file or folder: its images, segments, categories, sizes, and what is missing.

    Raises DocumentError, LabelError, UsageError.

    >>> info("fixtures/panoptic.json").images
    3
    """
    return Info(**survey(src, **options))
