"""The images of several data sets as one list: photos that are in two of them, names that collide, and ids."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, cast

from msgspec.structs import replace as with_fields

from cocoseg.errors import SampleError, UsageError, show
from cocoseg.files import places
from cocoseg.files.names import fold, stem
from cocoseg.formats.coco.passing import rows_of
from cocoseg.model import Dataset, Entry, ImageId, Pair, Refused
from cocoseg.model.loading import Chain, Loads
from cocoseg.reshaping.joining import Join
from cocoseg.reshaping.renamed import is_tile, renamed
from cocoseg.runs.tally import counted

AnyEntry = Entry | Refused
Same = Literal["error", "join", "both"]


class Moved(NamedTuple):
    """An image whose id or name is another one now."""

    source: int
    id: ImageId | None
    name: str
    new_id: ImageId | None
    new_name: str


@dataclass
class Photos:
    """All images. ``joined`` counts those made of several, ``twice`` those that are in two sources and stay two.

    ``endings`` are the names of those joined photos that end differently, as pictures of two formats do.
    """

    entries: list[AnyEntry]
    load: Loads
    moved: list[Moved] = field(default_factory=list)
    joined: int = 0
    twice: int = 0
    endings: Sequence[tuple[str, str]] = ()


class _Image(NamedTuple):
    """An image, and its data set."""

    source: int
    entry: Entry


def prefixed(datasets: Sequence[Dataset], prefix: bool) -> list[Dataset]:
    """The data sets, ready for other names and ids; with ``prefix``, each one's images in a folder of its own."""
    names = _own_names(datasets) if prefix else [""] * len(datasets)
    return [renamed(dataset, name) for dataset, name in zip(datasets, names, strict=True)]


def _own_names(datasets: Sequence[Dataset]) -> list[str]:
    """What tells the sources from each other: their names, those of the folders above them, or numbers."""
    paths = own = [dataset.source.rstrip("/") for dataset in datasets]
    while all(map(places.base_name, paths)):
        names = [places.without_suffix(places.base_name(path)) for path in paths]
        if len(set(names)) == len(names):
            return names
        paths = [places.parent(path) for path in paths]
    return [f"{places.without_suffix(places.base_name(path))}_{number}" for number, path in enumerate(own, 1)]


def together(datasets: Sequence[Dataset], same: Same) -> Photos:
    """The images of all data sets in their order, under ids that stay where they are free.

    Raises UsageError: ``merge.same`` for a photo in two sources, ``merge.names`` for two images of one name,
    ``merge.tiles`` for tiles that would be joined.
    """
    groups = _groups(datasets)
    several = [group for group in groups if len(group) > 1]
    if several and same == "error":
        raise _asked(datasets, several)
    if same == "join":
        _check_whole(datasets, several)
    if same == "both":
        groups = [[image] for group in groups for image in group]
    _check_names(datasets, groups, bool(several))
    found = Photos([], Chain(()), joined=0 if same == "both" else len(several), twice=len(several))
    found.endings = [names for group in several for names in _endings(group)] if found.joined else ()
    loaders: dict[tuple[int, ...], Loads] = {(k,): dataset.load for k, dataset in enumerate(datasets)}
    parts: dict[tuple[int, ...], int] = {(k,): k for k in range(len(datasets))}
    ids = _Ids(datasets)
    for group in groups:
        sources = tuple(image.source for image in group)
        if sources not in parts:
            parts[sources] = len(parts)
            loaders[sources] = _paired([datasets[k].load for k in sources])
        entry = _as_one([image.entry for image in group])
        new = ids.take(entry.image_id)
        if new != entry.image_id or len(group) > 1:
            found.moved += _moved(group, new, _name(entry))
        found.entries.append(_with_id(entry, new, parts[sources]))
    found.entries += _refused(datasets, {entry.key for entry in found.entries})
    found.load = Chain(tuple(loaders.values()))
    return found


