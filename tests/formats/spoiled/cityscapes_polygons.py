"""The polygons of Cityscapes with one fault each."""

from __future__ import annotations

from formats.spoiled._polygons import faults

from conftest import FIXTURES

SOURCE = FIXTURES / "cityscapes-polygons"

CASES = faults("gtFine/val/ulm/ulm_000000_000019_gtFine_polygons.json")
