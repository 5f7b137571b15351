"""Layouts of folders of label pictures: where the pictures are, how pixels encode class and instance, what is void.

A data set that is a folder of label pictures is one row here, and a class table in ``labels/tables`` if it has one.
This module imports nothing heavy, so that the command line can list its rows.
"""

from __future__ import annotations

from typing import NamedTuple

_NO_MEANING = (
    "cocoseg cannot tell what the pixel values mean; name the label scheme that the pictures were made with "
    "(--source-labels), or the file of their categories, if the values are category ids (--categories)"
)
_NO_CATEGORIES = (
    "holds RGB pictures; if they are 2-channel PNGs (R the category id, G the instance), name the file of their "
    "categories (--categories); if their colours are segment ids, give their panoptic JSON"
)


class Layout(NamedTuple):
    """A kind of folder.

    * ``what``, ``signs``, ``options``: as in ``Format``.
    * ``code``: how a pixel encodes class and instance, a key of ``codes.CODES``.
    * ``labels``, ``numbers``: sub-folders of the label pictures, and of instance numbers under the same names.
    * ``table``: the class table. Without one, options give the meaning, and ``advice`` names them.
    * ``void``: values that are void unless they are listed. ``no_number``: instance numbers that mean none.
    * ``background``: the value of background, if the layout distinguishes it from void.
    * ``photos``, ``splits``: the path of a picture's photo, and of the list of a split's pictures.
    * ``things``, ``crowds``: whether instances and crowds are distinguished.
    """

    what: str
    signs: tuple[str, ...]
    options: tuple[str, ...] = ("categories", "images")
    code: str = "plain"
    labels: str = ""
    numbers: str = ""
    table: str = ""
    advice: str = _NO_MEANING
    void: tuple[int, ...] = (0, 255)
    no_number: tuple[int, ...] = ()
    background: int | None = None
    photos: str = ""
    splits: str = ""
    things: bool = True
    crowds: bool = True


LAYOUTS = {
    # What to-semantic writes; also ADE20K, Cityscapes labelIds, COCO-Stuff pixelmaps, SegmentationClass alone.
    "semantic": Layout(
        "folder of class maps",
        ("report:to-semantic", "mode:0", "mode:3"),
        ("categories", "images", "source_labels", "instances", "instance_code", "class_name"),
        things=False,
        crowds=False,
    ),
    # panopticapi's CONVERTERS.md and converters/2channels2panoptic_coco_format.py
    "two-channel": Layout(
        "folder of 2-channel PNGs (category, instance)",
        ("mode:2", "mode:4", "mode:6"),
        code="two-channel",
        advice=_NO_CATEGORIES,
        void=(0,),
        crowds=False,
    ),
    # VOC2012's devkit_doc.pdf: value n of SegmentationObject is object n, 255 the border of objects in both
    "voc": Layout(
        "Pascal VOC (SegmentationClass, SegmentationObject)",
        ("dir:SegmentationClass",),
        ("categories", "images", "split"),
        labels="SegmentationClass",
        numbers="SegmentationObject",
        table="voc",
        void=(255,),
        no_number=(255,),
        background=0,
        photos="JPEGImages/{stem}.jpg",
        splits="ImageSets/Segmentation/{split}.txt",
        crowds=False,
    ),
}
