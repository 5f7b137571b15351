"""Runs decoded on the device against numpy, on new random numbers each time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cocoseg
from cocoseg.codecs import rle
from cocoseg.codecs.regions import find_regions
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.targets.segments import segments
from cocoseg.torch import PackedMasks
from training import SCHEMES

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

SIZES = [(1, 1), (1, 40), (40, 1), (37, 53), (64, 64), (100, 7)]


def drawn(rng: np.random.Generator, size: tuple[int, int], count: int) -> Sample:
    """A picture of ids, or masks that overlap; noise and blocks, some of them empty or full."""
    masks = rng.random((count, *size)) < rng.choice([0, 0.1, 0.5, 1], (count, 1, 1))
    ids = np.arange(1, count + 1)
    shapes = rle.encode(masks) if rng.random() < 0.5 else find_regions(rng.integers(0, count + 1, size), ids)[0]
    categories, crowd = rng.choice([7, 23, 3, 4, 50, 99], count), rng.random(count) < 0.2
    return Sample("a.png", 1, ids, category_ids=categories, iscrowd=crowd, shapes=shapes)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_a_batch_of_ragged_sizes(scheme: LabelScheme) -> None:
    seed = int(torch.seed() % 2**32)
    print("seed", seed)
    rng = np.random.default_rng(seed)
    for _ in range(10):
        batch = [drawn(rng, SIZES[index], int(rng.integers(0, 70))) for index in rng.integers(0, len(SIZES), 6)]
        packed = PackedMasks.join([PackedMasks.of(sample, scheme) for sample in batch])
        moved = packed.pin_memory().to("cuda", non_blocking=True)
        assert torch.equal(moved.class_map().cpu(), packed.class_map())
        assert torch.equal(moved.one_hot(5, "hwc", torch.uint8).cpu(), packed.one_hot(5, "hwc", torch.uint8))
        for index, sample in enumerate(batch):
            height, width = sample.size
            class_map = moved.class_map()[index, :height, :width].cpu().numpy()
            assert np.array_equal(class_map, cocoseg.semantic(sample, scheme))
            assert np.array_equal(moved.masks()[index].cpu().numpy(), segments(sample, scheme).masks)
