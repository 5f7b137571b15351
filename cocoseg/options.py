"""The options of functions and commands, each declared once.

A function's signature, its help and the flags of its command come from these declarations. Types that are slow to load
stay quoted, so that ``--help`` is fast. This module must not postpone its annotations, because they hold the sentences.
"""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NamedTuple,
    SupportsFloat,
    SupportsIndex,
    TypedDict,
    TypeVar,
    cast,
    get_args,
    get_origin,
)

from cocoseg.errors import DocumentError, UsageError, most_like, nearest, show, suggestion
from cocoseg.limits import MAX_PIXELS

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from cocoseg.files.places import StrPath
    from cocoseg.labels import LabelScheme

F = TypeVar("F", bound=Callable[..., Any])
D = TypeVar("D")


class Shell(NamedTuple):
    """Where an option differs on the command line: its flags, its sentence, and the meaning of leaving it out."""

    flags: tuple[str, ...] = ()
    help: str = ""
    unset: str = ""


class Option(NamedTuple):
    """What an option does, and its default.

    ``unset`` describes a default of None. ``metavar`` and ``least`` are for the command line, where ``bare`` is the
    value of an option that is given without one. Without a ``shell`` the option exists in Python only.
    """

    help: str
    default: Any = None
    unset: str = ""
    metavar: str | None = None
    least: float | None = None
    shell: Shell | None = Shell()
    bare: str | None = None


# Options that several declarations share.
Overlap = Annotated[
    Literal["file", "area", "score", "void", "error"] | None,
    Option(
        "Which of several masks gets a pixel: the later in the file, the smaller, or the one with the higher "
        "score; or the pixel is void, or the image is refused.",
        unset="score where every mask of an image has one, else file",
    ),
]
Workers = Annotated[
    int | None,
    Option(
        "Number of worker processes.",
        unset="this process does the work",
        metavar="N",
        least=1,
        shell=Shell(("--workers", "-j"), unset="the number of cores"),
    ),
]
AnExecutor = Annotated[
    "Executor | None", Option("Executor that does the work, such as Dask's, in place of workers.", shell=None)
]
TimeLimit = Annotated[
    float, Option("Seconds that one image may take before it is refused.", 300.0, metavar="SECONDS", least=0.001)
]
OnDone = Annotated[
    "Callable[[Any], None] | None",
    Option("Function that is called with the summary so far after each part.", shell=None),
]


Overwrite = Annotated[bool, Option("Replace files in OUT that no run of cocoseg wrote.", False)]


Parts = Annotated[
    str | None,
    Option(
        "Shares of the images by a hash of their names, as train=.9,val=.1; or the part that all are of, as val.",
        unset="as the folders of the images are called, else train",
        metavar="NAME=SHARE,...",
    ),
]


Val = Annotated[
    "StrPath | None",
    Option("Second source, the validation part; SRC is train then.", unset="parts are made of SRC", metavar="SRC"),
]
ValPhotos = Annotated["StrPath | None", Option("Folder of the photos of VAL.", unset="that of --photos", metavar="DIR")]


