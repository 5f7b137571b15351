"""PNGs of masks: two values out, any two values in."""

from __future__ import annotations

import io

import masks as drawn
import numpy as np
import pytest
from hypothesis import given
from PIL import Image

from badinput import build_png
from cocoseg.errors import SampleError
from cocoseg.files.png.masks import read_mask, write_mask


@given(drawn.packs(most=1))
def test_masks_come_back(pack: np.ndarray) -> None:
    (mask,) = pack
    data = write_mask(mask)
    np.testing.assert_array_equal(read_mask(data, mask.shape), mask, strict=True)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "L"
        np.testing.assert_array_equal(np.asarray(picture), 255 * mask.astype(np.uint8))


def test_the_same_mask_has_the_same_bytes_whatever_its_layout() -> None:
    mask = drawn.draw("##. / .#. / ...")[0]
    assert write_mask(np.asfortranarray(mask)) == write_mask(mask) == write_mask(mask[::-1][::-1])


def test_a_large_empty_mask_is_no_bomb() -> None:
    mask = np.zeros((6000, 6000), np.bool_)
    data = write_mask(mask)
    assert len(data) < mask.size / 600
    assert not read_mask(data).any()


@pytest.mark.parametrize(("color_type", "depth"), [(2, 16), (4, 8), (4, 16), (6, 8), (6, 16)])
def test_modes_that_masks_do_not_have(color_type: int, depth: int) -> None:
    with pytest.raises(SampleError, match="a mask is grey, palette or 8-bit RGB, without alpha") as caught:
        read_mask(build_png(3, 2, color_type, depth))
    assert caught.value.category == "png.mode"


def test_another_size() -> None:
    with pytest.raises(SampleError, match=r"the PNG is 2×3 \(height×width\), the JSON says 3×2; height and width look"):
        read_mask(write_mask(np.zeros((2, 3), np.bool_)), (3, 2))
