"""``--things-only``: which categories are stuff."""

from __future__ import annotations

from cocoseg.errors import UsageError, show
from cocoseg.labels.presets import is_stuff, is_thing
from cocoseg.model import Dataset


def left_out(dataset: Dataset, things_only: bool) -> frozenset[int]:
    """Ids of stuff categories, or none unless ``things_only``.

    Raises UsageError ``usage.things_only`` if neither a category nor COCO's tables say whether it is stuff.
    """
    if not things_only:
        return frozenset()
    silent = next((row for row in dataset.categories if is_thing(row) is None), None)
    if silent and dataset.conventions.unlabelled != "background":
        text = f"category {silent.id} {show(silent.name)} has no 'isthing', so it may be stuff"
        raise UsageError("usage.things_only", f"{dataset.source}: {text}; name a file that does with --categories")
    return frozenset(row.id for row in dataset.categories if is_stuff(row))