class Reading(TypedDict, total=False):
    """How a source is read."""

    categories: Annotated[
        "StrPath | None",
        Option("Take the categories from this JSON, CSV or list of names if SRC has none.", metavar="FILE"),
    ]
    images: Annotated[
        "StrPath | None", Option("Take the images of a results list or a folder from this JSON.", metavar="FILE")
    ]
    png_dir: Annotated[
        "StrPath | None", Option("Folder of the PNGs of a panoptic JSON.", unset="named as SRC", metavar="DIR")
    ]
    source_labels: Annotated[
        "StrPath | LabelScheme | None",
        Option("Label scheme that the class maps in SRC were made with.", metavar="PRESET|FILE"),
    ]
    instances: Annotated[
        "StrPath | None", Option("Folder with the instance numbers of the class maps in SRC.", metavar="DIR")
    ]
    instance_code: Annotated[
        Literal["plain", "thousands", "thousands-from-1", "by-256", "by-256-from-1"] | None,
        Option(
            "What the instance numbers are: n alone, or class·1000 + n or class·256 + n, with n from 0 or 1.",
            unset="found out from the pictures",
        ),
    ]
    class_name: Annotated[
        str | None,
        Option(
            "Take all masks of a JSON as one class of this name; in binary masks, the name of their class.",
            unset="as SRC says",
            metavar="NAME",
            shell=Shell(("--class",)),
        ),
    ]
    colors: Annotated[
        "StrPath | None",
        Option(
            "Table of the colours of classes in the pictures in SRC: a file, or voc, cityscapes, ade20k or camvid.",
            unset="found in SRC or above it",
            metavar="NAME|FILE",
        ),
    ]
    tolerance: Annotated[
        int | None,
        Option(
            "Take the nearest listed colour or number up to N off, as in JPEGs.",
            unset="refuse them",
            metavar="N",
            least=1,
        ),
    ]
    suffix: Annotated[
        str | None,
        Option(
            "What the names of label pictures end with, as _mask; the photo is called the same without it.",
            unset="found out from the names",
            metavar="TEXT",
        ),
    ]
    label_key: Annotated[
        str | None,
        Option("Take the class from this attribute of VIA's regions.", unset="the only one", metavar="KEY"),
    ]
    split: Annotated[
        "StrPath | None", Option("Only the images of a split, by its name or list file.", metavar="NAME|FILE")
    ]
    all_classes: Annotated[
        bool, Option("Keep the classes that the data set's own evaluation ignores, as 'ego vehicle'.", False)
    ]
    photos: Annotated[
        "StrPath | None",
        Option(
            "Folder of the photos: to take sizes from where SRC has none, to draw on, to link or copy.",
            unset="where SRC says they are",
            metavar="DIR",
        ),
    ]
    size: Annotated[
        str | None,
        Option("Size of all images where SRC has none, as 256x1600.", metavar="HEIGHTxWIDTH"),
    ]
    match: Annotated[
        Literal["id", "file_name"], Option("Whether annotations name their image by its id or its file_name.", "id")
    ]
    flatten: Annotated[
        bool, Option("Name outputs by all parts of file_name in one, for absolute names and URLs.", False)
    ]
    basename: Annotated[bool, Option("Name outputs by the last part of file_name.", False)]
    min_score: Annotated[
        float | None, Option("Leave out annotations with a lower score.", unset="all stay", metavar="SCORE")
    ]
    crowd_as_things: Annotated[bool, Option("Take crowds as single things.", False)]
    check_areas: Annotated[
        bool,
        Option(
            "Refuse an image with an area that is ten times off.",
            True,
            shell=Shell(("--no-check-areas",), "Accept annotations whose area is ten times off."),
        ),
    ]
    keep_fields: Annotated[
        bool,
        Option("Keep fields that cocoseg does not use, and any file_name; for writers of JSON.", False, shell=None),
    ]
    max_pixels: Annotated[
        int | None,
        Option("Refuse pictures of more pixels.", unset=f"{MAX_PIXELS:,}, which 2 GiB allow", metavar="N", least=1),
    ]
    source_format: Annotated[
        "str | None",
        Option(
            "Format of SRC.",
            unset="recognised by its content",
            metavar="FORMAT",
            shell=Shell(("--source-format", "--from")),
        ),
    ]


class Labelling(TypedDict, total=False):
    """How a label scheme is changed for a data set."""

    unlabelled: Annotated[
        Literal["background", "void"] | None,
        Option(
            "Whether pixels that no mask covers are background or void.",
            unset="the label scheme decides",
            shell=Shell(("--unlabelled", "--unlabeled")),
        ),
    ]
    crowd: Annotated[
        Literal["class", "void", "drop"] | None,
        Option("Paint crowds as their class, as void, or not at all.", unset="the label scheme decides"),
    ]
    things: Annotated[
        Literal["keep", "merge", "drop"] | None,
        Option(
            "Keep the classes of things, merge them into one, or leave things out.", unset="the label scheme decides"
        ),
    ]
    unknown: Annotated[
        Literal["error", "void", "drop"] | None,
        Option(
            "Refuse an image with a category that the label scheme does not list, paint it void, or leave it out.",
            unset="the label scheme decides",
        ),
    ]
    keep_unused_roots: Annotated[
        bool, Option("Give a class to categories that only group others and that no annotation has.", False)
    ]


