"""What a source holds that is not read: a sign and a sentence for each kind, with what to do or to download."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files import listing, places
from cocoseg.files.reading import first_match, read_head
from cocoseg.formats import FORMATS

_HEAD = 4096  # bytes
_SOME = 3  # files that are looked into for a sign
_STEPS = 2  # folders above in which labels are looked for
_VAGUE = ("images",)  # folders that say nothing


class Sign(NamedTuple):
    """A pattern for the path of a file, from the slash before its folder's name, and what it says about a folder.

    ``text`` is a pattern in the first kilobytes of the file, or anywhere in a ``whole`` one. ``{found}`` stands for the
    name of the file, ``{folder}`` for SRC. ``photos``: it is about photos alone, so that labels may lie beside them.
    """

    path: str
    said: str
    text: bytes = b""
    whole: bool = False
    photos: bool = False


SIGNS = (
    Sign(
        "",
        "a web page{found} in place of the data, so the download went wrong; get that file again",
        rb"(?i)\A\s*<(?:!doctype html|html)",
    ),
    Sign("", "a git-lfs pointer{found} in place of the data; run 'git lfs pull'", rb"\Aversion https://git-lfs"),
    Sign(
        r"\.json$",
        "annotations{found}; leave out --source-format, or name that file as SRC",
        rb'"(?:segmentation|segments_info)"\s{0,20}:',
        whole=True,
    ),
    Sign(
        r"/label_2/\d+\.txt$",
        "the 3D objects of KITTI{found}, which are boxes without masks; the labels of its pixels are in "
        "data_semantics.zip, in training/semantic",
    ),
    Sign(
        r"\.xml$",
        "boxes in the XML of Pascal VOC{found}, which have no masks; VOC's masks are the PNGs in SegmentationClass: "
        "give the folder that holds it",
        rb"<bndbox>",
    ),
    Sign(
        r"\.xml$",
        "the XML of the old LabelMe{found}, which is not read; datumaro converts it: "
        "datum convert -if label_me -i {folder} -f coco_instances -o coco",
        rb"<(?:polygon|pt)>",
    ),
    Sign(
        r"\.txt$",
        "YOLO's boxes{found}, five numbers in a line, which have no masks; export the set for segmentation, with a "
        "polygon in each line",
        rb"\A\d+(?: +-?[\d.]+(?:e-?\d+)?){4} *(?:\r?\n|\Z)",
    ),
    Sign(
        r"\.json$",
        "captions{found}, which have no masks; COCO's masks are in instances_*.json of annotations_trainval2017.zip",
        rb'"caption"\s{0,20}:',
        whole=True,
    ),
    Sign(
        r"\.json$",
        "keypoints{found} without masks; COCO's masks are in instances_*.json of annotations_trainval2017.zip",
        rb'"keypoints"\s{0,20}:',
        whole=True,
    ),
    Sign(
        r"\.json$",
        "a JSON of boxes{found}, which have no masks; export the set for segmentation",
        rb'"bbox"\s{0,20}:',
        whole=True,
    ),
    Sign(
        r"\.mat$",
        "MATLAB files{found}, of which only those of APSIS are read (images_mask/*_mask.mat); save the label maps in "
        "them as PNGs: scipy.io.loadmat reads them",
    ),
    Sign(
        r"/(?:masks?|labels?|annotations?|gt|ground_?truth|segmentations?|segmentation(?:class|object))"
        r"(?:/(?:train|val|test)\w*)?/[^/]+\.jpe?g$|_(?:mask|label|gt|seg)\.jpe?g$",
        "masks saved as JPEG{found}, whose compression changes their numbers; get them as PNG, or take the nearest "
        "listed ones with --tolerance",
    ),
    Sign(
        r"_leftImg8bit\.(?:png|jpg)$",
        "photos of Cityscapes or IDD{found} without their labels; those of Cityscapes are in gtFine_trainvaltest.zip: "
        "unpack it beside leftImg8bit, and give the folder of both",
        photos=True,
    ),
    Sign(
        r"/ADE_\w+_\d{8}\.jpg$",
        "photos of ADE20K{found} without their labels; those of 150 classes lie in 'annotations' of "
        "ADEChallengeData2016.zip, those of the full set beside the photos (_seg.png)",
        photos=True,
    ),
    Sign(
        r"/JPEGImages/[^/]+\.jpg$",
        "photos of Pascal VOC{found} without SegmentationClass, which is in VOCtrainval_11-May-2012.tar",
        photos=True,
    ),
    Sign(
        r"/(?:COCO_\w+_|(?:train|val|test|unlabeled)20\d\d/)\d{12}\.jpg$",
        "photos of COCO{found}; their labels are in annotations_trainval2017.zip: give its JSON as SRC",
        photos=True,
    ),
    Sign(
        r"/image_[23]/\d{6}(?:_\d\d)?\.png$",
        "photos of KITTI{found} without their labels, which are in data_semantics.zip, in training/semantic",
        photos=True,
    ),
    Sign(
        r"/[0-9a-f]{8}-[0-9a-f]{8}\.jpg$",
        "photos of BDD100K{found} without their labels, which are in bdd100k_pan_seg_labels_trainval.zip, or those "
        "called ins_seg and sem_seg",
        photos=True,
    ),
    Sign(
        r"/(?:training|validation|testing)/images/[^/]+\.jpg$",
        "photos of Mapillary Vistas{found} without their labels, which lie in v1.2 and v2.0 of the same download; "
        "testing has none",
        photos=True,
    ),
    Sign(
        r"\.(?:zip|tar|tgz|7z|rar|(?:tar|json)\.\w+)$",
        "a packed download{found}; unpack it, and give the folder or the JSON that comes out",
    ),
    Sign(
        r"\.(?:jpe?g|webp|heic)$",
        "photos{found} and no labels; give the folder of their labels, or the JSON of their annotations; if they are "
        "labels, JPEG has changed their numbers: get them as PNG, or take the nearest listed ones with --tolerance",
        photos=True,
    ),
)


def nothing(folder: str) -> DocumentError:
    """The error for a folder without anything that is read. Raises SampleError ``file.*``."""
    files = [name for name in listing.names(folder) if not listing.is_hidden(name)]
    what = f"the folder {show(folder, 300)}"
    if not files:
        return DocumentError("doc.empty", f"{what} is empty; expected labels, in a format of 'cocoseg formats'")
    if said := nearest(folder, files):
        return DocumentError("doc.empty", f"{what} holds {said}")
    only = show(files[0]) if len(files) == 1 else f"{len(files)} files, as {show(files[0])}"
    text = f"looked for {', '.join(FORMATS)}; 'cocoseg formats' says what these are"
    return DocumentError("doc.empty", f"{what} holds no labels that are read (found only {only}); {text}")


def nearest(folder: str, files: Sequence[str], of_photos: bool = True) -> str:
    """What a folder holds in place of labels, and what to do, in words; "" if that is unknown.

    Signs ``of_photos`` may be left out. Raises SampleError ``file.*``.
    """
    base = posixpath.basename(folder.replace("\\", "/").rstrip("/"))
    heads: dict[str, bytes] = {}
    for sign in (row for row in SIGNS if of_photos or not row.photos):
        if found := _file_with(sign, folder, base, files, heads):
            said = sign.said.format(found=f" (as {show(found)})", folder=shlex.quote(folder))
            return said + (_beside(folder) if sign.photos else "")
    return ""


def of_file(path: str) -> str:
    """What a file holds that is not read, in words; "" if that is unknown, or if it may be a JSON."""
    folder, base = posixpath.split(path.replace("\\", "/"))
    if base.lower().endswith((".png", ".jpg", ".jpeg")):
        return f"is one picture; give the folder of the label pictures: cocoseg info {shlex.quote(folder or '.')}"
    if "." not in base or base.lower().endswith(".json"):
        return ""
    found = next((sign for sign in SIGNS if _file_with(sign, folder, "", [base], {})), None)
    return f"holds {found.said.format(found='', folder=shlex.quote(folder or '.'))}" if found else ""


def _file_with(sign: Sign, folder: str, base: str, files: Sequence[str], heads: dict[str, bytes]) -> str | None:
    """The first file with a sign."""
    pattern = re.compile(sign.path, re.IGNORECASE)
    named = (name for name in _candidates(sign, files) if pattern.search(f"/{base}/{name}"))
    if not sign.text:
        return next(named, None)
    some = [name for name, _ in zip(named, range(len(files) if not sign.path else _SOME), strict=False)]
    return next((name for name in some if _has_text(sign, places.join(folder, name), heads)), None)


def _candidates(sign: Sign, files: Sequence[str]) -> Iterable[str]:
    """All files, or the first of each ending where the path says nothing."""
    if sign.path:
        return files
    return {posixpath.splitext(name)[1]: name for name in reversed(files)}.values()


def _has_text(sign: Sign, path: str, heads: dict[str, bytes]) -> bool:
    pattern = re.compile(sign.text)
    try:
        if sign.whole:
            return bool(first_match(path, pattern))
        if path not in heads:
            heads[path] = read_head(path, _HEAD)
    except SampleError:  # what it holds stays unknown
        return False
    return bool(pattern.search(heads[path]))


def _beside(folder: str) -> str:
    """The folder above that holds labels of a layout, and the command to try, in words; "" if there is none."""
    for above, label in _places_beside(folder):
        if places.exists(places.join(above, label)):
            return f"; {show(above, 300)} has {show(label)}: try 'cocoseg info {shlex.quote(above)}'"
    return ""


def _places_beside(folder: str) -> Iterator[tuple[str, str]]:
    paths = (kind.path for row in FORMATS.values() if row.layout for kind in row.layout.files)
    parts = (re.sub(r"[\[\]]", "", path).split("/")[:-1] for path in paths)
    fixed = (next((part for part in path if "{" not in part), "") for path in parts)
    labels = [label for label in dict.fromkeys(fixed) if label and label not in _VAGUE]
    above = folder.rstrip("/")
    for _ in range(_STEPS):
        above = posixpath.dirname(above)
        yield from ((above, label) for label in labels if above)
