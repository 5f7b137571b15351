"""A small mask classifier on the fixtures: each query predicts a mask and a class, as in MaskFormer.

    python examples/mask_classification.py

In every step, each segment of an image is matched with the query that is nearest to it. The other queries learn to
predict "no object". It takes a few seconds on a CPU.
"""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from cocoseg.torch import SegmentationDataset, collate

SOURCE = "fixtures/panoptic.json"
PHOTOS = "fixtures/photos"
QUERIES, WIDTH = 6, 32


class Queries(nn.Module):
    """An image (3, H, W) -> masks (Q, H, W) and classes (Q, classes + 1), as logits; the last class is "no object"."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.pixels = nn.Sequential(
            nn.Conv2d(5, WIDTH, 3, padding=1), nn.ReLU(), nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU()
        )
        self.queries = nn.Sequential(nn.Linear(WIDTH, 64), nn.ReLU(), nn.Linear(64, QUERIES * WIDTH))
        self.classes = nn.Linear(WIDTH, classes + 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The masks and classes of one image."""
        rows, columns = (torch.linspace(-1, 1, side) for side in image.shape[1:])
        coordinates = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
        pixels = self.pixels(torch.cat([image, coordinates]).unsqueeze(0))[0]
        queries = self.queries(pixels.mean(dim=(1, 2))).view(QUERIES, WIDTH)
        return torch.einsum("qc,chw->qhw", queries, pixels), self.classes(queries)


def match(masks: Tensor, classes: Tensor, target: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Match each segment with a query: queries (n,), segments (n,)."""
    wanted = target["masks"].flatten(1).float()
    likely = masks.flatten(1).sigmoid()
    overlap = 2 * likely @ wanted.T / (likely.sum(1)[:, None] + wanted.sum(1) + 1e-6)
    cost = -overlap - classes.softmax(1)[:, target["labels"]]
    queries, segments = linear_sum_assignment(cost.detach().numpy())
    return torch.as_tensor(queries), torch.as_tensor(segments)


def loss_of(masks: Tensor, classes: Tensor, target: dict[str, Tensor]) -> Tensor:
    """Cross entropy of the classes of all queries, and of the masks of matched queries."""
    queries, segments = match(masks, classes, target)
    labels = torch.full((QUERIES,), classes.shape[1] - 1)
    labels[queries] = target["labels"][segments]
    wanted = target["masks"][segments].float()
    shapes = functional.binary_cross_entropy_with_logits(masks[queries], wanted)
    return functional.cross_entropy(classes, labels) + 5 * shapes


def found_segments(model: Queries, image: Tensor, target: dict[str, Tensor]) -> int:
    """The number of segments whose query has the right class and a mask with an IoU above 0.8."""
    masks, classes = model(image / 255)
    queries, segments = match(masks, classes, target)
    here, wanted = masks[queries] > 0, target["masks"][segments]
    iou = (here & wanted).flatten(1).sum(1) / (here | wanted).flatten(1).sum(1)
    return int(((iou > 0.8) & (classes[queries].argmax(1) == target["labels"][segments])).sum())


def main(steps: int = 200) -> tuple[int, int]:
    """Train -> (segments found, all segments)."""
    torch.manual_seed(0)
    dataset = SegmentationDataset(SOURCE, target="segments", mode="panoptic", images=PHOTOS, tv_tensors=False)
    loader = DataLoader(dataset, batch_size=3, collate_fn=collate)
    model = Queries(dataset.num_classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(steps):
        for images, targets in loader:
            optimizer.zero_grad()
            losses = [loss_of(*model(image / 255), target) for image, target in zip(images, targets, strict=True)]
            torch.stack(losses).mean().backward()
            optimizer.step()
    pairs = [dataset[index] for index in range(len(dataset))]
    found = sum(found_segments(model, *pair) for pair in pairs)
    total = sum(len(target["labels"]) for _, target in pairs)
    print(f"{found} of {total} segments found")
    return found, total


if __name__ == "__main__":
    torch.set_num_threads(1)  # the pictures are tiny
    main()