class Painting(Labelling, total=False):
    """How class maps are painted."""

    labels: Annotated[
        "StrPath | LabelScheme",
        Option("Label scheme: a preset ('cocoseg labels' lists them) or a file.", "index", metavar="PRESET|FILE"),
    ]
    overlap: Overlap


class Running(TypedDict, total=False):
    """How a conversion runs."""

    workers: Workers
    executor: AnExecutor
    overwrite: Overwrite
    on_error: Annotated[
        Literal["skip", "stop"], Option("Skip an image that cannot be converted, or stop at the first one.", "skip")
    ]
    strict: Annotated[bool, Option("Refuse an image, or a source as a whole, for which there is a warning.", False)]
    time_limit: TimeLimit
    dry_run: Annotated[bool, Option("Check everything, OUT too, and write nothing.", False)]
    limit: Annotated[
        int | None, Option("Only the first N images, to try a conversion.", unset="all", metavar="N", least=1)
    ]
    on_done: OnDone


class ToSemantic(Painting, Reading, Running, total=False):
    """Options of ``to_semantic``."""

    palette: Annotated[bool, Option("Add the colours of the classes as a PNG palette; the indices stay.", False)]


class ToOneHot(Painting, Reading, Running, total=False):
    """Options of ``to_onehot``."""

    layout: Annotated[Literal["hwc", "chw"], Option("Order of the axes: (H, W, C) or (C, H, W).", "hwc")]
    dtype: Annotated[Literal["uint8", "bool", "float32"], Option("Type of the array's numbers.", "uint8")]
    void_channel: Annotated[bool, Option("Add a last channel that is 1 where pixels are void.", False)]
    format: Annotated[
        Literal["npz", "npy"], Option("Write small .npz files, or .npy files that can be mapped into memory.", "npz")
    ]


class ToMasks(Reading, Running, total=False):
    """Options of ``to_masks``."""

    stack: Annotated[
        Literal["npz"] | None, Option("Write all masks of an image to one file.", unset="a PNG for each mask")
    ]
    things_only: Annotated[bool, Option("Leave out stuff.", False)]


class ToCoco(Reading, Running, total=False):
    """Options of ``to_coco``."""

    segmentation: Annotated[
        Literal["rle", "rle-list", "polygons"],
        Option("Write masks as compressed RLE, RLE with lists of counts, or polygons.", "rle", shell=Shell(("--as",))),
    ]
    things_only: Annotated[bool, Option("Leave out stuff.", False)]
    stuff: Annotated[bool, Option("Write one annotation for each class and image, as COCO-Stuff does.", False)]
    fill: Annotated[
        Literal["pycocotools", "opencv"],
        Option(
            "The tool that will fill the polygons: pycocotools, or OpenCV or Pillow, for which outlines run through "
            "the centres of pixels.",
            "pycocotools",
        ),
    ]
    simplify: Annotated[
        float | None,
        Option("Leave out polygon corners that are at most this far off.", metavar="PIXELS", least=0),
    ]
    check: Annotated[
        bool,
        Option(
            "Fill each polygon again and compare it with its mask.",
            True,
            shell=Shell(("--no-check",), "Do not fill each polygon again to compare it with its mask."),
        ),
    ]


class ToPanoptic(Reading, Running, total=False):
    """Options of ``to_panoptic``."""

    overlap: Overlap
    stuff: Annotated["StrPath | None", Option("JSON with the stuff that lies below SRC's instances.", metavar="FILE")]


class HandingOver(TypedDict, total=False):
    """How a data set is handed to a stack that people train with."""

    parts: Parts
    val: Val
    val_photos: ValPhotos
    copy: Annotated[bool, Option("Copy photos in place of linking to them.", False)]


class ToYolo(HandingOver, Painting, Reading, Running, total=False):
    """Options of ``to_yolo``."""

    task: Annotated[
        Literal["segment", "semantic"],
        Option("Write an outline for each object (segment), or class maps (semantic).", "segment"),
    ]
    things_only: Annotated[bool, Option("Leave out stuff.", False)]


class ToHf(HandingOver, Painting, Reading, Running, total=False):
    """Options of ``to_hf``."""

    task: Annotated[
        Literal["semantic", "panoptic"],
        Option(
            "Write class maps (semantic), or numbers of segments with a table from number to class (panoptic).",
            "semantic",
        ),
    ]
    parquet: Annotated[bool, Option("Write Parquet files, which hold photos and labels, in place of folders.", False)]
    shards: Annotated[
        int | None,
        Option("Number of Parquet files of each part.", unset="one for each thousand images", metavar="N", least=1),
    ]