def left_out(found: Photos) -> set[int]:
    """The annotations of joined photos that are there twice and are written once, by Python's ``id``.

    Images that can't be joined have none; the run says why.
    """
    twice: set[int] = set()
    for entry in found.entries:
        if isinstance(entry, Entry) and _is_pair(entry.body):
            with suppress(SampleError, RecursionError):
                joined: Any = found.load(entry)
                twice |= {id(row) for row in rows_of(entry)} - {id(row) for row in joined.rows}
    return twice


def _moved(group: Sequence[_Image], new_id: ImageId, new_name: str) -> list[Moved]:
    """The images of a photo whose id or name changes."""
    rows = [Moved(image.source, image.entry.image_id, _name(image.entry), new_id, new_name) for image in group]
    return [row for row in rows if (row.id, row.name) != (new_id, new_name)]


def _with_id(entry: Entry, new: ImageId, part: int) -> Entry:
    """An entry under another id; those that it is made of have it too, as they are decoded alone."""
    body = entry.body
    if _is_pair(body):
        body = tuple(_with_id(half, new, 0) for half in body)
    return with_fields(entry, image_id=new, part=part, body=body)


def _is_pair(body: Any) -> bool:
    return isinstance(body, tuple) and len(body) == 2 and isinstance(body[0], Entry)


def _groups(datasets: Sequence[Dataset]) -> list[list[_Image]]:
    """The usable images, those of one photo together: of one name, or of one id and one name without folders.

    Sizes that are known have to be equal.
    """
    groups: list[list[_Image]] = []
    known: dict[Any, list[_Image]] = {}
    for number, dataset in enumerate(datasets):
        for entry in (entry for entry in dataset.entries if isinstance(entry, Entry)):
            image = _Image(number, entry)
            group = next((own for look in _looks(entry) if _fits(own := known.get(look, []), image)), None)
            if group is None:
                group = []
                groups.append(group)
            group.append(image)
            for look in _looks(entry):
                known.setdefault(look, group)
    return groups


def _looks(entry: Entry) -> Iterator[Any]:
    name = fold(stem(_name(entry)))
    yield name
    yield entry.image_id, posixpath.basename(name)


def _fits(group: Sequence[_Image], image: _Image) -> bool:
    """Whether an image is the photo of a group, in which its own source has none yet."""
    sizes = {one.entry.size for one in (*group, image)} - {None}
    return bool(group) and len(sizes) <= 1 and all(one.source != image.source for one in group)


def _endings(group: Sequence[_Image]) -> Iterator[tuple[str, str]]:
    """The first two names of a photo that end differently, if there are any; those of labels say nothing of it."""
    known = {ending: _name(image.entry) for image in reversed(group) if (ending := _ending(image.entry))}
    if len(known) > 1:
        first, second = list(known.values())[-2:][::-1]
        yield first, second


def _ending(entry: Entry) -> str:
    """The ending of a photo, "" if the name has none or is that of the label picture."""
    name = _name(entry)
    ending = name[len(stem(name)) :].lower().replace(".jpeg", ".jpg")
    label = next(iter(cast("Entry", entry.body).files), "")
    return "" if label and label.lower().endswith(ending) else ending


def _name(entry: AnyEntry) -> str:
    return getattr(entry, "file_name", "") or entry.key


def _asked(datasets: Sequence[Dataset], several: Sequence[list[_Image]]) -> UsageError:
    first, second = several[0][:2]
    size = "{}×{}, ".format(*first.entry.size) if first.entry.size else ""
    more = f", as are {len(several) - 1:,} more" if len(several) > 1 else ""
    where = f"{datasets[first.source].source} and {datasets[second.source].source}"
    there = next((f", there as {show(names[1])}" for names in _endings((first, second))), "")
    photo = f"the photo {show(_name(first.entry))} ({size}id {show(first.entry.image_id)})"
    text = f"{photo} is in both {where}{there}{more}"
    return UsageError("merge.same", f"{text}; --same join makes one image of both, --same both keeps two")


