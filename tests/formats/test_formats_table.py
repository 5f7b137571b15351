"""The table of formats: a row is all that a format needs to be found everywhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats import FORMATS, Format, layout_format
from cocoseg.formats.detect import detect
from cocoseg.formats.maps.layouts import Files, Layout
from cocoseg.tools import formats

# The wild data set of a friend: Cityscapes' numbers in a folder of its own.
ROW = Layout(
    "folder of friendly numbers",
    files=(Files("friendly/{stem}.png", "thousands"),),
    options=("categories", "images"),
    void=(0,),
)


@pytest.fixture
def friendly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of a format that is registered by one row."""
    monkeypatch.setitem(FORMATS, "friendly", layout_format(ROW))
    (tmp_path / "set" / "friendly").mkdir(parents=True)
    numbers = np.array([[7, 26000, 26001, 26, 0]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / "set" / "friendly" / "a.png")
    (tmp_path / "names.json").write_text(
        json.dumps([{"id": 7, "name": "road", "isthing": 0}, {"id": 26, "name": "car", "isthing": 1}])
    )
    return tmp_path / "set"


def test_a_row_is_recognised_and_read(friendly: Path) -> None:
    assert detect(friendly) == "friendly"
    sample = cocoseg.read(friendly, categories=friendly.parent / "names.json")[0]
    assert sample.id_map.tolist() == [[7, 26000, 26001, 26, 0]]  # the numbers are the ids
    assert sample.category_ids.tolist() == [7, 26, 26, 26]
    assert sample.iscrowd.tolist() == [False, True, False, False]  # 26 alone is a group


def test_a_row_can_be_named(friendly: Path) -> None:
    dataset = cocoseg.read(friendly, source_format="friendly", categories=friendly.parent / "names.json")
    assert len(dataset) == 1


def test_a_row_is_in_info_and_in_the_table_of_conversions(friendly: Path) -> None:
    assert cocoseg.info(friendly).format == "friendly"
    assert any(row[0] == "folder of friendly numbers" for row in formats.table())


def test_a_row_is_in_the_tables_of_the_documents(friendly: Path) -> None:
    import generate

    assert re.search(r"`friendly`.* \| yes \| yes \| yes \| yes \| yes \|\n", generate.conversions())
    assert "| `friendly` | `--categories`, `--images` | the paths of its labels |" in generate.sources()
    assert "| folder of friendly numbers | `friendly` | overlaps |" in generate.held()
    assert "| `friendly` | `friendly/{stem}.png` | overlaps |" in generate.disk("friendly")


def test_numbers_of_class_times_256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "kitti", layout_format(ROW._replace(files=(Files("kitti/{stem}.png", "by-256"),))))
    (tmp_path / "set" / "kitti").mkdir(parents=True)
    Image.fromarray(np.array([[7 * 256, 26 * 256 + 1, 26 * 256 + 2]], np.uint16)).save(tmp_path / "set/kitti/a.png")
    (tmp_path / "names.json").write_text(
        json.dumps([{"id": 7, "name": "road", "isthing": 0}, {"id": 26, "name": "car", "isthing": 1}])
    )
    sample = cocoseg.read(tmp_path / "set", categories=tmp_path / "names.json")[0]
    assert (sample.id_map.tolist(), sample.category_ids.tolist()) == ([[1, 2, 3]], [7, 26, 26])


def test_every_row_has_a_module_that_reads_and_peeks() -> None:
    from importlib import import_module

    for row in FORMATS.values():
        module = import_module(row.module)
        assert callable(module.read)
        assert callable(module.peek)
        assert row.signs or (row.layout and row.layout.is_placed)


def test_no_two_formats_have_one_sign() -> None:
    signs = [sign for row in FORMATS.values() for sign in row.signs]
    assert len(signs) == len(set(signs))


def test_the_table_loads_no_reader_and_no_numpy() -> None:
    code = "import sys, cocoseg.formats; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "msgspec", "cocoseg.model", "cocoseg.formats.maps.reader"} & set(loaded)


def test_an_option_that_means_nothing_is_refused(friendly: Path) -> None:
    with pytest.raises(cocoseg.DocumentError, match="is a folder of friendly numbers, where --png-dir means nothing"):
        cocoseg.read(friendly, png_dir="x")
    assert isinstance(FORMATS["friendly"], Format)
