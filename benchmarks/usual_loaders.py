"""The data sets that training scripts usually have, for ``loader.py``: pycocotools and Pillow, a mask at a time."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from pycocotools.coco import COCO
from torch import Tensor
from torch.utils.data import Dataset, default_collate


def usual_collate(pairs: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    """Class maps of one size as ``default_collate`` joins them; all else as torchvision's references do."""
    images, targets = zip(*pairs, strict=True)
    alike = isinstance(targets[0], Tensor) and len({target.shape for target in targets}) == 1
    return images, default_collate(list(targets)) if alike else targets


class CocoDetection(Dataset[Any]):
    """As torchvision's ``CocoDetection`` with the ``ConvertCocoPolysToMask`` of its references; no photos."""

    def __init__(self, source: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            self.coco = COCO(source)
        self.ids = sorted(self.coco.imgs.keys())

    def __len__(self) -> int:
        return len(self.ids)

    def annotations(self, place: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The row of an image, and those of its objects."""
        image = self.coco.loadImgs(self.ids[place])[0]
        return image, self.coco.loadAnns(self.coco.getAnnIds(imgIds=image["id"]))

    def __getitem__(self, place: int) -> Any:
        image, rows = self.annotations(place)
        masks = [torch.as_tensor(self.coco.annToMask(row), dtype=torch.uint8) for row in rows]
        shape = (0, image["height"], image["width"])
        boxes = torch.as_tensor([row["bbox"] for row in rows], dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return None, {
            "boxes": boxes,
            "labels": torch.tensor([row["category_id"] for row in rows], dtype=torch.int64),
            "masks": torch.stack(masks) if masks else torch.zeros(shape, dtype=torch.uint8),
            "image_id": image["id"],
            "area": torch.tensor([row["area"] for row in rows]),
            "iscrowd": torch.tensor([row["iscrowd"] for row in rows]),
        }


class CocoSemantic(CocoDetection):
    """A class map, each object painted over those before."""

    def __getitem__(self, place: int) -> tuple[None, Tensor]:
        image, rows = self.annotations(place)
        canvas = np.zeros((image["height"], image["width"]), np.uint8)
        for row in rows:
            canvas[self.coco.annToMask(row) == 1] = row["category_id"]
        return None, torch.as_tensor(canvas, dtype=torch.int64)


class Panoptic(Dataset[Any]):
    """A class map of a panoptic PNG, by one comparison of the picture per segment."""

    def __init__(self, source: str) -> None:
        document = json.loads(Path(source).read_text())
        self.folder = Path(source).with_suffix("")
        self.rows = document["annotations"]
        self.index = {row["id"]: place for place, row in enumerate(document["categories"])}

    def __len__(self) -> int:
        return len(self.rows)

    def ids(self, place: int) -> Any:
        """The picture of segment ids."""
        rgb = np.array(Image.open(self.folder / self.rows[place]["file_name"]), dtype=np.uint32)
        return rgb[:, :, 0] + 256 * rgb[:, :, 1] + 256 * 256 * rgb[:, :, 2]

    def __getitem__(self, place: int) -> Any:
        ids = self.ids(place)
        canvas = np.full(ids.shape, 255, np.uint8)
        for segment in self.rows[place]["segments_info"]:
            canvas[ids == segment["id"]] = self.index[segment["category_id"]]
        return None, torch.as_tensor(canvas, dtype=torch.int64)


class PanopticSegments(Panoptic):
    """Masks and classes as Mask2Former's mapper makes them."""

    def __getitem__(self, place: int) -> Any:
        ids = self.ids(place)
        rows = [row for row in self.rows[place]["segments_info"] if not row["iscrowd"]]
        masks = [torch.from_numpy(ids == row["id"]) for row in rows]
        labels = torch.tensor([self.index[row["category_id"]] for row in rows], dtype=torch.int64)
        return None, {"masks": torch.stack(masks), "labels": labels}
