"""Photos for the fixtures, which have none: every segment in the colour of its class, with noise."""

from __future__ import annotations

import zlib

import numpy as np
import torch

from cocoseg.model import Sample


def photo(sample: Sample) -> torch.Tensor:
    """A sample -> (3, H, W) float32, always the same."""
    noise = np.random.default_rng(zlib.crc32(sample.key.encode()))
    palette = np.random.default_rng(0).random((256, 3))
    colors = palette[np.append(sample.category_ids, 0)]
    indices = {int(id): index for index, id in enumerate(sample.ids)}
    pixels = np.array([[colors[indices.get(int(id), -1)] for id in row] for row in sample.id_map])
    pixels += noise.normal(0, 0.05, pixels.shape)
    return torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)
