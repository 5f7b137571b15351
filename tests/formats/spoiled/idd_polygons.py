"""The polygons of IDD with one fault each."""

from __future__ import annotations

from formats.spoiled._polygons import faults

from conftest import FIXTURES

SOURCE = FIXTURES / "idd-polygons"

CASES = faults("gtFine/val/119/000001_gtFine_polygons.json")
