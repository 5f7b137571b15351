"""Finds categories by the names that a scheme file gives them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cocoseg.errors import LabelError, most_like, show
from cocoseg.labels.presets import BACKGROUND_NAMES
from cocoseg.model import Category


def ids_of(wanted: Iterable[int | str], categories: Sequence[Category]) -> list[int]:
    """The ids of categories that are given by name or by id.

    Raises LabelError: ``label.names`` for a name that no category has, or several; ``doc.missing_key`` where there are
    no categories.

    >>> ids_of(["sky", 7], [Category(7, "road"), Category(23, "sky")])
    [23, 7]
    """
    return [category if isinstance(category, int) else _id_of(category, categories) for category in wanted]


def _id_of(name: str, categories: Sequence[Category]) -> int:
    found = [row for row in categories if row.name == name]
    found = [row for row in found if not row.unused_root] or found
    if len(found) == 1:
        return found[0].id
    if not categories:
        text = f"category {show(name)} is given by name, but the data set lists no categories"
        raise LabelError("doc.missing_key", f"{text}; name a file that has them with --categories")
    if found:
        ids = ", ".join(str(row.id) for row in found[:5])
        text = f"{len(found)} categories are called {show(name)} (ids {ids}); give their ids in 'category_ids'"
        raise LabelError("label.names", text)
    raise LabelError("label.names", f"no category is called {show(name)}; {_advice(name, categories)}")


def _advice(name: str, categories: Sequence[Category]) -> str:
    names = [row.name for row in categories]
    if same := next((found for found in names if found.lower() == name.lower()), None):
        return f"{show(same)} differs in case only"
    if name.lower() in BACKGROUND_NAMES:
        return "for pixels of no category, give the field 'unlabelled' instead"
    near = most_like(name, names)
    some = ", ".join(map(show, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"did you mean {show(near)}?" if near else f"the categories are {some}"
