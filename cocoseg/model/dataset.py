"""A data set: images as undecoded entries, each decoded on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from typing import Literal, cast, overload

from msgspec.structs import replace as with_fields

from cocoseg.errors import Problem, SampleError, UsageError, show
from cocoseg.model.loading import Chain, Change, Loads, Pair
from cocoseg.model.parts import check_shares, fraction, groups, part_at
from cocoseg.model.records import Categories, Category, Conventions, Entry, ImageId, Refused, Sample

AnyEntry = Entry | Refused
_DEFAULT = Conventions()


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Sequence[Sample]):
    """Images as a sequence of undecoded entries, and the loader that decodes one.

    ``dataset[i]`` decodes and returns a Sample, or raises the SampleError of an entry that can't be used.
    ``dataset[a:b]`` and ``dataset[[0, 4, 2]]`` are smaller data sets that contain only these entries.

    * ``categories``: as the source lists them; ``conventions``: what holds for all images.
    * ``problems``: harmless problems of the document. ``missing``: descriptions of what the source does not hold.
    * ``about``: the metadata ``info`` and ``licenses`` of the file, as JSON text.
    * ``read_as``: what the source was taken for, in words, if it does not say so itself.
    * ``photos``: the folder of the photos, in which samples' ``file_name`` are, if the source says where it is, or "".
      It need not be there.
    """

    categories: tuple[Category, ...]
    entries: Sequence[AnyEntry]
    load: Loads
    _: KW_ONLY
    conventions: Conventions = _DEFAULT
    problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()
    about: Mapping[str, bytes] = field(default_factory=dict)
    read_as: str = ""
    photos: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "categories", Categories(self.categories, self.conventions))

    def __repr__(self) -> str:
        return f"Dataset({self.source!r}, {len(self):,} images, {len(self.categories):,} categories)"

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def source(self) -> str:
        """The annotation file or folder that the data set was read from."""
        return self.load.source

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the pictures; empty if all annotations are in one file."""
        return self.load.folders

    @overload
    def __getitem__(self, which: int) -> Sample: ...
    @overload
    def __getitem__(self, which: slice | Sequence[int]) -> Dataset: ...
    def __getitem__(self, which: int | slice | Sequence[int]) -> Sample | Dataset:
        if isinstance(which, slice):
            return self._of(self.entries[which])
        is_number = not isinstance(which, Iterable) or getattr(which, "ndim", 1) == 0  # as torch's and numpy's
        return self.load(self.entries[cast("int", which)]) if is_number else self.take(cast("Sequence[int]", which))

    def __iter__(self) -> Iterator[Sample]:
        return (self.load(entry) for entry in self.entries)

    def __add__(self, other: Dataset) -> Dataset:
        """The images of both, one data set after the other.

        Raises UsageError ``usage.join`` if categories or conventions differ, or two images have the same key.

        >>> import cocoseg
        >>> dataset = cocoseg.read("fixtures/panoptic.json")
        >>> [sample.key for sample in dataset[2:] + dataset[:1]] == [dataset[2].key, dataset[0].key]
        True
        """
        if not isinstance(other, Dataset):
            return NotImplemented
        _check_joinable(self, other)
        categories = _common_categories(self, other)
        photos = self.photos if self.photos == other.photos else ""
        if self.load == other.load:
            entries = [*self.entries, *other.entries]
            return replace(self, categories=categories, entries=entries, problems=_both(self, other), photos=photos)
        loaders = (*_loaders(self), *_loaders(other))
        entries = [*_of_parts(self, 0), *_of_parts(other, len(_loaders(self)))]
        return replace(
            self,
            categories=categories,
            entries=entries,
            load=Chain(loaders),
            conventions=self.conventions._replace(
                ids=_common_ids(self, other), scored=self.conventions.scored and other.conventions.scored
            ),
            problems=_both(self, other),
            about={**other.about, **self.about},
            photos=photos,
        )

    def by_image_id(self, image_id: ImageId) -> Sample:
        """The sample of an image. Raises KeyError if no image has this id, SampleError as indexing does.

        Raises UsageError ``usage.image_id`` if data sets were joined of which several have an image with this id.

        >>> import cocoseg
        >>> cocoseg.read("fixtures/instances.json").by_image_id(2).key
        'empty.png'
        """
        return self[self.position_of(image_id)]

    def position_of(self, image_id: ImageId) -> int:
        """The position of an image. Raises as ``by_image_id`` does."""
        position = self._positions[image_id]
        if image_id in self._ambiguous:
            raise _ambiguous(self, image_id)
        return position

    @cached_property
    def _positions(self) -> dict[ImageId | None, int]:
        return {entry.image_id: position for position, entry in enumerate(self.entries)}

    @cached_property
    def _ambiguous(self) -> set[ImageId]:
        """The ids of several images, if there are any."""
        if len(self._positions) == len(self.entries):
            return set()
        keys: dict[ImageId, str] = {}
        usable = (entry for entry in self.entries if isinstance(entry, Entry))
        return {entry.image_id for entry in usable if keys.setdefault(entry.image_id, entry.key) != entry.key}

    def take(self, positions: Iterable[int]) -> Dataset:
        """The images at these positions, in this order. Raises UsageError ``usage.place`` for True and False."""
        return self._of([self.entries[_position(number)] for number in positions])

    def filter(self, keep: Callable[[Entry], bool]) -> Dataset:
        """The images for which ``keep(entry)`` is true, without decoding. Images that can't be used stay.

        >>> import cocoseg
        >>> dataset = cocoseg.read("fixtures/panoptic.json")
        >>> len(dataset.filter(lambda entry: entry.size == (6, 8)))
        1
        """
        return self._of([entry for entry in self.entries if isinstance(entry, Refused) or keep(entry)])

    def split(self, shares: Mapping[str, float], by: str | None = None) -> dict[str, Dataset]:
        """The images in parts of about these shares. Names alone decide, so that added images move no other.

        Images with the same match of ``by``, a regular expression for names, stay together. Raises UsageError:
        ``usage.parts`` for shares that do not add up to 1, ``usage.by``.

        >>> import cocoseg
        >>> dataset = cocoseg.read("fixtures/panoptic.json")
        >>> {name: len(part) for name, part in dataset.split({"train": 0.5, "val": 0.5}).items()}
        {'train': 1, 'val': 2}
        """
        check_shares(shares)
        parts = [part_at(shares, fraction(group)) for group in groups(self.entries, by)]
        return {name: self.take(k for k, part in enumerate(parts) if part == name) for name in shares}

    def map(self, change: Change) -> Dataset:
        """The same data set, with ``change`` applied to every sample after decoding."""
        return replace(self, load=self.load.changed(change))

    def paired(self, other: Dataset, joins: Callable[[Sample | None, Sample | None], Sample]) -> Dataset:
        """Both data sets as one; ``joins`` makes one sample from the two with the same image id.

        Images keep the order of this data set; images that only ``other`` has come last. ``joins`` gets None for a
        missing sample. If an image is refused in either data set, it is refused. The categories are those of this one.

        Raises UsageError ``usage.image_id`` if several images of a data set have one id.
        """
        for dataset in (self, other):
            if dataset._ambiguous:
                raise _ambiguous(dataset, min(dataset._ambiguous, key=str))
        load = Pair(self.load, other.load, joins)
        about = {**other.about, **self.about}
        return replace(self, entries=_pairs(self, other), load=load, problems=_both(self, other), about=about)

    def _of(self, entries: Sequence[AnyEntry]) -> Dataset:
        return replace(self, entries=entries, problems=())


