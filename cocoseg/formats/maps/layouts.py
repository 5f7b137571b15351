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
    "categories (--categories); if a colour stands for each class, the table of the colours (--colors); if the colours "
    "are segment ids, give their panoptic JSON"
)
_NO_CONFIG = "config_v2.0.json, which lists the classes, is not beside the folders of the splits; put it there"

_NO_SYNTHIA_AL = (
    "nothing lists the classes of SYNTHIA-AL, whose numbers are its own; name them with --categories (id,name)"
)

_VOC_BORDER = 224 | 224 << 8 | 192 << 16  # as a colour
ANY = "{stem}.png"

_ADE = r"{split}/{stem:(?:.+/)?ADE_\w+_\d{{8}}}_seg.png"
_COCO = r"{split:(?:train|val|test)(?:20\d\d)?}"
_SF_PHOTOS = "{split}/RGBLeft/{stem}.png"


class Files(NamedTuple):
    """The label pictures of a layout.

    * ``path``: their path under the root. ``{split}`` is a folder called as a split, ``{stem}`` any path, and a part in
      brackets may be missing, as ``[gtFine/][{split}/]{stem}_gtFine_instanceIds.png``.
    * ``code``: how a pixel encodes class and instance, a key of ``codes.CODES``.
    * ``numbers``: the path of the picture of instance numbers, if there is a second one; ``numbering``: what its
      numbers are, a key of ``numbering.NUMBERINGS``.
    * ``table``: the class table, if it is not the layout's. ``labels``: the preset whose numbers the pictures hold, if
      these are not the ids of the table.
    * ``asked``: such a path is read only if the user names the format.
    * ``beside``: a file at the root, or a folder with a slash, without which the path says nothing.
    * ``void``, ``photos``: as those of the layout, if they differ.
    """

    path: str
    code: str = "plain"
    numbers: str = ""
    numbering: str = "plain"
    table: str = ""
    labels: str = ""
    beside: str = ""
    asked: bool = False
    void: tuple[int, ...] | None = None
    photos: str = ""


class Layout(NamedTuple):
    """A kind of folder.

    * ``what``, ``signs``, ``options``, ``needs``: as in ``Format``.
    * ``files``: the kinds of label pictures. If several are there, the first one is read.
    * ``table``: the class table. Without one, options give the meaning, and ``advice`` names them.
    * ``config``: files at the root that list the classes; the first that is there replaces the table.
    * ``foreign``: files at the root that give other classes to the pictures, in a way that is not read here.
    * ``binary``: whether the pictures may also be binary masks of 0 and 255.
    * ``void``: values that are void unless they are listed. ``no_number``: instance numbers that mean none.
    * ``background``: the value of background, if the layout distinguishes it from void.
    * ``photos``: the path of a picture's photo; of several, divided by ``|``, that of a photo that is there. ``lists``:
      the path of the list of a split's pictures.
    * ``things``, ``crowds``: whether instances and crowds are distinguished.
    * ``module``: the reader. ``fallback``: other layouts of the same data set are read where they are there.
    """

    what: str
    signs: tuple[str, ...] = ()
    options: tuple[str, ...] = ("categories", "images", "split", "all_classes")
    files: tuple[Files, ...] = (Files(ANY),)
    table: str = ""
    config: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    binary: bool = False
    advice: str = _NO_MEANING
    void: tuple[int, ...] = (0, 255)
    no_number: tuple[int, ...] = ()
    background: int | None = None
    photos: str = ""
    lists: str = ""
    things: bool = True
    crowds: bool = True
    module: str = "cocoseg.formats.maps.reader"
    fallback: bool = False
    needs: str = ""

    @property
    def is_placed(self) -> bool:
        """Whether the paths of its pictures show what they are."""
        return all(kind.path != ANY for kind in self.files)


