"""What is odd about a data set: the function behind ``cocoseg check``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cocoseg.errors import show
from cocoseg.files.places import StrPath
from cocoseg.formats.reading import evaluated, opened
from cocoseg.model import Dataset
from cocoseg.options import Checking, Reading, part, takes
from cocoseg.runs.run import How, Work, run
from cocoseg.stats.find import find
from cocoseg.stats.findings import Finding, Side
from cocoseg.stats.measure import Measure
from cocoseg.stats.photos import photo_folder, unlabelled
from cocoseg.stats.statistics import Statistics

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "check"


@dataclass(frozen=True)
class Check:
    """What was found in one source, or in two: ``findings``, errors first, and the ``sides`` that they are about.

    ``notes`` say what was not looked at, and why.
    """

    sides: tuple[Side, ...] = field(repr=False)
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> list[Finding]:
        """The findings that must be mended before training."""
        return [row for row in self.findings if row.is_error]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that are worth a look."""
        return [row for row in self.findings if not row.is_error]

    @property
    def seconds(self) -> float:
        """How long it took to look at all images."""
        return sum(side.statistics.seconds for side in self.sides)

    def as_dict(self) -> dict[str, Any]:
        """The result for strict JSON, without values that differ between runs."""
        return {
            "sources": [_numbers(side) for side in self.sides],
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "findings": [row.as_dict() for row in self.findings],
            "notes": list(self.notes),
        }


def _numbers(side: Side) -> dict[str, Any]:
    stats = side.statistics
    counts = {"listed": stats.listed, "images": stats.images, "failed": stats.failed}
    about = {"source": side.dataset.source, "format": side.format, "photos": side.photos}
    used = sum(bool(row.images) for row in stats.classes.values())
    return about | counts | {"segments": stats.segments, "categories": len(stats.categories), "used": used}


@takes(Checking)
def check(src: StrPath, val: StrPath | None = None, **options: Unpack[Checking]) -> Check:
    """Look at every image of a data set, and say what is odd about it before it is trained on.

    ``val`` is a second source, such as that of validation: then images and classes that only one of them should have,
    or both, are findings too. Nothing is written. Photos are looked at where the source says where they are, or
    ``photos`` does. An error is what must be mended before training, a warning is worth a look.

    Call with more than one worker under ``if __name__ == "__main__":`` on platforms that spawn processes.

    Raises DocumentError, LabelError, UsageError if a source can't be read at all.

    >>> [str(finding) for finding in check("fixtures/panoptic.json").findings]
    []
    """
    how = How(options["workers"], options["executor"], time_limit=options["time_limit"], on_done=options["on_done"])
    sides = [look(source, reading, how, name) for source, reading, name in named(src, val, options)]
    return judge(sides, whole=not options["split"])


def named(src: StrPath, val: StrPath | None, options: Checking) -> list[tuple[StrPath, Reading, str]]:
    """One source or two, how each is read, and what findings call it."""
    sources = [(src, part(Reading, options)), *([] if val is None else [(val, _of_val(options))])]
    names = _names([os.fspath(source) for source, _ in sources])
    return [(source, reading, name) for (source, reading), name in zip(sources, names, strict=True)]


def look(source: StrPath, reading: Reading, how: How, name: str = "") -> Side:
    """Measure every image of a source, which findings call ``name``. Raises as ``check`` does."""
    format, dataset, measure, tally = prepared(source, reading)
    return Side(dataset, run(Work(COMMAND, dataset, measure, tally), how), name, format, measure.photos)


def prepared(source: StrPath, reading: Reading, *, shapes: bool = False) -> tuple[str, Dataset, Measure, Statistics]:
    """The format of a source, its data set, what measures an image of it, and what counts them. Raises as ``check``.

    With ``shapes``, parts, holes and heat maps are counted too.
    """
    format, dataset = opened(source, reading)
    dataset, notes = evaluated(dataset)
    measure = Measure(photo_folder(dataset), dataset.conventions.unlabelled == "background", shapes)
    tally = Statistics(len(dataset), problems=[*dataset.problems], notes=notes, categories=dataset.categories)
    return format, dataset, measure, tally


def judge(sides: Sequence[Side], *, whole: bool = True) -> Check:
    """The findings about one or two sources. If they are the ``whole`` of their folders, photos without a label too."""
    sides = tuple(_with_strays(sides)) if whole else tuple(sides)
    return Check(sides, tuple(find(sides)), tuple(note for side in sides for note in _notes(side)))


def _of_val(options: Checking) -> Reading:
    """The options for reading the second source."""
    reading = part(Reading, options)
    reading["photos"] = options["val_photos"] or reading["photos"]
    reading["split"] = options["val_split"] or reading["split"]
    return reading


def _names(sources: list[str]) -> list[str]:
    """What sources are called in findings: nothing where there is one, and else what differs between them."""
    if len(sources) == 1:
        return [""]
    short = [show(os.path.basename(source.rstrip("/")) or source)[1:-1] for source in sources]
    return short if len(set(short)) == 2 else ["SRC", "VAL"]


def _with_strays(sides: Sequence[Side]) -> Iterator[Side]:
    """The sides with the photos that belong to none of them; those of a folder that both have are said once."""
    for side in sides:
        sharing = [other for other in sides if other.photos == side.photos]
        first = side.photos and side is sharing[0]
        yield replace(side, unlabelled=unlabelled([row.dataset for row in sharing], side.photos)) if first else side


def _notes(side: Side) -> list[str]:
    """What was not looked at."""
    prefix = f"{side.name}: " if side.name else ""
    notes = [*side.statistics.notes, *(f"the source lacks: {what}" for what in side.dataset.missing)]
    if not side.photos:
        looked = f": {show(side.dataset.photos, 300)} is not there" if side.dataset.photos else ""
        notes.append(f"photos were not looked at{looked}; --photos names their folder")
    return [prefix + note for note in notes]
