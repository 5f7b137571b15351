"""Two complete trainings on the fixtures: a few convolutions learn them by heart.

    python examples/train_semantic.py

The first uses class maps and cross entropy, where void is ``ignore_index``. The second uses one-hot and a sigmoid for
each class, where void is all zeros and left out of the loss. They take a few seconds on a CPU.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

from cocoseg.torch import Compose, PadCollate, RandomFlip, SegmentationDataset, one_hot

SOURCE = "fixtures/panoptic.json"
PHOTOS = "fixtures/photos"


def network(classes: int) -> nn.Module:
    """Images (B, 3, H, W) -> logits (B, classes, H, W)."""
    sizes = [3, 32, 32]
    layers = [[nn.Conv2d(old, new, 3, padding=1), nn.ReLU()] for old, new in pairwise(sizes)]
    return nn.Sequential(*(layer for pair in layers for layer in pair), nn.Conv2d(sizes[-1], classes, 1))


def cross_entropy(logits: torch.Tensor, class_map: torch.Tensor, void: int) -> torch.Tensor:
    """Softmax and cross entropy, without void pixels."""
    return functional.cross_entropy(logits, class_map, ignore_index=void)


def sigmoids(logits: torch.Tensor, class_map: torch.Tensor, void: int) -> torch.Tensor:
    """A sigmoid for each class; the one-hot target is made on the device of the logits."""
    target = one_hot(class_map, logits.shape[1], void)
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return losses.mean(dim=1)[class_map != void].mean()


def train(loss: Any, steps: int = 80) -> tuple[float, float]:
    """Train -> (last loss, share of labelled pixels that are right)."""
    torch.manual_seed(0)
    dataset = SegmentationDataset(SOURCE, images=PHOTOS, transform=Compose([RandomFlip()]), tv_tensors=False)
    loader = DataLoader(dataset, batch_size=3, shuffle=True, collate_fn=PadCollate(dataset.void))
    model = network(dataset.num_classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        for images, class_map in loader:
            optimizer.zero_grad()
            value = loss(model(images / 255), class_map, dataset.void)
            value.backward()
            optimizer.step()
    right = [
        model(images / 255).argmax(1)[class_map != dataset.void] == class_map[class_map != dataset.void]
        for images, class_map in loader
    ]
    return value.item(), torch.cat(right).float().mean().item()


def main() -> dict[str, tuple[float, float]]:
    """Both trainings: name -> (loss, share of pixels that are right)."""
    found = {"cross entropy": train(cross_entropy), "one-hot and sigmoids": train(sigmoids)}
    for name, (loss, right) in found.items():
        print(f"{name:20}  loss {loss:.3f}  right {right:.1%}")
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)  # the pictures are tiny
    main()
