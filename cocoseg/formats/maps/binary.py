"""Binary masks: label pictures of 0 and one other value, 255 or 1, which stand for one class and its background.

A folder is binary if 0 and 255 are all values of the pictures that were looked at. One picture of 0 and 255 among
others with more values is a class map of class 0 and void. Later pictures with other values are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cocoseg.errors import DocumentError, Problem, show
from cocoseg.files import places
from cocoseg.formats.coco_json.names import Unnumbered
from cocoseg.formats.maps.classes import Values
from cocoseg.formats.maps.look import Look
from cocoseg.formats.maps.meaning import Meaning
from cocoseg.labels.presets import BACKGROUND_NAMES
from cocoseg.model import Category

_MUCH = 0.1  # share of pixels from which unlisted 255 is suspicious
_FEW = 8  # listed categories; of many, some are always missing in some pictures
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}


def is_decided(look: Look, meant: Meaning | None) -> bool:
    """Whether no further picture is needed to tell class maps from binary masks."""
    if meant is None or not look.values - {0, 255}:
        return False
    values = {value for value, _ in meant.values.rows}
    return len(values) > _FEW or (bool(values) and values <= look.values)


def as_binary(folder: str, look: Look, meant: Meaning | None, class_name: str | None) -> Meaning | None:
    """The meaning of a folder of binary masks, or None if it is none, or other values are listed.

    Raises DocumentError ``maps.binary`` if the class of binary masks is named but the pictures are others, or if
    palettes show the background as white.
    """
    if meant is None:
        return _named(folder, look, class_name) if look.unread < look.pictures or class_name is not None else None
    if _is_one_name(meant.categories) and (look.values <= {0, 255} or look.values == {0, 1}):
        return _meaning(1 if 1 in look.values else 255, replace(meant.categories[0], id=1), ())
    listed = {category.id for category in meant.categories}
    background = [row for row in meant.categories if row.id == 0 or row.name.lower() in BACKGROUND_NAMES]
    rest = [row for row in meant.categories if row not in background]
    if not meant.by_id or 255 in listed or len(rest) != 1 or len(background) > 1:
        return None
    return _meaning(255, rest[0], background) if look.values == {0, 255} else _undecided(meant, look)


def _is_one_name(categories: Sequence[Category]) -> bool:
    """Whether a name without an id is listed alone, which is that of the object, as nothing else could be in a map."""
    alone = isinstance(categories, Unnumbered) and len(categories) == 1
    return alone and categories[0].name.lower() not in BACKGROUND_NAMES


def _undecided(meant: Meaning, look: Look) -> Meaning | None:
    """If all pictures have one and the same value, 255 may be the class or void, so pictures with it are refused."""
    if look.values - {0} and look.values != {255}:
        return None
    silent = tuple(value for value in meant.values.silent if value != 255)
    advice = "it may be void or the class of binary masks; give labels with --source-labels, or list it"
    return meant._replace(values=replace(meant.values, silent=silent, advice=advice))


def void_problems(folder: str, look: Look, meant: Meaning) -> tuple[Problem, ...]:
    """A problem if 255 may stand for a listed value: it is much and these never occur, or it is alone beside 0."""
    values = {value for value, _ in meant.values.rows}
    absent = sorted(values - look.values)
    if 255 not in meant.values.silent or 255 not in look.values or not _is_suspicious(look, values, absent):
        return ()
    never = f" {len(absent)} of the listed values never occur, as {absent[0]}," if absent else ""
    text = (
        f"255 is {look.share(255):.1%} of the pixels of the {look.pictures} pictures that were looked at;{never} "
        "but 255 is not listed, so it is void; if it is a class, list it with this number"
    )
    return (Problem("maps.void", f"{folder}: {text}"),)


def folder_problems(folder: str, names: Sequence[str]) -> tuple[Problem, ...]:
    """A problem if binary masks without a named class lie in several sub-folders, which may be their classes."""
    inside = sorted({name.partition("/")[0] for name in names if "/" in name})
    if len(inside) < 2 or _PARTS.intersection(map(str.lower, inside)):
        return ()
    some = ", ".join(map(show, inside[:5])) + (f" and {len(inside) - 5} more" if len(inside) > 5 else "")
    text = f"the binary masks in {some} are all of one class; if these are classes, read them with --from class-folders"
    advice = "if each mask is an object of an image, with --from instance-folders; if not, name the class with --class"
    return (Problem("maps.binary", f"{folder}: {text}; {advice}"),)


def _is_suspicious(look: Look, values: set[int], absent: Sequence[int]) -> bool:
    if look.values <= {0, 255}:
        return True
    return len(values) <= _FEW and look.share(255) >= _MUCH and 0 < len(values - {0}) <= 2 * len(absent)


def _named(folder: str, look: Look, class_name: str | None) -> Meaning | None:
    """Binary masks without listed categories: one class, named by the option or the folder."""
    high = next((high for high in (255, 1) if look.values == {0, high}), None)
    if class_name is not None and high is None:
        high = next((high for high in (255, 1) if look.values <= {0, high}), None)
        if high is None:
            text = f"--class names the class of binary masks (0 and 255), but the pictures hold {look}"
            raise DocumentError("maps.binary", f"{folder}: {text}; list their categories with --categories")
    if high is None:
        return None
    if high == 1 and look.turned:
        text = f"the palettes of {look.turned} of {look.pictures} pictures show 0 as white and 1 as black, so mask and"
        advice = "save them in grey, where the mask is white, or list 0 and 1 with --categories (id,name)"
        raise DocumentError("maps.binary", f"{folder}: {text} background may be swapped; {advice}")
    name = class_name or places.base_name(folder.rstrip("/")) or "object"
    return _meaning(high, Category(1, name), (), "" if class_name else " (--class names it)")


def _meaning(high: int, category: Category, background: Sequence[Category], advice: str = "") -> Meaning:
    """0 is the background, a category or none, and ``high`` the category."""
    below = [replace(row, isthing=False) if row.isthing is None else row for row in background]
    rows = [*((0, row) for row in below), (high, category)]
    values = Values.of(f"value of binary masks (0 and {high})", rows, (0,))
    values = replace(values, advice="the other pictures have no other values; list all values with --categories")
    zero = f"{show(below[0].name)}" if below else "background"
    read_as = f"folder of binary masks, where 0 is {zero} and {high} is {show(category.name)}{advice}"
    categories = tuple(sorted((row for _, row in rows), key=lambda row: row.id))
    return Meaning(categories, values, read_as=read_as, background=not below)