class ToShards(Painting, Reading, Running, total=False):
    """Options of ``to_shards``."""

    parts: Parts
    val: Val
    val_photos: ValPhotos
    task: Annotated[
        Literal["semantic", "panoptic"],
        Option("Pack class maps (semantic), or numbers of segments with their classes (panoptic).", "semantic"),
    ]
    shards: Annotated[int, Option("Number of tars of each part.", 8, metavar="N", least=1)]


class ToVoc(HandingOver, Painting, Reading, Running, total=False):
    """Options of ``to_voc``."""


class Evaluating(Painting, Reading, Running, total=False):
    """Options of ``evaluate``."""

    task: Annotated[
        Literal["semantic", "panoptic", "instances", "all"] | None,
        Option(
            "What to compare: classes of pixels, segments, masks with scores, or all of it.",
            unset="what both sides tell",
        ),
    ]
    convention: Annotated[
        Literal["mmseg", "detectron2", "cityscapes", "ade20k", "cocostuff", "erfnet", "survey", "all"],
        Option("The tool whose mIoU is counted, or all of them side by side.", "mmseg", shell=Shell(("--as",))),
    ]
    boundary: Annotated[
        float | None,
        Option(
            "Also count what is near boundaries: a share of the diagonal, 0.02 if none is given.",
            unset="not counted",
            metavar="RATIO",
            least=1e-6,
            bare="0.02",
        ),
    ]
    groups: Annotated[
        "StrPath | None",
        Option(
            "Also count the IoU of groups of classes: supercategory, or a JSON or CSV of them.",
            metavar="supercategory|FILE",
        ),
    ]
    missing: Annotated[
        Literal["error", "empty"],
        Option("Refuse an image without a prediction, or count it as one without segments.", "error"),
    ]
    size: Annotated[
        str | None,
        Option(
            "Refuse a prediction of another size than the truth (error), or scale it to the nearest pixel (nearest); "
            "or the size of all images where a source has none, as 256x1600.",
            unset="error",
            metavar="error|nearest|HEIGHTxWIDTH",
        ),
    ]
    tiles: Annotated[
        "StrPath | None",
        Option(
            "Put predictions on tiles together first: what 'cocoseg tile' wrote for the images.",
            unset="predictions are of whole images",
            metavar="FILE|DIR",
        ),
    ]
    fail_under: Annotated[
        str | None,
        Option(
            "Exit with 1 if a number is lower, as mIoU=0.6 or mIoU=0.6,PQ=0.4.", metavar="NAME=VALUE", unset="never"
        ),
    ]
    per_image: Annotated[
        "StrPath | None",
        Option("Write the numbers of each image to this CSV.", unset="not written", metavar="FILE.csv"),
    ]
    html: Annotated[
        "StrPath | None",
        Option(
            "Write a page with the confusion matrix and the worst images to this file.",
            unset="not written",
            metavar="FILE.html",
        ),
    ]
    out: Annotated[
        "StrPath | None",
        Option(
            "Folder for cocoseg.json with all numbers, and for what an interrupted run had done, to resume it.",
            unset="nothing is kept",
            metavar="OUT",
        ),
    ]
    prediction_format: Annotated[
        str | None, Option("Format of PREDICTION.", unset="recognised by its content", metavar="FORMAT")
    ]
    prediction_labels: Annotated[
        "StrPath | LabelScheme | None",
        Option(
            "Label scheme that the class maps in PREDICTION were made with.",
            unset="that of the truth",
            metavar="PRESET|FILE",
        ),
    ]
    prediction_categories: Annotated[
        "StrPath | None", Option("Take the categories of PREDICTION from this file.", metavar="FILE")
    ]
    prediction_png_dir: Annotated[
        "StrPath | None",
        Option("Folder of the PNGs of a panoptic PREDICTION.", unset="named as PREDICTION", metavar="DIR"),
    ]
    prediction_colors: Annotated[
        "StrPath | None", Option("Table of the colours of classes in PREDICTION.", metavar="NAME|FILE")
    ]
    prediction_suffix: Annotated[
        str | None, Option("What the names of PREDICTION's pictures end with, as _pred.", metavar="TEXT")
    ]


