"""Reads and writes annotation formats. A format is one module and one row of ``FORMATS``.

``read`` and ``survey`` (reading.py), detection (detect.py), ``--from``, ``cocoseg info``, ``cocoseg formats`` and the
tables of the documents are made from these rows. Importing this module loads no reader.

    coco_json/  parts of all COCO JSON files     maps/   folders of label pictures     onehot.py   one-hot arrays
    coco/       instances, stuff, results        masks/  folders of binary masks       survey.py   counts for info
    panoptic/   COCO panoptic                        shapes/ what annotation tools' formats share
    yolo/       YOLO-seg                             labelme.py, via.py
"""

from __future__ import annotations

from typing import NamedTuple

from cocoseg.formats.maps.layouts import LAYOUTS, Layout


class Format(NamedTuple):
    """A format as a source of annotations.

    * ``module``: has ``read(path, **options) -> Dataset`` and ``peek(dataset) -> (Entry -> Peek)`` for surveys. If a
      source can be surveyed before it can be read, the survey calls ``glance`` instead of ``read``.
    * ``what``: a name for people. ``options``: the reading options that apply to the format.
    * ``signs``: how it is recognised: ``key:`` a key of a JSON, ``head:`` an ending and a text near the beginning of
      such a file, ``report:`` the command that wrote a folder, ``table:`` a file in its sub-folders, ``names:`` names
      of its PNGs, ``mode:`` what these hold (``maps/modes.py``), ``folders:`` what folders of masks stand for,
      ``each:`` what each of its JSONs has one of, ``paths:`` a pattern of paths and a text near the beginning of such a
      file, ``texts:`` the folder of text files with outlines.
    * ``document``: the file to read in a folder that cocoseg wrote. ``folder``: whether a source is a folder.
      ``either``: it is a file with one image, or a folder of such files.
    * ``needs``: what has to be on disk, where the paths of a layout do not say so.
    * ``overlaps``: whether masks may overlap. ``things``, ``crowds``: whether instances and crowds are distinguished.
      ``holes``: whether masks may have holes.
    * ``layout``: the layout of a folder of label pictures. If the paths of its pictures show it, that is its sign.
    """

    module: str
    what: str
    options: tuple[str, ...]
    signs: tuple[str, ...]
    document: str = ""
    folder: bool = False
    either: bool = False
    overlaps: bool = False
    things: bool = True
    crowds: bool = True
    holes: bool = True
    layout: Layout | None = None
    needs: str = ""


def layout_format(layout: Layout) -> Format:
    """The row of a folder of label pictures."""
    return Format(
        layout.module,
        layout.what,
        layout.options,
        layout.signs,
        folder=True,
        things=layout.things,
        crowds=layout.crowds,
        layout=layout,
        needs=layout.needs,
    )


FORMATS = {
    "panoptic": Format(
        "cocoseg.formats.panoptic.reader",
        "COCO panoptic JSON with its PNGs",
        ("png_dir", "categories", "match", "check_areas", "keep_fields"),
        ("key:segments_info", "report:to-panoptic"),
        document="panoptic.json",
        needs="a JSON with `segments_info`, and its PNGs in the folder of its name",
    ),
    "coco": Format(
        "cocoseg.formats.coco.reader",
        "COCO detection JSON: instances, stuff, LVIS, results",
        (
            *("categories", "images", "photos", "match", "flatten", "basename", "keep_fields"),
            *("class_name", "min_score"),
        ),
        ("key:segmentation", "report:to-coco"),
        document="instances.json",
        overlaps=True,
        needs="a JSON with `segmentation`",
    ),
    "coco-folder": Format(
        "cocoseg.formats.coco.folder",
        "folder of COCO detection JSONs, one for each image (SA-1B)",
        ("categories", "photos", "keep_fields", "class_name", "min_score"),
        ("each:image",),
        folder=True,
        overlaps=True,
        needs="a JSON for each image",
    ),
    **{name: layout_format(layout) for name, layout in LAYOUTS.items()},
    "labelme": Format(
        "cocoseg.formats.labelme",
        "LabelMe JSON, one for each image",
        ("categories", "photos", "all_classes"),
        ("key:shapes",),
        either=True,
        overlaps=True,
        crowds=False,
        needs="a JSON for each image, or one",
    ),
    "cvat": Format(
        "cocoseg.formats.cvat",
        "CVAT for images 1.1 (annotations.xml)",
        ("categories", "photos", "split"),
        ("head:.xml <annotations",),
        overlaps=True,
        crowds=False,
        needs="`annotations.xml`",
    ),
    "supervisely": Format(
        "cocoseg.formats.supervisely",
        "Supervisely project (meta.json, ann/*.json)",
        ("categories", "photos", "split"),
        ('paths:*/ann/*.json "objects"', "key:classTitle"),
        either=True,
        overlaps=True,
        crowds=False,
        needs="`meta.json` and `<dataset>/ann/*.json`, or one JSON of `ann`",
    ),
    "label-studio": Format(
        "cocoseg.formats.label_studio.reader",
        "Label Studio JSON or JSON-MIN",
        ("categories", "photos"),
        ("key:original_width", "key:was_cancelled", "key:completed_by"),
        overlaps=True,
        crowds=False,
        needs="a JSON of tasks",
    ),
    "kaggle": Format(
        "cocoseg.formats.kaggle",
        "CSV of run lengths down columns, as Kaggle's (ImageId, EncodedPixels)",
        ("categories", "photos", "size", "class_name"),
        ("head:.csv EncodedPixels", "head:.csv encoded_pixels", "head:.csv ,rle"),
        overlaps=True,
        crowds=False,
        needs="a CSV, and the photos (`--photos`) or `--size`",
    ),
    "class-folders": Format(
        "cocoseg.formats.maps.class_folders",
        "folder of binary masks for each class",
        ("categories", "images", "split"),
        ("folders:class",),
        folder=True,
        overlaps=True,
        things=False,
        crowds=False,
        needs="a folder for each class, with a mask of 0 and 255 for each image",
    ),
    "instance-folders": Format(
        "cocoseg.formats.maps.instance_folders",
        "folder for each image, with a binary mask for each object",
        ("categories", "images", "split", "class_name"),
        ("folders:image",),
        folder=True,
        overlaps=True,
        crowds=False,
        needs="`<image>/masks/*.png`, with the photo in `<image>/images`",
    ),
    "via": Format(
        "cocoseg.formats.via",
        "VGG Image Annotator JSON (VIA 1 and 2)",
        ("categories", "photos", "label_key", "class_name"),
        ("key:_via_img_metadata", "key:shape_attributes", "key:file_attributes"),
        overlaps=True,
        crowds=False,
        holes=False,
        needs="a JSON or project of VIA, and the photos beside it or in `--photos`",
    ),
    "yolo": Format(
        "cocoseg.formats.yolo.reader",
        "YOLO-seg: data.yaml, photos and a text of outlines for each",
        ("categories", "split"),
        ("head:.yaml names", "head:.yml names", "texts:labels", "report:to-yolo"),
        either=True,
        overlaps=True,
        crowds=False,
        holes=False,
        needs="`data.yaml`, photos, and a text for each in `labels`; or folders `images` and `labels` alone",
    ),
    "masks": Format(
        "cocoseg.formats.masks.reader",
        "folder with one mask per instance",
        ("categories", "images"),
        ("report:to-masks", "table:masks.json", "names:<id>_<class>.png"),
        folder=True,
        overlaps=True,
        needs="a folder for each image, with a PNG for each object",
    ),
}