def _position(number: int) -> int:
    if type(number).__name__ in ("bool", "bool_"):  # numpy's too, without numpy
        text = f"positions are {show(bool(number))} and the like, expected whole numbers"
        raise UsageError("usage.place", f"{text}; of a mask, numpy.flatnonzero gives them")
    return number


def _ambiguous(dataset: Dataset, image_id: ImageId) -> UsageError:
    names = [show(entry.key) for entry in dataset.entries if entry.image_id == image_id]
    text = f"{dataset.source}: image id {show(image_id)} is that of {' and '.join(names[:2])}"
    return UsageError("usage.image_id", f"{text}; take one of them by its position")


def _both(one: Dataset, other: Dataset) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys((*one.problems, *other.problems)))


def _check_joinable(one: Dataset, other: Dataset) -> None:
    if _plain(one) != _plain(other):
        text = f"{one.source} and {other.source} have different categories; join data sets that list the same ones"
        raise UsageError("usage.join", text)
    if any(getattr(one.conventions, field) != getattr(other.conventions, field) for field in ("unlabelled", "grouped")):
        text = f"{one.source} and {other.source} treat unlabelled pixels or things differently; convert one of them"
        raise UsageError("usage.join", text)
    keys = {entry.key for entry in one.entries if entry.key}
    if twice := next((entry.key for entry in other.entries if entry.key in keys), None):
        raise UsageError(
            "usage.join", f"{one.source} and {other.source} both have {show(twice)}; leave one of them out"
        )