class Checking(Reading, total=False):
    """Options of ``cocoseg check``."""

    val_photos: ValPhotos
    val_split: Annotated[
        "StrPath | None", Option("The split of VAL, where it differs from --split.", metavar="NAME|FILE")
    ]
    workers: Workers
    executor: AnExecutor
    time_limit: TimeLimit
    on_done: OnDone


class Reporting(Checking, total=False):
    """Options of ``cocoseg report``."""

    overwrite: Overwrite


class Showing(Painting, Reading, Running, total=False):
    """Options of ``show``."""

    look: Annotated[
        Literal["overlay", "side-by-side", "outline", "classes"],
        Option(
            "Draw the labels over the photo, the photo and that beside it, outlines alone, or class maps in colour.",
            "overlay",
            shell=Shell(("--as",)),
        ),
    ]
    alpha: Annotated[float, Option("How much the colours cover the photo, 0 to 1.", 0.5, metavar="SHARE", least=0)]
    only: Annotated[
        str | None,
        Option(
            "Draw the classes of this name alone, or of a pattern such as 'traffic*'.",
            metavar="NAME",
            unset="all",
            shell=Shell(("--class", "--only")),
        ),
    ]
    class_name: Annotated[str | None, Option("Take all masks of a JSON as one class of this name.", shell=None)]
    select: Annotated[
        str | None,
        Option("Draw the images of this name alone, with or without its ending, or of a pattern.", metavar="NAME"),
    ]
    most: Annotated[
        int | None,
        Option(
            "Draw at most N images, from all over the data set.",
            unset="all",
            metavar="N",
            least=1,
            shell=Shell(("--max",)),
        ),
    ]
    legend: Annotated[bool, Option("Add a legend of the classes, by their pixels.", False)]
    names: Annotated[
        bool,
        Option(
            "Write the names of classes into the picture.",
            True,
            shell=Shell(("--no-names",), "Do not write the names of classes into the picture."),
        ),
    ]
    scale: Annotated[
        int, Option("Draw every pixel N times as high and wide, for small pictures.", 1, metavar="N", least=1)
    ]
    format: Annotated[Literal["png", "jpg"], Option("Write PNG, or JPEG, which is smaller.", "png")]
    against: Annotated[
        "StrPath | None",
        Option(
            "Draw where this prediction differs from SRC: right grey, missed red, extra blue, another class purple.",
            metavar="PREDICTION",
            unset="labels are drawn",
        ),
    ]


class Written(Reading, Running, total=False):
    """What the commands have in common that make other data sets: what they write."""

    to: Annotated[
        Literal["coco", "panoptic", "semantic"] | None,
        Option("Write a detection JSON, panoptic JSON with its PNGs, or class maps.", unset="the kind that is read"),
    ]
    segmentation: Annotated[
        Literal["rle", "rle-list", "polygons"] | None,
        Option(
            "Write masks of a detection JSON as compressed RLE, RLE with lists of counts, or polygons.",
            unset="rows of a detection JSON stay as they are, other masks become rle",
            shell=Shell(("--as",)),
        ),
    ]
    labels: Annotated[
        "StrPath | LabelScheme | None",
        Option(
            "Label scheme of class maps: a preset or a file.",
            unset="the numbers of class maps that are read, or else index",
            metavar="PRESET|FILE",
        ),
    ]


class Reshaping(Written, total=False):
    """What ``merge``, ``subset`` and ``split`` have in common."""

    overlap: Overlap


class Merging(Reshaping, total=False):
    """Options of ``merge``."""

    classes: Annotated[
        "StrPath | None",
        Option(
            "Rename classes as this file says: a JSON object or a CSV of names and their new names.", metavar="FILE"
        ),
    ]
    prefix: Annotated[bool, Option("Put the images of each source in a folder called as the source.", False)]
    same: Annotated[
        Literal["error", "join", "both"],
        Option("Refuse one photo in two sources, join its annotations, or keep it twice.", "error"),
    ]


