"""Annotations to a YOLO data set: the function behind ``cocoseg to-yolo``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from cocoseg.errors import UsageError
from cocoseg.files.places import StrPath
from cocoseg.formats.yolo.writer import CONFIG, ClassMaps, Counts, Outlines, check_contiguous, classes_of, config
from cocoseg.labels import LabelScheme
from cocoseg.labels.distinct import numbered_names
from cocoseg.options import ToYolo, takes
from cocoseg.runs.journal import Row
from cocoseg.runs.run import Work, run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.handing_over import begin, shown, with_photos
from cocoseg.tools.parts import PARTS, parts_of
from cocoseg.tools.running import running
from cocoseg.tools.things import left_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-yolo"

_COUNTS = msgspec.json.Decoder(Counts)
_LOST = {  # what is counted, and what became of it
    "crowds": ("crowd", "left out"),
    "empty": ("empty mask", "left out"),
    "void": ("void segment", "left out"),
    "twins": ("object", "left out, as another equals it"),
    "holes": ("hole", "on bridges"),
    "parts": ("further part", "on bridges"),
    "small": ("image", "below 10 pixels, which ultralytics refuses"),
}


@dataclass
class YoloSummary(Tally):
    """The result of a conversion to YOLO.

    ``objects`` are lines by class, or the pixels of class maps. ``lost`` counts what YOLO cannot say: ``crowds``,
    ``empty``, ``void`` and ``twins`` (lines that would be equal) are left out; ``holes`` and ``parts`` hang on their
    outline by a bridge of no width; ``small`` images are below ultralytics' ten pixels.
    """

    makes: ClassVar[str] = "data.yaml, images, labels"
    result: ClassVar[Any] = Counts

    names_of: tuple[str, ...] = ()
    objects: dict[int, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    unit: str = "objects"

    def count(self, row: Row) -> None:
        """Add an image's objects."""
        found = _COUNTS.decode(row.result)
        for number, count in found.objects.items():
            self.objects[number] = self.objects.get(number, 0) + count
        for name in _LOST:
            self.lost[name] = self.lost.get(name, 0) + getattr(found, name)

    def close(self, seconds: float) -> None:
        """Sort the counts, since parts finish in any order."""
        super().close(seconds)
        self.objects = dict(sorted(self.objects.items()))

    def results(self) -> dict[str, Any]:
        """The objects or pixels of each class, and what was lost."""
        names = {str(number): self._name(number) for number in self.objects}
        return {self.unit: {str(k): n for k, n in self.objects.items()}, "class_names": names, "lost": self.lost}

    def remarks(self) -> list[str]:
        """The number of objects, and what was lost."""
        lost = [f"{counted(n, _LOST[name][0])} {_LOST[name][1]}" for name, n in self.lost.items() if n]
        count = sum(self.objects.values())
        if self.lost.get("crowds", 0) > count:
            lost[0] += " (--crowd-as-things makes them objects)"
        return [*([counted(count, "object")] if self.unit == "objects" else []), *lost]

    def table(self) -> list[tuple[str, ...]]:
        """The classes, those with the most objects or pixels first."""
        ranked = sorted(self.objects.items(), key=lambda item: -item[1])
        return [("class", "name", self.unit), *((str(k), self._name(k), f"{n:,}") for k, n in ranked)]

    def _name(self, number: int) -> str:
        return self.names_of[number] if number < len(self.names_of) else "void"


@takes(ToYolo)
def to_yolo(src: StrPath, out: StrPath, **options: Unpack[ToYolo]) -> YoloSummary:
    """Convert annotations and photos to a YOLO data set: ``out/data.yaml``, ``images``, and ``labels`` or ``masks``.

    With ``task="segment"`` each object is a line ``class x1 y1 ...``, an outline along the edges of its pixels; holes
    and parts hang on it by bridges of no width. Crowds are left out and counted. With ``task="semantic"`` each image
    has a class map. Photos are symbolic links, or copies with ``copy=True``. An image whose photo has another size than
    the annotation is refused.

    Raises DocumentError, LabelError, UsageError before a file is written, OutputError where none can be written.

    >>> summary = to_yolo("fixtures/panoptic.json", "new-yolo", photos="fixtures/photos", dry_run=True)
    >>> summary.objects, summary.lost["crowds"]
    ({0: 3, 1: 2, 2: 1, 3: 2, 4: 2}, 1)
    """
    how = running(options)
    semantic = options["task"] == "semantic"
    if semantic and options["things_only"]:
        raise UsageError("usage.things_only", "things_only is for task segment; with semantic use things='drop'")
    painting = with_photos(begin(src, options), out, options)
    dataset = painting.dataset
    if semantic:
        check_contiguous(painting.scheme)
    without = left_out(dataset, options["things_only"])
    convert = ClassMaps(painting.scheme) if semantic else Outlines(painting.scheme, without)
    names = _names(painting.scheme, semantic)
    summary = YoloSummary(
        len(dataset),
        problems=[*dataset.problems, *painting.scheme.problems],
        names_of=names,
        unit="pixels" if semantic else "objects",
        notes=[*painting.said, *_stands_in(parts_of(dataset))],
        own={f"{folder}/{part}.cache" for folder in ("labels", "masks") for part in PARTS},  # ultralytics writes these
    )
    head = painting.head(shown(options, "task", "things_only"), {})
    files = {CONFIG: config(names, parts_of(dataset) or ["train"], semantic)}
    return run(Work(COMMAND, dataset, convert, summary, out, head, files=files), how)


def _names(scheme: LabelScheme, semantic: bool) -> tuple[str, ...]:
    if semantic:
        return tuple(numbered_names(scheme))
    return tuple(name for _, name in classes_of(scheme))


def _stands_in(parts: list[str]) -> list[str]:
    """A note where train has to stand in for val, or the other way round."""
    missing = [name for name in ("train", "val") if name not in parts]
    if not missing or not parts:
        return []
    return [f"no images for {missing[0]}, so that data.yaml names {parts[0]} for it too"]
