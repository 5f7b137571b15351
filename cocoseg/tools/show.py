"""Pictures of annotations to look at: the function behind ``cocoseg show``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from cocoseg.drawing.files import Drawn, Format, Pictures, file_name
from cocoseg.drawing.picture import Look, check_alpha
from cocoseg.drawing.text import readable
from cocoseg.errors import UsageError, suggestion
from cocoseg.errors import show as quoted
from cocoseg.evaluation.pairs import paired
from cocoseg.evaluation.pairs import with_photos as pairs_with_photos
from cocoseg.files import places
from cocoseg.files.names import base_name, stem
from cocoseg.files.places import StrPath
from cocoseg.labels import LabelScheme
from cocoseg.model import Dataset
from cocoseg.model.photos import with_photos
from cocoseg.options import Evaluating, Reading, Showing, part, takes
from cocoseg.runs.journal import Row
from cocoseg.runs.report import Head
from cocoseg.runs.run import Work, run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.against import Differences
from cocoseg.tools.evaluate import notes_of, open_sides
from cocoseg.tools.running import running
from cocoseg.tools.scheme import Painting
from cocoseg.tools.sources import Source

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "show"

_COLORS = "grey is right, red missed, blue extra, purple one class for another"
_DRAWN = msgspec.json.Decoder(Drawn)


@dataclass
class PictureSummary(Tally):
    """The result of ``show``: pictures ``without_photo``, and photos ``turned`` by EXIF though they fit both ways."""

    makes: ClassVar[str] = "Pictures"
    result: ClassVar[Any] = Drawn

    format: Format = field(default="png", kw_only=True)
    photos: str = field(default="", kw_only=True)
    without_photo: int = 0
    turned: int = 0

    def count(self, row: Row) -> None:
        """Count the pictures without a photo, and photos that were turned by a guess."""
        drawn = _DRAWN.decode(row.result)
        self.without_photo += not drawn.photo
        self.turned += drawn.guessed

    def names(self, key: str) -> list[str]:
        """The picture of an image."""
        return [file_name(key, self.format)]

    def results(self) -> dict[str, Any]:
        """The pictures without a photo."""
        return {"without_photo": self.without_photo, "turned": self.turned}

    def remarks(self) -> list[str]:
        """The pictures without a photo, and where photos were looked for; photos that may be turned the wrong way."""
        where = f"none in {quoted(self.photos, 300)}" if self.photos else "SRC does not say where they are"
        remarks = []
        if self.without_photo:
            remarks.append(f"{self.without_photo:,} without a photo, on white ({where}; --photos names their folder)")
        if self.turned:
            remarks.append(f"{counted(self.turned, 'photo')} turned as EXIF says, though their size fits both ways")
        return remarks


@takes(Showing)
def show(src: StrPath, out: StrPath, **options: Unpack[Showing]) -> PictureSummary:
    """Draw the labels of each image on its photo, as ``out/<file_name>``, and write a report ``out/cocoseg.json``.

    A segment has the colour of its class, with an outline; things have shades of it, crowds are hatched, and void stays
    without colour. Photos are in the folder that the source names, or in ``photos``; without one, colours are on white.
    ``against`` a prediction, differences are drawn, as ``evaluate`` pairs the images of both.

    Raises DocumentError, LabelError, UsageError before a picture is written, OutputError where none can be written.

    >>> show("fixtures/panoptic.json", "new-pictures", photos="fixtures/photos", dry_run=True).images
    3
    """
    if options["against"] is not None:
        return _show_differences(src, options["against"], out, options)
    painting = Painting.begin(Source(src, part(Reading, options)), options)
    look = _look(options, painting.scheme)._replace(hatch=not painting.dataset.conventions.grouped)
    dataset, left_out = _chosen(painting.dataset, options["select"], options["most"])
    summary = PictureSummary(
        len(dataset),
        problems=[*dataset.problems, *painting.scheme.problems],
        notes=[*painting.notes, *_numbered(painting.scheme, look), *left_out],
        format=options["format"],
        photos=dataset.photos,
    )
    head = painting.head(_given(options), {})
    convert = Pictures(painting.scheme, look, options["format"])
    _check_beside(dataset.photos, out)
    shown = dataset if look.mode == "classes" else with_photos(dataset)
    return run(Work(COMMAND, shown, convert, summary, out, head), running(options))


def _show_differences(src: StrPath, prediction: StrPath, out: StrPath, options: Showing) -> PictureSummary:
    """Draw where a prediction differs from the truth. Raises as ``evaluate`` does."""
    if options["look"] in ("outline", "classes"):
        text = f"look is {options['look']}, which against a prediction can be overlay or side-by-side"
        raise UsageError("usage.as", text)
    given = part(Evaluating, options)
    sides, by_id, problems, decided, _ = open_sides(src, prediction, given)
    pairing = paired(sides.truth.dataset, sides.prediction.dataset, by_id, "error")
    look, photos = _look(options, sides.labels.truth), sides.truth.dataset.photos
    if look.only is not None and len(look.only) > 1:
        text = f"only is {quoted(options['only'])}, which fits {len(look.only)} classes; with against, name one"
        raise UsageError("usage.only", text)
    dataset, left_out = _chosen(pairing.dataset, options["select"], options["most"])
    summary = PictureSummary(
        len(dataset),
        problems=[*problems, *pairing.problems],
        notes=[*notes_of(sides), *pairing.notes, *left_out, _COLORS],
        format=options["format"],
        photos=photos,
    )
    source = Source(src, part(Reading, options))
    head = Head([*source.files(sides.truth.dataset), places.place(prediction)], _given(options))
    convert = Differences(sides.labels, look, options["format"], options["size"] == "nearest", decided)
    _check_beside(photos, out)
    return run(Work(COMMAND, pairs_with_photos(dataset, photos), convert, summary, out, head), running(options))


def _numbered(scheme: LabelScheme, look: Look) -> list[str]:
    """A note where names are written as the numbers of their classes, because the font lacks their letters."""
    if not look.names and not look.legend:
        return []
    odd = [row for row in scheme.table if readable(row.name, row.index) == str(row.index) != row.name]
    if not odd:
        return []
    some = ", ".join(f"{row.index} for {quoted(row.name)}" for row in odd[:3]) + (", ..." if len(odd) > 3 else "")
    return [f"{counted(len(odd), 'class name')} written as numbers, as the font has ASCII letters alone: {some}"]


def _check_beside(photos: str, out: StrPath) -> None:
    """Raises UsageError ``out.is_input`` where pictures could get the names of the photos."""
    if photos and places.lies_in(photos, places.place(out)):
        text = f"OUT {quoted(os.fspath(out), 300)} holds the photos, which could be overwritten; choose another OUT"
        raise UsageError("out.is_input", text)


_OWN = ("look", "alpha", "only", "select", "most", "legend", "names", "scale", "format")


def _given(options: Showing) -> dict[str, Any]:
    return {name: options[name] for name in _OWN}  # type: ignore[literal-required]


def _look(options: Showing, scheme: LabelScheme) -> Look:
    """How the options ask for samples to be drawn. Raises UsageError ``usage.alpha``, ``usage.only``."""
    only = None if options["only"] is None else _classes(options["only"], scheme)
    alpha = check_alpha(options["alpha"])
    return Look(options["look"], alpha, only, options["names"], options["legend"], options["scale"])


def _classes(wanted: str, scheme: LabelScheme) -> frozenset[int]:
    """The indices of the classes of a name, or of a pattern. Raises UsageError ``usage.only``."""
    names = {row.index: row.name for row in scheme.table}
    found = {index for index, name in names.items() if name == wanted} or {
        index for index, name in names.items() if fnmatchcase(name.lower(), wanted.lower())
    }
    if not found:
        text = f"only is {quoted(wanted)}, which is no class of labels {quoted(scheme.name)}"
        raise UsageError("usage.only", text + suggestion(wanted, names.values()))
    return frozenset(found)


def _chosen(dataset: Dataset, select: str | None, most: int | None) -> tuple[Dataset, list[str]]:
    """The images to draw, and a note where some are left out. Raises UsageError ``usage.select``."""
    if select is None and most is None:
        return dataset, []
    found = range(len(dataset)) if select is None else _selected(dataset, select)
    if most is not None and most < len(found):
        found = [found[k * len(found) // most] for k in range(most)]
    if len(found) == len(dataset):
        return dataset, []
    return dataset.take(found), [f"only {counted(len(found), 'image')} of {len(dataset):,} (--select, --max)"]


def _selected(dataset: Dataset, select: str) -> list[int]:
    """The images that a name or a pattern fits. Raises UsageError ``usage.select`` where it fits none."""
    names = [_names(entry.key, getattr(entry, "file_name", "")) for entry in dataset.entries]
    found = [k for k, own in enumerate(names) if select in own]
    found = found or [k for k, own in enumerate(names) if any(fnmatchcase(name, select) for name in own)]
    if not found:
        near = suggestion(select, (name for own in names for name in own))
        raise UsageError("usage.select", f"select is {quoted(select)}, which is the name of no image{near}")
    return found


def _names(*whole: str) -> set[str]:
    """All that an image may be called: its names, and those without folders and endings."""
    names = {part for name in whole if name for part in (name, base_name(name))}
    return names | set(_stems(names))


def _stems(names: Iterable[str]) -> list[str]:
    return [stem(name) for name in names]
