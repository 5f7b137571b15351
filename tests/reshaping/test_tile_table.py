from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cocoseg.errors import DocumentError
from cocoseg.reshaping.tile_table import read_table

ROW: dict[str, Any] = {"id": 7000000, "file_name": "a_y0_x0.jpg", "height": 2, "width": 3, "license": 4}
TILE: dict[str, Any] = {"image_id": 7, "file_name": "a.jpg", "size": [2, 5], "offset": [0, 0]}


def written(folder: Path, *tiles: dict[str, Any]) -> Path:
    path = folder / "tiles.json"
    path.write_text(json.dumps({"images": [ROW | {"tile": TILE | tile} for tile in tiles], "tiles": {"ids": "file"}}))
    return path


@pytest.mark.parametrize("name", ["", "tiles.json"])
def test_rows_say_which_image_they_are_of(name: str, tmp_path: Path) -> None:
    written(tmp_path, {}, {"offset": [0, 2]})
    table = read_table(tmp_path / name)
    (whole,) = table.images
    assert (table.ids, whole.key, whole.image_id, whole.size) == ("file", "a.png", 7, (2, 5))
    assert [tile.offset for tile in whole.tiles] == [(0, 0), (0, 2)]
    assert json.loads(bytes(whole.row)) == ROW


def test_a_tile_of_a_tile_gives_that_back(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, {"of": {"image_id": 1}, "key": "other.png"}))
    assert json.loads(bytes(table.images[0].row))["tile"] == {"image_id": 1}
    assert table.images[0].key == "other.png"


@pytest.mark.parametrize(
    ("tiles", "category"),
    [
        ([], "doc.missing_key"),
        ([{"offset": [0, 3]}], "tile.size"),
        ([{}, {"size": [2, 6]}], "tile.size"),
        ([{"size": [0, 5]}], "size.invalid"),
        ([{"size": [1 << 20, 1 << 20]}], "limit.pixels"),
        ([{}, {}], "tile.twice"),
        ([{"size": "all"}], "doc.type"),
        ([{"file_name": "../a.jpg"}], "path.escape"),
    ],
)
def test_what_is_no_table_is_refused(tiles: list[dict[str, Any]], category: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        read_table(written(tmp_path, *tiles))
    assert caught.value.category == category


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="name what 'cocoseg tile' wrote") as caught:
        read_table(tmp_path)
    assert caught.value.category == "file.missing"


def test_images_of_merged_tiles_have_ids_of_their_own(tmp_path: Path) -> None:
    images = read_table(written(tmp_path, {}, {"file_name": "b.jpg"}, {"file_name": "c.jpg", "image_id": 8})).images
    assert [(image.key, image.image_id) for image in images] == [("a.png", 7), ("b.png", 9), ("c.png", 8)]
