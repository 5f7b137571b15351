from __future__ import annotations

import base64
import io
import json
import zlib
from pathlib import Path
from typing import Any

from formats.scenes import IMAGES, STUFF, THINGS, Object
from PIL import Image


def bitmap(row: Object) -> dict[str, Any]:
    """The pixels of an object as the tool packs them."""
    ys, xs = row.mask.nonzero()
    left, top = int(xs.min()), int(ys.min())
    picture = Image.fromarray(row.mask[top : ys.max() + 1, left : xs.max() + 1].astype("uint8"), "P")
    picture.putpalette([0, 0, 0, 255, 255, 255])
    packed = io.BytesIO()
    picture.save(packed, format="PNG", transparency=0)
    return {"data": base64.b64encode(zlib.compress(packed.getvalue())).decode(), "origin": [left, top]}


def write(folder: Path) -> Path:
    rows = [{"title": name, "shape": "bitmap", "color": "#00FF00"} for name in (*THINGS, *STUFF)]
    (folder / "meta.json").write_text(json.dumps({"classes": rows, "tags": [], "projectType": "images"}))
    (folder / "ds0" / "ann").mkdir(parents=True)
    for image in IMAGES:
        height, width = image.size
        objects = [
            {"classTitle": row.name, "geometryType": "bitmap", "tags": [], "bitmap": bitmap(row)}
            for row in image.objects
        ]
        document = {"description": "", "tags": [], "size": {"height": height, "width": width}, "objects": objects}
        (folder / "ds0" / "ann" / f"{image.name}.jpg.json").write_text(json.dumps(document))
    return folder