LAYOUTS = {
    # CVAT's and Datumaro's masks: the colours of labelmap.txt, and a colour for each object
    "cvat-masks": Layout(
        "masks of CVAT (SegmentationClass, SegmentationObject, labelmap.txt)",
        options=("categories", "images", "split", "colors", "tolerance"),
        files=(
            Files(
                "SegmentationClass/{stem}.png",
                "colors",
                numbers="SegmentationObject/{stem}.png",
                beside="labelmap.txt",
            ),
        ),
        void=(_VOC_BORDER,),
        no_number=(_VOC_BORDER,),
        photos="JPEGImages/{stem}.jpg",
        lists="ImageSets/Segmentation/{split}.txt",
        crowds=False,
    ),
    # VOC2012's devkit_doc.pdf: value n of SegmentationObject is object n, 255 the border of objects in both
    "voc": Layout(
        "Pascal VOC (SegmentationClass, SegmentationObject)",
        ("report:to-voc",),
        files=(
            Files("SegmentationClass/{stem}.png", numbers="SegmentationObject/{stem}.png"),
            Files("SegmentationClassPNG/{stem}.png", numbers="SegmentationObjectPNG/{stem}.png"),  # labelme2voc.py
        ),
        table="voc",
        config=("class_names.txt",),
        foreign=("labelmap.txt", "class_dict.csv", "label_colors.txt", "_classes.csv", "dataset_meta.json"),
        void=(255,),
        no_number=(255,),
        background=0,
        photos="JPEGImages/{stem}.jpg",
        lists="ImageSets/Segmentation/{split}.txt",
        crowds=False,
    ),
    # cityscapesScripts' README, helpers/labels.py, preparation/json2instanceImg.py, createTrainIdInstanceImgs.py
    "cityscapes": Layout(
        "Cityscapes (gtFine, gtCoarse)",
        files=(
            Files("[gtFine/][{split}/]{stem}_gtFine_instanceIds.png", "thousands"),
            Files("[gtFine/][{split}/]{stem}_gtFine_labelIds.png"),
            Files("[gtFine/][{split}/]{stem}_gtFine_labelTrainIds.png", labels="cityscapes"),
            Files("[gtCoarse/][{split}/]{stem}_gtCoarse_instanceIds.png", "thousands"),
            Files("[gtCoarse/][{split}/]{stem}_gtCoarse_labelIds.png"),
            Files("[gtCoarse/][{split}/]{stem}_gtCoarse_labelTrainIds.png", labels="cityscapes"),
        ),
        table="cityscapes",
        void=(),
        photos="leftImg8bit/{split}/{stem}_leftImg8bit.png",
    ),
    # AutoNUE public-code's README and preperation/createLabels.py, whose --id-type is part of the names
    "idd": Layout(
        "IDD (gtFine)",
        files=(
            Files("[gtFine/][{split}/]{stem}_gtFine_instancelevel3Ids.png", "thousands"),
            Files("[gtFine/][{split}/]{stem}_gtFine_labellevel3Ids.png"),
            Files("[gtFine/][{split}/]{stem}_gtFine_instanceids.png", "thousands", table="idd_ids"),
            Files("[gtFine/][{split}/]{stem}_gtFine_labelids.png", table="idd_ids"),
            Files("[gtFine/][{split}/]{stem}_gtFine_labellevel1Ids.png", table="idd_lite"),
            Files("[gtFine/][{split}/]{stem}_gtFine_labelcsTrainIds.png", table="cityscapes", labels="cityscapes"),
        ),
        table="idd",
        void=(255,),
        photos="leftImg8bit/{split}/{stem}_leftImg8bit.png|leftImg8bit/{split}/{stem}_leftImg8bit.jpg",
    ),
    # evaluation/idd_lite_evaluate_mIoU.py leaves out _inst_label.png, which holds the same numbers as _label.png
    "idd-lite": Layout(
        "IDD-Lite",
        files=(Files("gtFine/[{split}/]{stem:.+(?<!_inst)}_label.png"),),
        table="idd_lite",
        void=(255,),
        photos="leftImg8bit/{split}/{stem}_image.jpg",
        things=False,
        crowds=False,
    ),
    # helpers/annotation.py and preparation/json2instanceImg.py of both; the drives of IDD have numbers, towns names
    "idd-polygons": Layout(
        "IDD polygons (gtFine)",
        files=(Files(r"[gtFine/][{split}/]{stem:\d+/.+}_gtFine_polygons.json"),),
        table="idd",
        void=(255,),
        photos="leftImg8bit/{split}/{stem}_leftImg8bit.png|leftImg8bit/{split}/{stem}_leftImg8bit.jpg",
        module="cocoseg.formats.maps.polygons",
        fallback=True,
    ),
    "cityscapes-polygons": Layout(
        "Cityscapes polygons (gtFine, gtCoarse)",
        files=(
            Files("[gtFine/][{split}/]{stem}_gtFine_polygons.json"),
            Files("[gtCoarse/][{split}/]{stem}_gtCoarse_polygons.json"),
        ),
        table="cityscapes",
        void=(0,),
        photos="leftImg8bit/{split}/{stem}_leftImg8bit.png",
        module="cocoseg.formats.maps.polygons",
        fallback=True,
    ),
    # The data set's devkit: the ids of Cityscapes
    "kitti": Layout(
        "KITTI semantics (semantic, instance)",
        files=(
            Files("{split:training}/instance/{stem}.png", "by-256"),
            Files("{split:training}/semantic/{stem}.png"),
        ),
        table="cityscapes",
        void=(255,),
        photos="{split}/image_2/{stem}.png",
    ),
    # The data set's README and demo.py. The first releases have no folder of the version.
    "mapillary": Layout(
        "Mapillary Vistas v1.2",
        files=(
            Files("{split}/v1.2/instances/{stem}.png", "by-256-from-0"),
            Files("{split}/v1.2/labels/{stem}.png"),
            Files("{split}/instances/{stem}.png", "by-256-from-0", beside="config.json"),
            Files("{split}/labels/{stem}.png", beside="config.json"),
        ),
        table="mapillary",
        config=("config_v1.2.json", "config.json"),
        void=(),
        photos="{split}/images/{stem}.jpg",
        crowds=False,
    ),
    "mapillary-v2": Layout(
        "Mapillary Vistas v2.0",
        files=(
            Files("{split}/v2.0/instances/{stem}.png", "by-256-from-0"),
            Files("{split}/v2.0/labels/{stem}.png"),
        ),
        config=("config_v2.0.json",),
        advice=_NO_CONFIG,
        void=(),
        photos="{split}/images/{stem}.jpg",
        crowds=False,
    ),
    # sceneparsing's README and objectInfo150.txt
    "ade20k": Layout(
        "ADE20K SceneParsing-150",
        files=(
            Files(r"annotations/[{split}/]{stem:ADE_\w+_\d{{8}}}.png"),
            Files(r"[{split}/]{stem:ADE_\w+_\d{{8}}}.png", asked=True),  # predictions are called so too
        ),
        table="ade20k",
        void=(0,),
        photos="images/{split}/{stem}.jpg",
        things=False,
        crowds=False,
    ),
    # ADE20K's utils/utils_ade20k.py; the parts of objects lie in _parts_1.png and so on
    "ade20k-full": Layout(
        "ADE20K, the full set (2016, 2017, 2021)",
        files=(
            Files(f"images/ADE/{_ADE}", "ade", photos="images/ADE/{split}/{stem}.jpg"),
            Files(f"images/{_ADE}", "ade"),
        ),
        table="ade20k_full",
        void=(0,),
        photos="images/{split}/{stem}.jpg",
        crowds=False,
    ),
    # The READMEs of RAND-CITYSCAPES, the video sequences (SEQS) and SF. The classes of AL are not those of the others.
    # Names of SEQS have 6 digits; without Stereo_Left they must not pass for RAND's, whose numbers are others.
    "synthia": Layout(
        "SYNTHIA (16-bit class and instance)",
        files=(
            Files("GT/LABELS/{stem:Stereo_(?:Left|Right)/.+}.png", "synthia", table="synthia_seqs"),
            Files(r"GT/LABELS/{stem:(?:(?!/).)+|.+/\d{{7}}}.png", "synthia", table="synthia"),
            Files(r"[{split:SEQ\d+}/]GTLeft/{stem}.png", "synthia", table="synthia_sf", photos=_SF_PHOTOS),
            Files("SemSeg/{stem}.png", "synthia", beside="Depth/"),
        ),
        advice=_NO_SYNTHIA_AL,
        void=(0,),
        photos="RGB/{stem}.png",
    ),
    # BDD100K's doc/source/format.rst, label/to_mask.py and label/to_coco_panseg.py
    "bdd100k": Layout(
        "BDD100K (pan_seg, ins_seg, sem_seg)",
        files=(
            Files("labels/pan_seg/bitmasks/{split}/{stem}.png", "bdd", table="bdd_panoptic", void=(0,)),
            Files("labels/ins_seg/bitmasks/{split}/{stem}.png", "bdd", table="bdd_instances", void=(0,)),
            Files("labels/sem_seg/masks/{split}/{stem}.png", table="bdd_semantic"),
        ),
        void=(255,),
        photos="images/10k/{split}/{stem}.jpg",
    ),
    # cocostuff's README and cocostuffapi's cocostuffhelper.py
    "coco-stuff": Layout(
        "COCO-Stuff (stuffthingmaps, stuff pixelmaps)",
        files=(
            Files(f"stuffthingmaps/{_COCO}/{{stem}}.png", table="coco_stuff", labels="cocostuff"),
            Files(r"[annotations/]stuff_{split:\w+}_pixelmaps/{stem}.png", table="coco_pixelmaps"),
        ),
        void=(0,),
        photos="{split}/{stem}.jpg|images/{split}/{stem}.jpg",
        things=False,
        crowds=False,
    ),
    # PortraitNet's data/datasets_portraitseg.py, which takes 2 for background
    "eg1800": Layout(
        "EG1800 (APSIS portraits)",
        files=(Files("Labels/{stem}.png", beside="eg1800_train.txt"),),
        table="portrait",
        binary=True,
        void=(2,),
        background=0,
        photos="Images/{stem}.png|Images/{stem}.jpg",
        lists="eg1800_{split}.txt",
        things=False,
        crowds=False,
    ),
    # APSIS as its authors give it
    "apsis": Layout(
        "APSIS portraits (images_mask/*.mat)",
        files=(Files(r"images_mask/{stem}_mask.mat", "mat"),),
        table="portrait",
        void=(),
        background=0,
        photos="images_data_crop/{stem}.jpg",
        lists="{split}list.mat",
        things=False,
        crowds=False,
    ),
    # What to-semantic writes, and any other folder of class maps.
    "semantic": Layout(
        "folder of class maps",
        ("report:to-semantic", "mode:0", "mode:3", "mode:4", "mode:equal"),
        (
            *("categories", "images", "source_labels", "instances", "instance_code", "class_name", "split"),
            *("suffix", "tolerance"),
        ),
        files=(Files(ANY, "numbers"),),
        things=False,
        crowds=False,
    ),
    # What models put out before argmax
    "scores": Layout(
        "folder of scores of classes (probabilities or logits, .npy or .npz)",
        ("mode:scores",),
        ("categories", "images", "source_labels", "split", "suffix"),
        files=(Files(ANY, "scores"),),
        needs="an array (C, H, W) or (H, W, C) of floats for each image, `.npy` or `.npz`",
        things=False,
        crowds=False,
    ),
    # A colour for each class, by a table that is given or found.
    "colors": Layout(
        "folder of label pictures in colours",
        ("mode:colors",),
        ("categories", "images", "split", "colors", "tolerance", "suffix", "all_classes"),
        files=(Files(ANY, "colors"),),
        void=(),
        things=False,
        crowds=False,
    ),
    # panopticapi's CONVERTERS.md and converters/2channels2panoptic_coco_format.py
    "two-channel": Layout(
        "folder of 2-channel PNGs (category, instance)",
        ("mode:2", "mode:6"),
        ("categories", "images", "split", "suffix"),
        files=(Files(ANY, "two-channel"),),
        advice=_NO_CATEGORIES,
        void=(0,),
        crowds=False,
    ),
}


def of_kind(layout: Layout, kind: Files) -> Layout:
    """The layout with what is different for a kind of its label pictures."""
    void = layout.void if kind.void is None else kind.void
    return layout._replace(table=kind.table or layout.table, void=void, photos=kind.photos or layout.photos)
