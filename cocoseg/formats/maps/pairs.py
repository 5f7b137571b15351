"""Which pictures of a folder are labels, and which are their photos.

Labels and photos lie in one folder (``a.jpg``, ``a.png``), in two (``images/a.jpg``, ``masks/a.png``), or are told
apart by the end of their names (``a.jpg``, ``a_mask.png``).
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cocoseg.errors import Problem, show
from cocoseg.files.listing import is_hidden

ENDINGS = (".npy", ".png", ".tif", ".tiff", ".bmp")  # of two files with one stem, the first is the label
LOSSY = (".jpg", ".jpeg")
SUFFIXES = (
    *("_mask", "_masks", "_label", "_labels", "_gt", "_GT", "_seg", "_segmentation", "_annotation", "_L"),
    *("-mask", "-label", "-seg", "_Mask", "_Label", "_matte"),
)
PHOTO_FOLDERS = frozenset(
    ("images", "image", "imgs", "img", "photos", "photo", "jpegimages", "rgb", "leftimg8bit", "input", "inputs")
)

_PHOTOS = (*ENDINGS[1:], *LOSSY, ".webp", ".heic")
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
    pictures = sorted(name for name in files if name.lower().endswith((*_PHOTOS, ".npy")) and not is_hidden(name))
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
    names = Counter(posixpath.basename(stem) for stem in stems.values()) if pictures else {}
    pairs = ((label, found.of(stem, names[posixpath.basename(stem)] == 1)) for label, stem in stems.items() if names)
    return {label: photo for label, photo in pairs if photo}


def path_stem(name: str) -> str:
    """A path without its ending."""
    return posixpath.splitext(name)[0]


class _Photos:
    """Finds photos by the stem of a label: by path, by path without folders of labels or photos, or by name."""

    def __init__(self, pictures: Sequence[str]) -> None:
        self._paths: dict[str, str] = {}
        self._reduced: dict[str, str] = {}
        self._names: dict[str, str | None] = {}
        for name in reversed(pictures):
            for stem in _photo_stems(name):
                self._paths[stem] = name
                self._reduced[reduced(stem)] = name
                base = posixpath.basename(stem)
                self._names[base] = None if base in self._names else name

    def of(self, stem: str, is_alone: bool) -> str | None:
        """The photo of a label; the name decides only if ``is_alone``, the only label of this name."""
        found = self._paths.get(stem) or self._reduced.get(reduced(stem))
        return found or (self._names.get(posixpath.basename(stem)) if is_alone else None)


def _photo_stems(name: str) -> Iterator[str]:
    """The stem of a photo, also without what marks photos at its end."""
    stem = path_stem(name)
    yield stem
    if end := next((end for end in _PHOTO_SUFFIXES if stem.endswith(end)), ""):
        yield stem.removesuffix(end)


def reduced(stem: str) -> str:
    """A path without the folders that only say that photos or labels are in them.

    >>> reduced("masks/train/a")
    'train/a'
    """
    parts = stem.split("/")
    return "/".join([*(part for part in parts[:-1] if part.lower() not in PHOTO_FOLDERS | _LABEL_FOLDERS), parts[-1]])


def _rest(pictures: Sequence[str], labels: Sequence[str]) -> list[str]:
    taken = set(labels)
    return [name for name in pictures if name not in taken and name.lower().endswith(_PHOTOS)]


def _found_suffix(usable: Sequence[str], pictures: Sequence[str]) -> str:
    """What ends the names of all labels, if the other pictures are called as they without it; else ""."""
    ends = Counter(end for name in usable if (end := _suffix_of(path_stem(name))))
    return next((end for end, _ in ends.most_common() if _tells(end, usable, pictures)), "")


def _suffix_of(stem: str) -> str:
    return next((end for end in SUFFIXES if stem.endswith(end) and posixpath.basename(stem) != end), "")


def _tells(end: str, usable: Sequence[str], pictures: Sequence[str]) -> bool:
    """Whether most pictures that end so have a photo, and most others that may be labels are such photos."""
    labels = {posixpath.basename(path_stem(name)).removesuffix(end) for name in usable if path_stem(name).endswith(end)}
    others = [name for name in pictures if not path_stem(name).endswith(end)]
    photos = {posixpath.basename(stem) for name in others for stem in _photo_stems(name)}
    doubtful = [name for name in others if name.lower().endswith(ENDINGS)]
    paired = sum(any(posixpath.basename(stem) in labels for stem in _photo_stems(name)) for name in doubtful)
    return 2 * len(labels & photos) >= len(labels) and 2 * paired >= len(doubtful)


def _without_photos(usable: Sequence[str]) -> list[str]:
    """The pictures without those that have the name of a label and another ending, and without folders of photos."""
    twins = defaultdict(list)
    for name in usable:
        twins[path_stem(name)].append(_rank(name))
    worse = {rank for ranks in twins.values() if len(ranks) > 1 for rank in ranks if rank > min(ranks)}
    kept = [name for name in usable if _rank(name) not in worse]
    inside = {name for name in kept if _in_photo_folder(name)}
    labels = {posixpath.basename(path_stem(name)) for name in kept if name not in inside}
    paired = sum(posixpath.basename(path_stem(name)) in labels for name in inside)
    return [name for name in kept if name not in inside] if inside and 2 * paired >= len(inside) else kept


def _in_photo_folder(name: str) -> bool:
    return any(part.lower() in PHOTO_FOLDERS for part in name.split("/")[:-1])


def _rank(name: str) -> int:
    return (*ENDINGS, *LOSSY).index(posixpath.splitext(name)[1].lower())