def _plain(dataset: Dataset) -> list[Category]:
    """The categories, whether or not annotations have them."""
    return [replace(category, unused_root=False) for category in dataset.categories]


def _common_categories(one: Dataset, other: Dataset) -> tuple[Category, ...]:
    """The categories of both. A root that either one uses is used."""
    pairs = zip(one.categories, other.categories, strict=True)
    return tuple(first if second.unused_root else second for first, second in pairs)


def _common_ids(one: Dataset, other: Dataset) -> Literal["none", "picture"]:
    """What holds for the ids of both. Ids that are unique in each file may repeat across files."""
    both = {one.conventions.ids, other.conventions.ids}
    return "picture" if both == {"picture"} else "none"


def _loaders(dataset: Dataset) -> tuple[Loads, ...]:
    return dataset.load.loaders if isinstance(dataset.load, Chain) else (dataset.load,)


def _of_parts(dataset: Dataset, first: int) -> Iterator[AnyEntry]:
    """The entries, with ``part`` counted from ``first``."""
    inner = isinstance(dataset.load, Chain)
    return (with_fields(entry, part=first + (entry.part if inner else 0)) for entry in dataset.entries)


def _pairs(one: Dataset, other: Dataset) -> list[AnyEntry]:
    below = {entry.image_id: entry for entry in other.entries if entry.image_id is not None}
    above = {entry.image_id for entry in one.entries} - {None}
    pairs = [_pair(entry, None if entry.image_id is None else below.get(entry.image_id)) for entry in one.entries]
    keys = {entry.key for entry in pairs}
    return [*pairs, *(_alone(entry, other, keys) for entry in other.entries if entry.image_id not in above)]


def _pair(first: AnyEntry, second: AnyEntry | None) -> AnyEntry:
    """The entry of an image in both; it is refused if either one is."""
    if isinstance(first, Refused):
        return first
    return second if isinstance(second, Refused) else _of_both(first, first.place, (first, second))


def _alone(entry: AnyEntry, other: Dataset, keys: set[str]) -> AnyEntry:
    if isinstance(entry, Refused):
        return entry
    where = f"not listed, but in {other.source}: {entry.place}"
    if entry.key in keys:
        text = f"{show(entry.key)} is made from an image with another id in the instances; is image_id right?"
        error = SampleError("path.collision", f"{other.load.place(entry)}: {text}")
        return Refused(where, error.problem)
    return _of_both(entry, where, (None, entry))


def _of_both(entry: Entry, where: str, body: tuple[Entry | None, Entry | None]) -> Entry:
    return Entry(entry.key, entry.image_id, where, (), entry.size, entry.file_name, entry.row, body)
