"""The common data model: every reader produces it, and every target is made from it.

records.py   Category, Entry, Sample     loading.py   from an entry to its sample     dataset.py   Dataset
"""

from cocoseg.model.dataset import Dataset
from cocoseg.model.loading import Chain, Loader, Loads, Pair
from cocoseg.model.records import (
    Categories,
    Category,
    Conventions,
    Entry,
    ImageId,
    Refused,
    Sample,
    row_place,
    unlisted,
)

__all__ = [
    "Categories",
    "Category",
    "Chain",
    "Conventions",
    "Dataset",
    "Entry",
    "ImageId",
    "Loader",
    "Loads",
    "Pair",
    "Refused",
    "Sample",
    "row_place",
    "unlisted",
]
