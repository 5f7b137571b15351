from __future__ import annotations

import numpy as np
import pytest

from cocoseg.codecs import rle
from cocoseg.codecs.regions import Regions, find_regions
from cocoseg.model import Sample
from cocoseg.reshaping.cutting import Tiling

PICTURE = np.array([[1, 1, 1, 2, 2, 0], [1, 1, 1, 2, 3, 3]])


def sample(shapes: Regions | rle.Runs) -> Sample:
    crowd = np.array([False, False, True])
    return Sample("a.png", 7, np.array([4, 5, 6]), category_ids=np.array([1, 2, 1]), iscrowd=crowd, shapes=shapes)


@pytest.fixture(params=["regions", "runs"])
def whole(request: pytest.FixtureRequest) -> Sample:
    regions, _ = find_regions(PICTURE, np.array([1, 2, 3]))
    masks = rle.encode(np.stack([number == PICTURE for number in (1, 2, 3)]))
    return sample(regions if request.param == "regions" else masks)


def test_a_tile_has_what_it_shows(whole: Sample) -> None:
    tiles, dropped = Tiling((2, 4), 2)(whole)
    assert [tile.key for tile in tiles] == ["a_y0_x0.png", "a_y0_x2.png"]
    assert [tile.ids.tolist() for tile in tiles] == [[4, 5], [4, 5, 6]]
    assert [tile.areas.tolist() for tile in tiles] == [[6, 2], [2, 3, 2]]
    assert [tile.iscrowd.tolist() for tile in tiles] == [[False, False], [False, False, True]]
    assert dropped == 0


def test_what_a_tile_shows_too_little_of_is_dropped_unless_it_is_a_crowd_or_stuff(whole: Sample) -> None:
    tiles, dropped = Tiling((2, 4), 2, 0.7, (1,))(whole)
    assert [tile.ids.tolist() for tile in tiles] == [[4, 5], [5, 6]]
    assert dropped == 1
    tiles, dropped = Tiling((2, 5), 4, 0.6, (1,))(whole)
    assert [tile.ids.tolist() for tile in tiles] == [[4, 5, 6], [4, 5, 6]]
    assert dropped == 0


def test_pixels_of_what_is_dropped_are_void_in_a_picture() -> None:
    regions, _ = find_regions(PICTURE, np.array([1, 2, 3]))
    tile = Tiling((2, 4), 2, 0.7, (1,))(sample(regions)).samples[1]
    assert isinstance(tile.shapes, Regions)
    values = tile.shapes.fill(tile.shapes.values(np.array([2, 3]), outside=0, void=255))
    assert values.tolist() == [[255, 2, 2, 0], [255, 2, 3, 3]]


def test_a_smaller_image_stays_one_tile(whole: Sample) -> None:
    (tile,), _ = Tiling((10, 10), 2)(whole)
    assert (tile.size, tile.image_id) == ((2, 6), 7_000_000)
    np.testing.assert_array_equal(tile.id_map, whole.id_map)
