"""Sources to report on, and what a page says, read as a browser without script would."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

EVIL = [
    "</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "[red]bold[/red]",
    "\x1b[2J\x1b]0;title\x07\r\n",
    "{{ 7 * 7 }}{% raw %}",
    "x" * 10_000,
    "\u202eabc",
    "猫",
]


def source(path: Path, images: int, names: list[str], files: list[str] | None = None, size: int = 64) -> Path:
    """A detection JSON with eight rectangles of varied classes on each image; a class is rarer the later it comes."""
    rows, annotations = [], []
    for k in range(images):
        name = files[k] if files and k < len(files) else f"image-{k:05}.jpg"
        rows.append({"id": k, "file_name": name, "width": size + k % 7, "height": size})
        for n in range(8):
            number = (k * 8 + n) * 7919 % len(names)
            number = number * ((k + n) % 5) // 4
            x, y, w, h = (k * 13 + n * 7) % 40, (k * 5 + n * 11) % 40, 4 + (k + n) % 19, 3 + (k * n) % 17
            ring = [x, y, x + w, y, x + w, y + h, x, y + h]
            box = {"bbox": [x, y, w, h], "area": w * h, "iscrowd": 0}
            about = {"id": len(annotations) + 1, "image_id": k, "category_id": number + 1}
            annotations.append({**about, **box, "segmentation": [ring]})
    categories = [{"id": k + 1, "name": name} for k, name in enumerate(names)]
    document = {"images": rows, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(document))
    return path


class Seen(HTMLParser):
    """The elements of a page with their attributes, its text, and its tables as rows of cells."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text, self._table, self._cell = "", "", False
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        about = {name: value or "" for name, value in attrs}
        self.elements.append((tag, about))
        if tag == "table":
            self._table = about.get("id", f"table {len(self.tables)}")
            self.tables[self._table] = []
        elif tag == "tr":
            self.tables[self._table].append([])
        elif tag in ("td", "th"):
            self.tables[self._table][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._cell:
            self.tables[self._table][-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of all elements of a kind."""
        return [about for name, about in self.elements if name == tag]