class Subsetting(Reshaping, total=False):
    """Options of ``subset``."""

    classes: Annotated[str | None, Option("Only these classes, by their names.", unset="all", metavar="NAME,NAME")]
    without_empty: Annotated[bool, Option("Leave out images in which nothing is left.", False)]
    select: Annotated[
        "StrPath | None",
        Option(
            "Only the images that a list file names, or those whose names match a pattern.",
            unset="all",
            metavar="LIST|GLOB",
            shell=Shell(("--images", "--select")),
        ),
    ]
    images: Annotated[
        "StrPath | None",
        Option(
            "Take the images of a results list or a folder from this JSON.",
            metavar="FILE",
            shell=Shell(("--images-from",)),
        ),
    ]
    min_area: Annotated[
        int | None, Option("Leave out masks of fewer pixels.", unset="all stay", metavar="PIXELS", least=1)
    ]
    max_images: Annotated[
        int | None,
        Option("Only N images, as if drawn by chance; names alone decide.", unset="all", metavar="N", least=1),
    ]
    crowd: Annotated[Literal["keep", "drop"], Option("Keep crowds, or leave them out.", "keep")]


class Splitting(Reshaping, total=False):
    """Options of ``split``."""

    parts: Annotated[
        str,
        Option("Names and shares of the parts, which add up to 1.", "train=.8,val=.1,test=.1", metavar="NAME=SHARE"),
    ]
    by: Annotated[
        str | None,
        Option(
            "Keep images together in whose names this regular expression finds the same.",
            unset="each image by itself",
            metavar="REGEX",
        ),
    ]
    balance: Annotated[
        bool, Option("Give each part its share of every class too; images may move when others are added.", False)
    ]
    lists: Annotated[bool, Option("Write a list of names for each part, and nothing else.", False)]


class Rewritten(Written, total=False):
    """What ``tile``, ``stitch`` and ``resize`` have in common: masks are always written anew."""

    segmentation: Annotated[
        Literal["rle", "rle-list", "polygons"] | None,
        Option(
            "Write masks of a detection JSON as compressed RLE, RLE with lists of counts, or polygons.",
            unset="rle",
            shell=Shell(("--as",)),
        ),
    ]


class Tiling(Rewritten, total=False):
    """Options of ``tile``."""

    size: Annotated[  # type: ignore[misc]
        "int | str | tuple[int, int]",
        Option("Pixels of a tile along each side, or both.", 1024, metavar="N|HEIGHTxWIDTH"),
    ]
    overlap: Annotated[int, Option("Pixels that neighbouring tiles share.", 0, metavar="PIXELS", least=0)]
    min_visible: Annotated[
        float,
        Option("Drop an object from a tile that shows a smaller share of its pixels.", 0.0, metavar="SHARE", least=0),
    ]


class Stitching(Rewritten, total=False):
    """Options of ``stitch``."""

    tiles: Annotated[
        "StrPath | None",
        Option(
            "What 'cocoseg tile' wrote for the images, where SRC does not say which tiles it is of.",
            unset="SRC",
            metavar="FILE|DIR",
        ),
    ]
    missing: Annotated[
        Literal["error", "empty"], Option("Refuse an image that lacks a tile, or leave its pixels unlabelled.", "error")
    ]


class Resizing(Rewritten, total=False):
    """Options of ``resize``."""

    to: Annotated[  # type: ignore[misc]
        "str | int | tuple[int, int] | None",
        Option(
            "The new size of all images, as 512x512; or what to write: coco, panoptic or semantic.",
            unset="the kind that is read",
            metavar="HEIGHTxWIDTH|KIND",
        ),
    ]
    size: Annotated[  # type: ignore[misc]
        "str | int | tuple[int, int] | None",
        Option("The new size of all images, where --to says what to write.", metavar="HEIGHTxWIDTH"),
    ]
    longest: Annotated[
        int | None,
        Option("Make the longer side N pixels; no image is enlarged.", metavar="N", least=1, shell=Shell(("--max",))),
    ]


class Verifying(TypedDict, total=False):
    """Options of ``cocoseg verify``."""

    workers: Workers


def _is_flag(value: object) -> bool:
    return type(value).__name__ in ("bool", "bool_")  # numpy's too, without numpy


def _is_path(value: object) -> bool:
    return isinstance(value, str | os.PathLike) and value != ""