def _check_whole(datasets: Sequence[Dataset], several: Sequence[list[_Image]]) -> None:
    """Raises UsageError ``merge.tiles`` for tiles: both sources number the objects of a photo, each in its own way."""
    for group in several:
        if all(is_tile(image.entry.row) for image in group):
            where = " and ".join(datasets[image.source].source for image in group[:2])
            text = f"{show(_name(group[0].entry))} is a tile in {where}, whose objects 'stitch' could not tell apart"
            raise UsageError("merge.tiles", f"{text}; merge what was cut into tiles, or stitch both first")


def _check_names(datasets: Sequence[Dataset], groups: Sequence[list[_Image]], several: bool) -> None:
    """Raises UsageError ``merge.names`` if two images have one name."""
    seen: dict[str, _Image] = {}
    names = ((name, group[0]) for group in groups for name in _output_names(group[0].entry))
    pairs = [(seen.setdefault(name, image), image) for name, image in names]
    clashes = [(other, image) for other, image in pairs if other.source != image.source]
    if not clashes:
        return
    one, other = clashes[0]
    sizes = " and ".join("{}×{}".format(*image.entry.size) if image.entry.size else "no size" for image in (one, other))
    count = len({id(pair[1].entry) for pair in clashes})
    more = f", as have {count - 1:,} more" if count > 1 else ""
    what = "is kept twice" if several and one.entry.size == other.entry.size else f"has sizes {sizes}"
    where = f"{datasets[one.source].source} and {datasets[other.source].source}"
    text = f"{show(_name(other.entry))} of {where} {what}{more}, and two images can't have one name"
    raise UsageError("merge.names", f"{text}; --prefix puts the images of each source in a folder of its own")


def _output_names(entry: Entry) -> set[str]:
    return {fold(entry.key), fold(stem(_name(entry)))}


def _paired(loaders: Sequence[Loads]) -> Loads:
    """The loader of an image of several sources."""
    found = loaders[0]
    for other in loaders[1:]:
        found = cast("Loads", Pair(found, other, Join()))
    return found


def _as_one(entries: Sequence[Entry]) -> Entry:
    """The entry of an image of several sources, under the name and the id of the first."""
    found = entries[0]
    for other in entries[1:]:
        found = Entry(
            found.key, found.image_id, found.place, (), found.size, found.file_name, found.row, (found, other)
        )
    return found


def _refused(datasets: Sequence[Dataset], keys: set[str]) -> Iterator[Refused]:
    """The images that are refused, each under its own name if no other image has it."""
    for number, dataset in enumerate(datasets):
        for entry in (entry for entry in dataset.entries if isinstance(entry, Refused)):
            key = "" if entry.key in keys else entry.key
            keys.add(key)
            yield with_fields(entry, key=key, part=number)


class _Ids:
    """Gives out ids: an image's own if it is free, else the next whole number that no image has."""

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        ids = [entry.image_id for dataset in datasets for entry in dataset.entries]
        self._next = max((id for id in ids if isinstance(id, int)), default=0) + 1
        self._taken: set[ImageId] = set()

    def take(self, image_id: ImageId) -> ImageId:
        if image_id in self._taken:
            image_id, self._next = self._next, self._next + 1
        self._taken.add(image_id)
        return image_id


def words(found: Photos, sources: int) -> list[str]:
    """What is to be said of the images."""
    ids = sum(row.id != row.new_id for row in found.moved)
    said = [f"{counted(len(found.entries), 'image')} of {sources} sources"]
    said += [f"{counted(found.joined, 'photo')} in several sources joined"] if found.joined else []
    said += [f"{counted(found.twice, 'photo')} in two sources kept twice"] if found.twice and not found.joined else []
    said += [f"{counted(ids, 'image id')} renumbered"] if ids else []
    return ["; ".join(said), *_ending_words(found.endings)]


def _ending_words(names: Sequence[tuple[str, str]]) -> list[str]:
    if not names:
        return []
    one, other = map(show, names[0])
    many = "1 joined photo ends" if len(names) == 1 else f"{len(names):,} joined photos end"
    return [f"{many} differently, as {one} and {other}; if these are two pictures, rename one"]
