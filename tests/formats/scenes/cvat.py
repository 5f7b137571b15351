from __future__ import annotations

from pathlib import Path

from formats.scenes import IMAGES, STUFF, THINGS


def write(folder: Path) -> Path:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "<version>1.1</version>"]
    labels = (f"<label><name>{name}</name><color>#ff0000</color></label>" for name in (*THINGS, *STUFF))
    lines += ["<meta><task><labels>", *labels, "</labels></task></meta>"]
    for number, image in enumerate(IMAGES):
        height, width = image.size
        lines.append(f'<image id="{number}" name="{image.name}.jpg" width="{width}" height="{height}">')
        for row in image.objects:
            points = ";".join(f"{x:.2f},{y:.2f}" for x, y in row.corners)
            lines.append(f'<polygon label="{row.name}" source="manual" occluded="0" points="{points}" z_order="0"/>')
        lines.append("</image>")
    (folder / "annotations.xml").write_text("\n".join([*lines, "</annotations>"]))
    return folder
