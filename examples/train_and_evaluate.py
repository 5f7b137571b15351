"""A training that evaluates itself after each epoch, and its predictions at the end.

    python examples/train_and_evaluate.py [FOLDER]

During the training, a confusion matrix on the network's device counts without waiting for it. At the end predictions
are written as files, as other code would leave them, and ``cocoseg.evaluate`` compares these with the truth. Both
count the same pixels, so they print the same number.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

import cocoseg
from cocoseg.torch import ConfusionMatrix, PadCollate, SegmentationDataset

SOURCE = "fixtures/panoptic.json"
PHOTOS = "fixtures/photos"


def network(classes: int) -> nn.Module:
    """Images (B, 3, H, W) -> logits (B, classes, H, W)."""
    return nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, classes, 1))


def train_an_epoch(model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer, void: int) -> float:
    """Train on every batch; returns the last loss."""
    model.train()
    for images, class_maps in loader:
        loss = functional.cross_entropy(model(images / 255), class_maps, ignore_index=void)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@torch.no_grad()
def evaluated(model: nn.Module, loader: DataLoader, matrix: ConfusionMatrix) -> ConfusionMatrix:
    """The matrix of all batches. Only ``matrix.result()`` waits for the device."""
    model.eval()
    for images, class_maps in loader:
        matrix.update(class_maps, model(images / 255).argmax(1))
    return matrix


@torch.no_grad()
def write_predictions(model: nn.Module, data: SegmentationDataset, folder: Path) -> None:
    """Write the logits (C, H, W) of each image under its name."""
    model.eval()
    for number, (image, _) in enumerate(data):
        path = (folder / data.dataset.entries[number].key).with_suffix(".npy")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, model(image[None] / 255)[0].numpy())


def main(folder: Path, epochs: int = 60) -> tuple[list[float], float]:
    """Train and evaluate: the mIoU of each epoch, and that of the files."""
    torch.manual_seed(0)
    data = SegmentationDataset(SOURCE, images=PHOTOS, tv_tensors=False)
    loader = DataLoader(data, batch_size=3, collate_fn=PadCollate(data.void))
    model = network(data.num_classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    found = []
    for epoch in range(epochs):
        loss = train_an_epoch(model, loader, optimizer, data.void)
        result = evaluated(model, loader, ConfusionMatrix(data.num_classes, data.void)).result()
        found.append(result.headlines["mIoU"] or 0.0)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1:2}  loss {loss:.3f}  mIoU {found[-1]:.2%}")
    write_predictions(model, data, folder)
    numbers = cocoseg.evaluate(SOURCE, folder, task="semantic")
    print(f"of the files: mIoU {numbers.headlines['mIoU']:.2%}")
    return found, numbers.headlines["mIoU"] or 0.0


if __name__ == "__main__":
    torch.set_num_threads(1)  # the pictures are tiny
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else temporary))
