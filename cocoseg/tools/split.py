"""A data set in parts: the function behind ``cocoseg split``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from cocoseg.errors import DocumentError, SampleError, UsageError, show
from cocoseg.files import places
from cocoseg.files.listing import names as names_in
from cocoseg.files.names import JOURNAL, REPORT, is_relative
from cocoseg.files.places import StrPath, place
from cocoseg.files.reading import read_file
from cocoseg.formats.reading import evaluated
from cocoseg.model import Dataset, Entry, Refused
from cocoseg.model.parts import fraction, groups, name_of, part_at, photo_name, read_shares
from cocoseg.options import Reading, Reshaping, Splitting, part, takes
from cocoseg.reshaping.dividing import balanced
from cocoseg.reshaping.held import held
from cocoseg.runs.folders import create_folder, expect_folder
from cocoseg.runs.report import Head, check_places, read_report
from cocoseg.runs.run import How, run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.reshaped import Kind, Out, check_out, kind_of, open_source, passes, work
from cocoseg.tools.running import running
from cocoseg.tools.sources import Source, about
from cocoseg.tools.subset import rows_kept, shown_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass
class SplitSummary(Tally):
    """The result of a split: ``parts`` are the results of the parts, which list their images.

    ``shares`` are those that were asked for. ``classes`` are the images of each class in each part, by its name.
    """

    makes: ClassVar[str] = "The parts"
    reports: ClassVar[bool] = False

    shares: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    parts: dict[str, Tally] = field(default_factory=dict)
    classes: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(self, name: str, found: Tally) -> None:
        """Add the result of a part."""
        self.parts[name] = found
        self.images += found.images
        self.kept += found.kept
        self.seconds += found.seconds
        self._failed += found.failed
        self.failures += found.failures
        self.problems += found.problems
        self.notes += [f"{name}: {note}" for note in found.notes]

    def results(self) -> dict[str, Any]:
        """The size of each part, its share, and how many images of each class it has."""
        return {
            "parts": {
                name: {"listed": size, "share": round(size / (self.listed or 1), 6), "wanted": self.shares[name]}
                | ({"result": self.parts[name].as_dict()} if name in self.parts else {})
                for name, size in self.sizes.items()
            }
        } | ({"classes": self.classes} if self.classes else {})

    def remarks(self) -> list[str]:
        """That no image is in two parts."""
        return ["no image is in two parts"]

    def table(self) -> list[tuple[str, ...]]:
        """The parts, and with ``balance`` the share of each class in each."""
        names = list(self.sizes)
        rows = [
            ("images", f"{self.listed:,}", *(_share(self.sizes[name], self.listed) for name in names)),
            ("wanted", "", *(f"{self.shares[name]:.1%}" for name in names)),
        ]
        for called, counts in self.classes.items():
            total = sum(counts.values())
            rows.append((called, f"{total:,}", *(_share(counts.get(name, 0), total) for name in names)))
        return [("class" if self.classes else "", "images", *names), *rows]


def _share(number: int, total: int) -> str:
    return f"{number:,} ({number / total:.1%})" if total else "0"


@takes(Splitting)
def split(src: StrPath, out: StrPath, **options: Unpack[Splitting]) -> SplitSummary:
    """Divide the images of ``src`` into parts ``out/<name>``: detection JSONs, or folders for what else is written.

    Names alone decide about an image, so a part keeps its images when others are added, unless ``balance`` asks for the
    share of every class too. No image is in two parts. Ids and the rows of a detection JSON stay.

    Raises DocumentError, LabelError, UsageError before anything is written, OutputError where nothing can be written.

    >>> split("fixtures/panoptic.json", "parts", parts="train=.5,val=.5", dry_run=True).sizes
    {'train': 1, 'val': 2}
    """
    how, shares = running(options), _shares(options["parts"])
    begun = _begin(src, out, shares, options)
    summary, parts = _divided(begun, shares, options)
    if options["lists"]:
        return _write_lists(summary, parts, begun.source, out, how)
    written = {name: own for name, own in parts.items() if len(own)}
    rule = {"by": "split"} | {f"split_{name}": options[name] for name in ("parts", "by", "balance") if options[name]}
    _check_earlier(place(out), {_place("", name, begun.kind) for name in written}, rule)
    _check_pictures(place(out), written, begun.kind)
    for name, own in written.items():
        made = work(_target(begun, _place(out, name, begun.kind), own, rule | {"part": name}, options))
        summary.take(name, run(made, replace(how, limit=None)))
        if not summary.parts[name].complete:  # with on_error="stop"
            break
    return summary


class _Begun(NamedTuple):
    """What is divided: the source, its data set as read and as it is written, and how."""

    source: Source
    read: Dataset
    dataset: Dataset
    kind: Kind
    passed: bool
    notes: list[str]


def _begin(src: StrPath, out: StrPath, shares: Mapping[str, float], options: Splitting) -> _Begun:
    """Raises DocumentError, LabelError, UsageError."""
    source, limit = Source(src, part(Reading, options)), running(options).limit
    found = open_source(src, source.options, "coco" if options["lists"] and not options["to"] else options["to"])
    kind = "coco" if options["lists"] else kind_of([found], options["to"])
    for name in shares:
        check_out(kind, _place(out, name, kind), options)
    whole, notes = evaluated(found.dataset) if kind != "semantic" else (found.dataset, [])
    passed = passes(found._replace(dataset=whole), kind, options)
    whole = whole if limit is None else whole[:limit]
    dataset, more = rows_kept(whole) if passed else (whole, [])
    return _Begun(source, whole, dataset, kind, passed, [*notes, *more])


def _divided(begun: _Begun, shares: Mapping[str, float], options: Splitting) -> tuple[SplitSummary, dict[str, Dataset]]:
    """What is to be said of the parts, and the parts, empty ones too. Raises UsageError ``usage.by``."""
    dataset, names = begun.dataset, groups(begun.dataset.entries, options["by"])
    holdings = list(held(dataset)) if options["balance"] else []
    own = (
        balanced(names, holdings, shares) if options["balance"] else [part_at(shares, fraction(name)) for name in names]
    )
    sizes = {name: own.count(name) for name in shares}
    notes = [*begun.notes, *_said(sizes, options), *_tiles(dataset, options["by"])]
    summary = SplitSummary(
        len(dataset), shares=dict(shares), sizes=sizes, notes=notes, problems=list(begun.read.problems)
    )
    summary.classes = _classes(dataset, holdings, own)
    summary.read_as = begun.read.read_as
    return summary, {name: dataset.take(k for k, part in enumerate(own) if part == name) for name in shares}


def _target(begun: _Begun, path: str, own: Dataset, rule: dict[str, Any], options: Splitting) -> Out:
    head = Head(begun.source.files(begun.read), shown_of(begun.kind, options) | begun.source.given, {"reshaped": rule})
    target = Out(own, begun.kind, path, head, part(Reshaping, options))
    return target._replace(about=about(begun.read, begun.source.src), passed=(begun.passed,))


def _check_earlier(out: str, names: set[str], rule: Mapping[str, Any]) -> None:
    """Raises UsageError ``out.parts`` if OUT has a part of an earlier split that may have images of these parts."""
    for name, path in _reports(out):
        found = read_report(path).reshaped
        if not isinstance(found, dict) or found.get("by") != "split":
            continue
        if name not in names or {key: value for key, value in found.items() if key != "part"} != rule:
            text = f"OUT {show(out, 300)} has {show(name)} of an earlier split, in which images of these parts may be"
            raise UsageError("out.parts", f"{text}; delete it, or choose another OUT")


def _check_pictures(out: str, parts: Mapping[str, Dataset], kind: Kind) -> None:
    """Raises UsageError ``out.parts`` if a part in OUT that has no report, as of a split that was stopped, has images
    of another part.
    """
    part_of = {entry.key: name for name, own in parts.items() for entry in own.entries if entry.key}
    files = [path.partition("/") for path in names_in(out)] if kind != "coco" and places.is_folder(out) else []
    made = {first for first, _, rest in files if rest.startswith(f"{JOURNAL}/")}
    for first, key in ((first, rest.removeprefix(f"{kind}/")) for first, _, rest in files if first in made):
        if (now := part_of.get(key, first)) != first:
            text = f"OUT {show(out, 300)} has the image {show(key)} in {show(first)}, which is in {show(now)} now"
            raise UsageError("out.parts", f"{text}; delete it, or choose another OUT")


def _reports(out: str) -> Iterator[tuple[str, str]]:
    """The names in OUT that runs have written, and the folders of their reports."""
    files = names_in(out) if places.is_folder(out) else []
    for folder, _, name in (path.rpartition("/") for path in files):
        if name == REPORT and folder and "/" not in folder:
            yield folder.removesuffix(JOURNAL), places.join(out, folder)


def _shares(text: str) -> dict[str, float]:
    """The shares of parts that are files. Raises UsageError ``usage.parts``."""
    found = read_shares(text)
    wrong = (name for name in found if not name or not is_relative(f"{name}.json") or "/" in name)
    if (name := next(wrong, None)) is not None:
        raise UsageError("usage.parts", f"parts has {show(name)}, expected the name of a file")
    return found


def _place(out: StrPath, name: str, kind: Kind) -> str:
    return places.join(place(out), f"{name}.json" if kind == "coco" else name)


def _said(sizes: Mapping[str, int], options: Splitting) -> list[str]:
    notes = ["balanced over classes: other images may give other parts"] if options["balance"] else []
    empty = [name for name, size in sizes.items() if not size]
    return notes + [f"part {show(name)} has no image and is not written; there are too few" for name in empty]


def _tiles(dataset: Dataset, by: str | None) -> list[str]:
    """A note where tiles of one photo are in one part."""
    names = map(name_of, dataset.entries)
    tiles = sum(photo_name(name) != name for name in names)
    return [f"{counted(tiles, 'tile')} stay with the others of their photos"] if tiles and by is None else []


def _classes(
    dataset: Dataset, holdings: Sequence[frozenset[int] | None], parts: Sequence[str]
) -> dict[str, dict[str, int]]:
    """The images of each class in each part."""
    counts: dict[int, Counter[str]] = {}
    for found, name in zip(holdings, parts, strict=False):
        for label in found or ():
            counts.setdefault(label, Counter())[name] += 1
    called = {row.id: row.name for row in dataset.categories}
    return {called.get(label, str(label)): dict(counts[label]) for label in sorted(counts)}


def _write_lists(
    summary: SplitSummary, parts: Mapping[str, Dataset], source: Source, out: StrPath, how: How
) -> SplitSummary:
    """Write a text file of names for each part, and nothing else. Raises OutputError."""
    whole = next(iter(parts.values()))
    check_places(whole, source.files(whole), place(out))
    summary.images = summary.listed
    names = {name: [_name(entry) for entry in own.entries] for name, own in parts.items()}
    lists = {f"{part}.txt": list(filter(None, lines)) for part, lines in names.items()}
    _check_lists(place(out), lists)
    if left := sum(map(len, names.values())) - sum(map(len, lists.values())):
        summary.notes.append(f"{counted(left, 'image')} in no list: refused, or with a line break in the name")
    if how.dry_run:
        expect_folder(place(out))
        return summary
    folder = create_folder(place(out))
    for name, lines in lists.items():
        try:
            folder.write(name, "".join(f"{line}\n" for line in lines).encode(), overwrite=how.overwrite)
        except SampleError as error:
            raise DocumentError(error.category, error.message) from None
    summary.notes.append(f"{counted(len(parts), 'list')} written, and nothing else")
    return summary


def _name(entry: Entry | Refused) -> str:
    """The name of an image as a line of a list, "" if there is none."""
    name = "" if isinstance(entry, Refused) else entry.file_name or entry.key
    return name if len(name.splitlines()) == 1 else ""


def _check_lists(out: str, lists: Mapping[str, Sequence[str]]) -> None:
    """Raises UsageError ``out.parts`` if another list in OUT has an image of these."""
    listed = set(chain.from_iterable(lists.values()))
    others = names_in(out) if places.is_folder(out) else []
    for name in (name for name in others if name.endswith(".txt") and "/" not in name and name not in lists):
        lines = read_file(places.join(out, name)).decode("utf-8", "replace").splitlines()
        if twice := next((line for line in lines if line in listed), None):
            text = f"OUT {show(out, 300)} has {show(name)}, which lists {show(twice)} too"
            raise UsageError("out.parts", f"{text}; delete it, or choose another OUT")
