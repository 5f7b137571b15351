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


ANY = "{stem}.png"


class Files(NamedTuple):
    """The label pictures of a layout.

    * ``path``: their path under the root. ``{split}`` is a folder called as a split, ``{stem}`` any path, and a part in
      brackets may be missing, as ``[gtFine/][{split}/]{stem}_gtFine_instanceIds.png``.
    * ``code``: how a pixel encodes class and instance, a key of ``codes.CODES``.
    * ``numbers``: the path of the picture of instance numbers, if there is a second one; ``numbering``: what its
      numbers are, a key of ``numbering.NUMBERINGS``.
    * ``table``: the class table, if it is not the layout's.
    """

    path: str
    code: str = "plain"
    numbers: str = ""
    numbering: str = "plain"
    table: str = ""


class Layout(NamedTuple):
    """A kind of folder.

    * ``what``, ``signs``, ``options``: as in ``Format``.
    * ``files``: the kinds of label pictures. If several are there, the first one is read.
    * ``table``: the class table. Without one, options give the meaning, and ``advice`` names them.
    * ``void``: values that are void unless they are listed. ``no_number``: instance numbers that mean none.
    * ``background``: the value of background, if the layout distinguishes it from void.
    * ``photos``: the path of a picture's photo; ``lists``: that of the list of a split's pictures.
    * ``things``, ``crowds``: whether instances and crowds are distinguished.
    """

    what: str
    signs: tuple[str, ...] = ()
    options: tuple[str, ...] = ("categories", "images", "split", "all_classes")
    files: tuple[Files, ...] = (Files(ANY),)
    table: str = ""
    advice: str = _NO_MEANING
    void: tuple[int, ...] = (0, 255)
    no_number: tuple[int, ...] = ()
    background: int | None = None
    photos: str = ""
    lists: str = ""
    things: bool = True
    crowds: bool = True

    @property
    def is_placed(self) -> bool:
        """Whether the paths of its pictures show what they are."""
        return all(kind.path != ANY for kind in self.files)


LAYOUTS = {
    # VOC2012's devkit_doc.pdf: value n of SegmentationObject is object n, 255 the border of objects in both
    "voc": Layout(
        "Pascal VOC (SegmentationClass, SegmentationObject)",
        files=(Files("SegmentationClass/{stem}.png", numbers="SegmentationObject/{stem}.png"),),
        table="voc",
        void=(255,),
        no_number=(255,),
        background=0,
        photos="JPEGImages/{stem}.jpg",
        lists="ImageSets/Segmentation/{split}.txt",
        crowds=False,
    ),
    # What to-semantic writes, and any other folder of class maps.
    "semantic": Layout(
        "folder of class maps",
        ("report:to-semantic", "mode:0", "mode:3"),
        ("categories", "images", "source_labels", "instances", "instance_code", "class_name", "split"),
        things=False,
        crowds=False,
    ),
    # panopticapi's CONVERTERS.md and converters/2channels2panoptic_coco_format.py
    "two-channel": Layout(
        "folder of 2-channel PNGs (category, instance)",
        ("mode:2", "mode:4", "mode:6"),
        ("categories", "images", "split"),
        files=(Files(ANY, "two-channel"),),
        advice=_NO_CATEGORIES,
        void=(0,),
        crowds=False,
    ),
}