# What a value has to be, and how a message calls it, by the type as it is written.
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "bool": (_is_flag, "True or False"),
    "int": (lambda value: isinstance(value, SupportsIndex) and not _is_flag(value), "a whole number"),
    "float": (lambda value: isinstance(value, SupportsFloat) and not _is_flag(value), "a number"),
    "str": (lambda value: isinstance(value, str) and bool(value.strip()), "a text that is not empty"),
    "StrPath": (_is_path, "a path"),
    "StrPath | LabelScheme": (
        lambda value: _is_path(value) or type(value).__name__ == "LabelScheme",
        "a preset, a path or a LabelScheme",
    ),
    "Executor": (lambda value: callable(getattr(value, "submit", None)), "an object with a method submit"),
    "Callable[[Any], None]": (callable, "a function"),
}


def check_is_path(name: str, value: object) -> None:
    """Raises UsageError ``usage.path`` if a value is not a path."""
    if not _is_path(value):
        raise UsageError("usage.path", f"{name} is {show(value)}, expected a path")


def _check_files(places: Mapping[str, Any], rows: Sequence["Declared"], given: Mapping[str, Any]) -> None:
    """Raises DocumentError ``file.missing`` for the source or the option whose file is not there, if there is one."""
    for name, place in places.items():
        if name != "out":
            check_path(place)
    for row in rows:
        if row.option.metavar in ("FILE", "DIR"):
            check_path(given[row.name], row.name)


def check_path(path: "StrPath", name: str = "") -> None:
    """Raises DocumentError ``file.missing`` if a path of this machine leads to nothing, with the nearest name there.

    ``name`` is that of the option, if it is one.
    """
    text = os.fspath(path)
    if "://" in text or os.path.lexists(text):
        return
    folder, last = os.path.split(text)
    near = most_like(last, os.listdir(folder or ".") if os.path.isdir(folder or ".") else ())
    advice = f"; did you mean {show(os.path.join(folder, near), 300)}?" if near else ""
    error = DocumentError("file.missing", f"{show(text, 300)} does not exist{advice}")
    raise error.at(name) if name else error


class Declared(NamedTuple):
    """An option of a declaration: its name, its type, and what it does. A quoted type is its text."""

    name: str
    type: Any
    option: Option

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that the option may have besides None; empty if they are not listed."""
        kinds = (self.type, *get_args(self.type))
        return next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())

    @property
    def number(self) -> type[int] | type[float] | None:
        """The kind of number that the option takes, if it takes one."""
        kinds = (self.type, *get_args(self.type))
        return next((kind for kind in (int, float) if kind in kinds), None)

    @property
    def flags(self) -> tuple[str, ...]:
        """Its spellings on the command line, the main one first; none if it exists in Python only."""
        if self.option.shell is None:
            return ()
        return self.option.shell.flags or (f"--{self.name.replace('_', '-')}",)

    @property
    def category(self) -> str:
        """Its name in the categories of errors."""
        return self.flags[0].lstrip("-").replace("-", "_") if self.flags else self.name

    @property
    def text(self) -> str:
        """The type as it is written in code."""
        return _text(self.type)

    def check(self, value: object) -> None:
        """Raises UsageError ``usage.*`` for a value that the option can't have."""
        if self.choices:
            allowed = self.choices if self.option.default is not None else (None, *self.choices)
            check_choice(self.name, value, allowed, self.category)
        elif value is None and "None" in self.text:
            return
        elif wanted := next(
            (words for kind, (fits, words) in _KINDS.items() if self._is(kind) and not fits(value)), None
        ):
            raise UsageError(f"usage.{self.category}", f"{self.name} is {show(value)}, expected {wanted}")
        elif self.option.least is not None and not cast("Any", value) >= self.option.least:
            text = f"{self.name} is {show(value)}, expected at least {self.option.least:g}"
            raise UsageError(f"usage.{self.category}", text)

    def _is(self, kind: str) -> bool:
        """Whether the option's type is a kind, whatever else it may be: None, or a scheme beside its file."""
        return kind == self.text.removesuffix(" | None")


def declared(declaration: Any) -> list[Declared]:
    """The options of a declaration, first those that are not shared."""
    kinds = declaration.__annotations__
    rows = [Declared(name, _plain(kind.__origin__), kind.__metadata__[0]) for name, kind in kinds.items()]
    return sorted(rows, key=lambda row: any(is_of(row, shared) for shared in (Painting, Reading, Running)))


