"""All findings about one or two data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from cocoseg.stats.category_rules import category_rules
from cocoseg.stats.findings import Finding, Side, in_order
from cocoseg.stats.image_rules import image_rules
from cocoseg.stats.picture_rules import picture_rules, split_rules


def find(sides: Sequence[Side]) -> list[Finding]:
    """The findings about one or two data sets: errors first, and the graver ones first among them."""
    found = [replace(row, source=side.name) for side in sides for row in _about(side)]
    if len(sides) == 2:
        found += split_rules(*sides)
    return in_order(found)


def _about(side: Side) -> list[Finding]:
    return list(chain(image_rules(side), category_rules(side), picture_rules(side)))
