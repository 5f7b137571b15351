"""Which pictures of a folder are labels, and which are their photos.

Labels and photos lie in one folder (``a.jpg``, ``a.png``), in two (``images/a.jpg``, ``masks/a.png``), or are told
apart by the end of their names (``a.jpg``, ``a_mask.png``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from cocoseg.errors import Problem, show
from cocoseg.files.listing import is_hidden

ARRAYS = (".npy", ".npz")
ENDINGS = (*ARRAYS, ".png", ".tif", ".tiff", ".bmp")  # of two files with one stem, the first is the label
LOSSY = (".jpg", ".jpeg")
SUFFIXES = (
    *("_mask", "_masks", "_label", "_labels", "_gt", "_GT", "_seg", "_segmentation", "_annotation", "_L"),
    *("-mask", "-label", "-seg", "_Mask", "_Label", "_matte"),
)
PHOTO_FOLDERS = frozenset(
    ("images", "image", "imgs", "img", "photos", "photo", "jpegimages", "rgb", "leftimg8bit", "input", "inputs")
)

_RANK = {ending: rank for rank, ending in enumerate((*ENDINGS, *LOSSY))}
_PHOTOS = (*ENDINGS[len(ARRAYS) :], *LOSSY, ".webp", ".heic")
_PHOTO_SUFFIXES = ("_sat", "_image", "_img", "_photo", "_rgb")
_LABEL_FOLDERS = frozenset(
    ("masks", "mask", "labels", "label", "annotations", "annotation", "gt", "groundtruth", "seg", "segmentation", "ann")
)


class Pairs(NamedTuple):
    """The label pictures among the files of a folder, sorted, and the photos of those that have one beside them.

    ``suffix`` ends the names of all labels, if it is not ""; it is ``found`` if it was not given. ``left`` are photos
    without a label.
    """

    labels: list[str]
    photos: Mapping[str, str] = {}
    suffix: str = ""
    found: bool = False
    left: Sequence[str] = ()

    def stem(self, label: str) -> str:
        """The path of a label picture without suffix and ending, as its photo is called."""
        return path_stem(label).removesuffix(self.suffix)

    def problems(self, folder: str) -> tuple[Problem, ...]:
        """A problem if photos lie beside, but some labels or photos are alone."""
        alone = [label for label in self.labels if label not in self.photos] if self.photos else []
        rows = ((alone, "have no photo beside them"), (self.left, "are photos or other pictures without labels"))
        texts = [f"{len(names)} pictures {what}, the first is {show(names[0])}" for names, what in rows if names]
        return (Problem("maps.photos", f"{folder}: {'; '.join(texts)}"),) if texts else ()


def pair(files: Iterable[str], suffix: str | None = None, lossy: bool = False) -> Pairs:
    """The labels and photos among files. ``suffix`` is that of the labels; with ``lossy`` JPEGs may be labels.

    >>> pair(["a.jpg", "a_mask.png", "b.jpg"])[:3]
    (['a_mask.png'], {'a_mask.png': 'a.jpg'}, '_mask')
    """
    return _paired(tuple(files), suffix, lossy)


@lru_cache(1)  # a folder is recognised, and then read
def _paired(files: tuple[str, ...], suffix: str | None, lossy: bool) -> Pairs:
    pictures = sorted(name for name in files if name.lower().endswith((*_PHOTOS, *ARRAYS)) and not is_hidden(name))
    usable = [name for name in pictures if name.lower().endswith((*ENDINGS, *LOSSY) if lossy else ENDINGS)]
    end = suffix or _found_suffix(usable, pictures)
    labels = [name for name in usable if path_stem(name).endswith(end)] if end else _without_photos(usable)
    photos = match({label: path_stem(label).removesuffix(end) for label in labels}, _rest(pictures, labels))
    seen = {*labels, *photos.values()}
    left = [name for name in pictures if name not in seen] if photos else []
    return Pairs(labels, photos, end, bool(end and not suffix), left)


def match(stems: Mapping[str, str], pictures: Sequence[str]) -> dict[str, str]:
    """The photo of each label, by the path that the photo should have, without an ending."""
    found = _Photos(pictures)
    names = Counter(map(_base, stems.values())) if pictures else {}
    pairs = ((label, found.of(stem, names[_base(stem)] == 1)) for label, stem in stems.items() if names)
    return {label: photo for label, photo in pairs if photo}


def path_stem(name: str) -> str:
    """A path without its ending."""
    dot = name.rfind(".")
    return name[:dot] if dot > name.rfind("/") else name


def _base(path: str) -> str:
    return path[path.rfind("/") + 1 :]


class _Photos:
    """Finds photos by the stem of a label: by path, by path without folders of labels or photos, or by name."""

    def __init__(self, pictures: Sequence[str]) -> None:
        self._paths = {stem: name for name in reversed(pictures) for stem in _photo_stems(name)}

    @cached_property
    def _reduced(self) -> dict[str, str]:
        return {reduced(stem): name for stem, name in self._paths.items()}

    @cached_property
    def _names(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for stem, name in self._paths.items():
            base = _base(stem)
            found[base] = None if base in found else name
        return found

    def of(self, stem: str, is_alone: bool) -> str | None:
        """The photo of a label; the name decides only if ``is_alone``, the only label of this name."""
        found = self._paths.get(stem) or self._reduced.get(reduced(stem))
        return found or (self._names.get(_base(stem)) if is_alone else None)


def _photo_stems(name: str) -> Iterator[str]:
    """The stem of a photo, also without what marks photos at its end."""
    stem = path_stem(name)
    yield stem
    if stem.endswith(_PHOTO_SUFFIXES):
        yield stem.removesuffix(next(end for end in _PHOTO_SUFFIXES if stem.endswith(end)))


def reduced(stem: str) -> str:
    """A path without the folders that only say that photos or labels are in them.

    >>> reduced("masks/train/a")
    'train/a'
    """
    folder, slash, name = stem.rpartition("/")
    return _reduced_folder(folder) + name if slash else stem


@lru_cache(1024)
def _reduced_folder(folder: str) -> str:
    return "".join(f"{part}/" for part in folder.split("/") if part.lower() not in PHOTO_FOLDERS | _LABEL_FOLDERS)


def _rest(pictures: Sequence[str], labels: Sequence[str]) -> list[str]:
    taken = set(labels)
    return [name for name in pictures if name not in taken and name.lower().endswith(_PHOTOS)]


def _found_suffix(usable: Sequence[str], pictures: Sequence[str]) -> str:
    """What ends the names of all labels, if the other pictures are called as they without it; else ""."""
    ends = Counter(end for name in usable if (end := _suffix_of(path_stem(name))))
    return next((end for end, _ in ends.most_common() if _tells(end, usable, pictures)), "")


def _suffix_of(stem: str) -> str:
    if not stem.endswith(SUFFIXES):
        return ""
    return next((end for end in SUFFIXES if stem.endswith(end) and _base(stem) != end), "")


def _tells(end: str, usable: Sequence[str], pictures: Sequence[str]) -> bool:
    """Whether most pictures that end so have a photo, and most others that may be labels are such photos."""
    labels = {_base(stem).removesuffix(end) for name in usable if (stem := path_stem(name)).endswith(end)}
    others = [name for name in pictures if not path_stem(name).endswith(end)]
    photos = {_base(stem) for name in others for stem in _photo_stems(name)}
    doubtful = [name for name in others if name.lower().endswith(ENDINGS)]
    paired = sum(any(_base(stem) in labels for stem in _photo_stems(name)) for name in doubtful)
    return 2 * len(labels & photos) >= len(labels) and 2 * paired >= len(doubtful)


def _without_photos(usable: Sequence[str]) -> list[str]:
    """The pictures without those that have the name of a label and another ending, and without folders of photos."""
    kept = _without_twins(usable)
    inside = {name for name in kept if "/" in name and _is_photo_folder(name.rpartition("/")[0])}
    labels = {_base(path_stem(name)) for name in kept if name not in inside} if inside else set()
    paired = sum(_base(path_stem(name)) in labels for name in inside)
    return [name for name in kept if name not in inside] if inside and 2 * paired >= len(inside) else list(kept)


def _without_twins(usable: Sequence[str]) -> Sequence[str]:
    """The pictures without those of an ending that photos have, because labels of the same names have another."""
    ranks = [_RANK[name[name.rfind(".") :].lower()] for name in usable]
    if len(set(ranks)) < 2:
        return usable
    twins = defaultdict(list)
    for name, rank in zip(usable, ranks, strict=True):
        twins[path_stem(name)].append(rank)
    worse = {rank for found in twins.values() if len(found) > 1 for rank in found if rank > min(found)}
    return [name for name, rank in zip(usable, ranks, strict=True) if rank not in worse]


@lru_cache(1024)
def _is_photo_folder(folder: str) -> bool:
    return any(part.lower() in PHOTO_FOLDERS for part in folder.split("/"))