def is_of(row: "Declared", declaration: Any) -> bool:
    """Whether a declaration has an option just so, and not another one of its name."""
    kind = declaration.__annotations__.get(row.name)
    return kind is not None and kind.__metadata__[0] == row.option


def flag(declaration: Any, name: str) -> str:
    """How an option of a declaration is written on the command line; empty if it exists in Python only.

    >>> flag(Reading, "source_labels"), flag(Reading, "class_name")
    ('--source-labels', '--class')
    """
    return next(row.flags[0] if row.flags else "" for row in declared(declaration) if row.name == name)


def part(declaration: type[D], options: Mapping[str, Any]) -> D:
    """Those of the options that belong to another declaration; one that exists in Python only has its default."""
    return cast("D", {row.name: options.get(row.name, row.option.default) for row in declared(declaration)})


def given(declaration: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that differ from the declared defaults."""
    defaults = {row.name: row.option.default for row in declared(declaration)}
    return {name: value for name, value in options.items() if value != defaults[name]}


def takes(declaration: Any) -> Callable[[F], F]:
    """Give a function the options of a declaration, in its signature and its help.

    The function receives all of them, with defaults for those that were left out. A call raises TypeError for an
    unknown option, and what ``Declared.check`` raises for a wrong value.
    """
    rows = {row.name: row for row in declared(declaration)}
    defaults = {row.name: row.option.default for row in rows.values()}

    def decorate(function: F) -> F:
        own = [row for row in inspect.signature(function).parameters.values() if row.kind is not row.VAR_KEYWORD]
        names = {row.name for row in own}

        @wraps(function)
        def call(*arguments: Any, **given: Any) -> Any:
            for name in given.keys() - names:
                _known(function.__name__, name, rows).check(given[name])
            pairs = zip(own, arguments, strict=False)
            named = {row.name: value for row, value in pairs if row.annotation == "StrPath"}
            for name, value in named.items():
                check_is_path(name, value)
            try:
                return function(*arguments, **(defaults | given))
            except DocumentError as error:
                if error.category == "file.missing":
                    _check_files(named, [row for row in rows.values() if given.get(row.name)], given)
                raise

        made: Any = call
        made.__signature__ = inspect.signature(function).replace(parameters=[*own, *map(_parameter, rows.values())])
        made.__doc__ = _documented(function, rows.values())
        return cast("F", call)

    return decorate


def check_choice(option: str, value: object, allowed: Sequence[str | None], category: str = "") -> None:
    """Raises UsageError ``usage.<category>`` where an option has a value that it may not have."""
    if value not in allowed:
        words = [word for word in allowed if word is not None]
        text = f"{option} is {show(value)}, expected one of {', '.join(words)}{suggestion(value, words)}"
        raise UsageError(f"usage.{category or option}", text)


def _known(function: str, name: str, rows: Mapping[str, Declared]) -> Declared:
    if name in rows:
        return rows[name]
    advice = nearest(name, rows) or f"its options are {', '.join(rows)}"
    raise TypeError(f"{function}() has no option {name!r}; {advice}")


def _parameter(row: Declared) -> inspect.Parameter:
    return inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=row.option.default, annotation=row.text)


def _documented(function: Callable[..., Any], rows: Any) -> str:
    """The docstring with a section of the options before its last paragraphs on errors and examples."""
    text = inspect.cleandoc(function.__doc__ or "")
    section = "Options:\n\n" + "\n".join(map(_line, rows))
    head, raises, tail = text.partition("\n\nRaises ")
    return f"{head}\n\n{section}{raises}{tail}"


def _line(row: Declared) -> str:
    option = row.option
    unset = option.unset if option.default is None else repr(option.default)
    return f"* ``{row.name}``: {option.help}{f' Default: {unset}.' if unset else ''}"


def _plain(kind: Any) -> Any:
    return kind.__forward_arg__ if isinstance(kind, ForwardRef) else kind


def _text(kind: Any) -> str:
    """A type as code, the same in every version of Python."""
    if isinstance(kind, str):
        return kind
    if get_origin(kind) is Literal:
        return f"Literal[{', '.join(map(repr, get_args(kind)))}]"
    if get_args(kind):
        return " | ".join(map(_text, get_args(kind)))
    return "None" if kind is type(None) else str(kind.__name__)
