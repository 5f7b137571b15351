"""The tasks of a Label Studio export, each with the annotation that counts.

    JSON      [{"data": {"image": path}, "annotations": [{"result": [...], "was_cancelled", "ground_truth"}]}]
    JSON-MIN  [{"image": path, "<control>": [region, ...], "annotation_id", "updated_at"}]

Of several annotations, that marked as ground truth counts, or else the newest. Cancelled ones were skipped by their
annotator. A prediction counts only where nobody annotated; a task without either is not labelled, and is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from msgspec import Raw

from cocoseg.errors import Problem, SampleError
from cocoseg.files.documents import parse_part
from cocoseg.files.names import base_name
from cocoseg.formats.shapes.documents import photo_name

_PICTURE = re.compile(r"\.(?:jpe?g|png|bmp|tiff?|webp|gif|jfif|avif|heic)(?:$|[?#&])", re.IGNORECASE)
_OBJECTS = re.compile(rb"\[\s*\{")  # a list of objects, in one line or, as Label Studio writes it, in many
_FULL = ("data", "annotations", "completions", "predictions")


class Annotation(msgspec.Struct):
    """What somebody, or a model, drew on an image."""

    result: list[Raw] | None = None
    was_cancelled: bool | None = False
    ground_truth: bool | None = False
    created_at: Any = None
    updated_at: Any = None

    @property
    def rank(self) -> tuple[bool, str]:
        """The greatest of a task's annotations counts; of equal ones, the last."""
        return bool(self.ground_truth), str(self.updated_at or self.created_at or "")


class _Task(msgspec.Struct):
    data: dict[str, Any] = {}
    annotations: list[Annotation] | None = None
    completions: list[Annotation] | None = None
    predictions: list[Annotation | int] | None = None


class _Flat(msgspec.Struct):
    original_width: Any = None
    original_height: Any = None
    image_rotation: float = 0


class Image(NamedTuple):
    """An image's path as the export has it, and the regions that count; ``position`` is that of its task."""

    position: int
    path: str
    rows: Sequence[Raw]
    predicted: bool = False


class Tasks:
    """The images of an export; ``problems`` are those of tasks that can't be used, by position.

    ``nameless`` are regions of images without a name, whose labels are classes all the same.
    """

    def __init__(self, rows: Sequence[Raw]) -> None:
        self.images: list[Image] = []
        self.problems: dict[int, Problem] = {}
        self.nameless: list[Raw] = []
        self.counted: Counter[str] = Counter()
        fields = msgspec.json.Decoder(dict[str, Raw])
        flat: dict[Any, tuple[int, dict[str, Raw]]] = {}
        for number, raw in enumerate(rows):
            try:
                row = parse_part(raw, fields)
                if any(key in row for key in _FULL):
                    self._add_task(number, parse_part(raw, _TASK))
                else:
                    self._add_flat(number, row, flat)
            except SampleError as error:
                self._refuse(number, error)
        for number, row in flat.values():
            self._add(number, _texts(row), list(_regions(row)))

    def remarks(self) -> list[str]:
        """What was chosen and left out, in words."""
        said = {
            "several": "tasks with several annotations, of which the ground truth counts, or else the newest: {}",
            "cancelled": "cancelled annotations, which were left out: {}",
            "predicted": "tasks with predictions alone, which were taken: {}",
            "unlabelled": "tasks without an annotation, which were left out: {}",
        }
        return [text.format(self.counted[key]) for key, text in said.items() if self.counted[key]]

    def _add_task(self, number: int, task: _Task) -> None:
        whole = task.annotations or task.completions or []
        made = [row for row in whole if not row.was_cancelled]
        guessed = [row for row in task.predictions or () if isinstance(row, Annotation)] if not whole else []
        self.counted["several"] += len(made) > 1
        self.counted["cancelled"] += len(whole) - len(made)
        self.counted["predicted"] += bool(guessed)
        if not made and not guessed:
            self.counted["unlabelled"] += not whole
            return
        chosen = _newest(made or guessed)
        texts = {key: value for key, value in task.data.items() if isinstance(value, str)}
        self._add(number, texts, chosen.result or [], bool(guessed))

    def _add(self, number: int, texts: dict[str, str], rows: Sequence[Raw], predicted: bool = False) -> None:
        try:
            self.images.append(Image(number, _path(texts), rows, predicted))
        except SampleError as error:
            self._refuse(number, error)
            self.nameless += rows

    def _refuse(self, number: int, error: SampleError) -> None:
        self.problems[number] = error.at(f"tasks[{number}]").problem

    def _add_flat(self, number: int, row: dict[str, Raw], flat: dict[Any, tuple[int, dict[str, Raw]]]) -> None:
        """A row of JSON-MIN; it has a row for each annotation of a task."""
        key = bytes(row.get("id", Raw(b""))) or number
        if key in flat:
            self.counted["several"] += 1
            if _updated(row) < _updated(flat[key][1]):
                return
        flat[key] = (number, row)


_TASK = msgspec.json.Decoder(_Task)
_FLAT = msgspec.json.Decoder(_Flat)


def names_of(paths: Iterable[str]) -> list[str]:
    """The names of photos: the last parts of their paths, or the whole paths where last parts are repeated.

    >>> names_of(["/data/upload/1/7f-a.jpg", "/data/local-files/?d=cat/b.jpg"])
    ['7f-a.jpg', 'b.jpg']
    >>> names_of(["s3://bucket/cat/1.jpg", "s3://bucket/dog/1.jpg"])
    ['cat/1.jpg', 'dog/1.jpg']
    """
    whole = [_plain(path) for path in paths]
    short = [base_name(path) for path in whole]
    return short if len(set(short)) == len(short) else [photo_name(path.lstrip("/")) for path in whole]


def _plain(path: str) -> str:
    """The path in a URL, or in the ``d`` of a local file."""
    if "?d=" in path:
        return parse_qs(urlsplit(path).query).get("d", [path])[0]
    return unquote(urlsplit(path).path) if "://" in path else path


def _path(texts: dict[str, str]) -> str:
    """The image among the data of a task. Raises SampleError ``doc.missing_key``."""
    first = next((texts[key] for key in ("image", "img") if key in texts), None)
    found = [first] if first else [text for text in texts.values() if _PICTURE.search(text[:4096])]
    if len(found) != 1:
        text = "no path of an image" if not found else f"{len(found)} paths of images"
        raise SampleError("doc.missing_key", f"{text} among its data; expected one, as 'image'")
    if found[0].startswith("data:"):
        raise SampleError("doc.type", "the image is in the JSON itself, so it has no name; give its path as 'image'")
    return found[0]


def _newest(rows: Sequence[Annotation]) -> Annotation:
    return max(enumerate(rows), key=lambda row: (row[1].rank, row[0]))[1]


def _updated(row: dict[str, Raw]) -> bytes:
    return bytes(row.get("updated_at") or row.get("created_at") or b"")


def _texts(row: dict[str, Raw]) -> dict[str, str]:
    return {key: msgspec.json.decode(raw) for key, raw in row.items() if bytes(raw).startswith(b'"')}


def _regions(row: dict[str, Raw]) -> Iterable[Raw]:
    """The regions of a row of JSON-MIN, as rows of a ``result``."""
    lists = (msgspec.json.decode(raw, type=list[Raw]) for raw in row.values() if _OBJECTS.match(bytes(raw)))
    for raw in (raw for rows in lists for raw in rows):
        size = msgspec.json.decode(raw, type=_Flat)
        whole = {"value": raw, **msgspec.to_builtins(size)}
        yield Raw(msgspec.json.encode(whole))
