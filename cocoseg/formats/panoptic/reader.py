"""Reads COCO panoptic: a JSON that lists segments, and an 8-bit RGB PNG per image whose colours are segment ids.

    {"images": [{"id", "height", "width"}], "categories": [{"id", "name", "isthing", "color"}],
     "annotations": [{"image_id", "file_name", "segments_info": [{"id", "category_id", "area", "iscrowd"}]}]}

id = R + 256 G + 65536 B, unique in its image; 0 is void; every other id of the PNG is listed, and every listed id has
pixels (panopticapi ``utils.py``, ``evaluation.py``; https://cocodataset.org/#format-data). The PNGs are in a folder
with the name of the JSON, without its extension. Files are accepted as they are found in practice: ``annotations``
alone, a bare list of them, a single annotation object, string image ids, missing ``area``, ``bbox``, ``iscrowd``,
``images``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Raw

from cocoseg.codecs.panoptic import VOID, check_ids, ids_from_rgb, listed_runs
from cocoseg.codecs.regions import Regions, runs
from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places, png
from cocoseg.files.documents import Int64, parse_part, repeated_key
from cocoseg.files.png.runs import PictureRuns, id_runs
from cocoseg.formats.coco_json.images import Match
from cocoseg.formats.coco_json.scalars import Taken, flag, number, whole
from cocoseg.formats.panoptic.index import Index, read_index
from cocoseg.formats.survey import Peek, header_size
from cocoseg.model import Conventions, Dataset, Entry, Loader, Refused, Sample


class Segment(msgspec.Struct, gc=False):
    """One row of ``segments_info``, without the fields that are not needed."""

    id: Int64
    category_id: Int64
    area: int | float | None = None
    iscrowd: int | bool | None = 0


_CROWDLESS = "iscrowd (no segment is a crowd)"
FAR = 10  # an area that is this many times off is an error

_SEGMENTS = msgspec.json.Decoder(list[Segment])
_SEGMENT = msgspec.json.Decoder(Segment)
_ROWS = msgspec.json.Decoder(list[Raw])
_KINDS = {"id": whole, "category_id": whole, "area": number, "iscrowd": flag}


def read(
    path: str | os.PathLike[str],
    *,
    png_dir: str | os.PathLike[str] | None = None,
    categories: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Dataset:
    """A panoptic JSON as a Dataset. The options are those of ``cocoseg.read``.

    Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.*``.
    """
    dataset = glance(path, png_dir=png_dir, categories=categories, **options)
    _check_pictures(dataset.source, dataset.folders[0], dataset.entries)
    return dataset


def glance(
    path: str | os.PathLike[str],
    *,
    png_dir: str | os.PathLike[str] | None = None,
    categories: str | os.PathLike[str] | None = None,
    match: Match = "id",
    check_areas: bool = True,
    keep_fields: bool = False,
) -> Dataset:
    """As ``read``, but for a survey: the PNGs may be missing."""
    source = os.fspath(path)
    index = read_index(source, categories, match)
    folder = png_folder(source, png_dir)
    return Dataset(
        index.categories,
        index.entries,
        Loader(source, (folder,), Pictures(check_areas, keep_fields), settings=f"{check_areas} {keep_fields}"),
        conventions=Conventions(ids="picture"),
        problems=index.problems,
        missing=_missing(index),
        about=index.about,
    )


def png_folder(source: str, png_dir: str | os.PathLike[str] | None = None) -> str:
    """The folder of the PNGs of a JSON: ``png_dir``, or the folder with the name of the JSON."""
    return places.without_suffix(source) if png_dir is None else os.fspath(png_dir)


def _check_pictures(source: str, folder: str, entries: Sequence[Entry | Refused]) -> None:
    """Raises DocumentError ``file.missing`` if not a single PNG exists."""
    usable = [entry for entry in entries if isinstance(entry, Entry)]
    names = [entry.files[0] for entry in usable]
    if not names or places.exists(places.join(folder, names[0])):
        return
    if any(map(places.lookup(folder), names)):
        return
    what = f"none of the {len(names)} PNGs is in {show(folder, 300)}; is --png-dir right?"
    if not places.is_folder(folder):
        what = f"the PNGs' folder {show(folder, 300)} does not exist; name it with --png-dir"
    beside = places.parent(source)
    if places.exists(places.join(beside, names[0])):
        what += f"; {show(names[0])} is beside the JSON: use --png-dir {beside}"
    raise DocumentError("file.missing", f"{source}: {what}")


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image: its rows, whether its PNG exists, and the size of the PNG if the JSON has none."""
    (folder,) = dataset.folders
    is_there = places.lookup(folder, os.path.exists)

    def look(entry: Entry) -> Peek:
        segments, there = parse_segments(entry), is_there(entry.files[0])
        lacks = ["areas of segments in {n} images"] if any(segment.area is None for segment in segments) else []
        lacks += [] if there else [f"{{n}} of {len(dataset)} PNGs in {folder}"]
        size = entry.size or (header_size(places.join(folder, entry.files[0])) if there else None)
        crowds = sum(bool(segment.iscrowd) for segment in segments)
        return Peek(size, [segment.category_id for segment in segments], crowds, tuple(lacks))

    return look


def _missing(index: Index) -> tuple[str, ...]:
    unsized = all(isinstance(entry, Refused) or entry.size is None for entry in index.entries)
    found = ["image sizes (those of the PNGs are used)"] if unsized else []
    found += [f"annotations of {index.unannotated} images"] if index.unannotated else []
    return (*found, *([_CROWDLESS] if _is_crowdless(index) else []))


def _is_crowdless(index: Index) -> bool:
    """Whether there are segments, and not one says whether it is a crowd."""
    bodies = [entry.body for entry in index.entries if isinstance(entry, Entry) and isinstance(entry.body, Raw)]
    return any(b"{" in bytes(body) for body in bodies) and not any(b'"iscrowd"' in bytes(body) for body in bodies)


@dataclass(frozen=True)
class Pictures:
    """Makes samples from PNGs and their segments.

    With ``check_areas``, areas that are far off are an error. With ``keep_fields``, segments keep their rows.
    """

    check_areas: bool = True
    keep_fields: bool = False

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """The PNG is checked against its segments. Raises SampleError."""
        (picture,) = files
        taken = Taken(place)
        segments = _without_void(parse_segments(entry, taken), taken)
        ids = np.array([segment.id for segment in segments], np.int64)
        check_ids(ids)
        regions = _read_regions(picture, entry.size, ids)
        wrong = _wrong_areas(segments, regions, picture)
        if self.check_areas:
            _check_areas(wrong)
        return Sample(
            entry.key,
            entry.image_id,
            ids,
            category_ids=np.array([segment.category_id for segment in segments], np.int64),
            iscrowd=np.array([bool(segment.iscrowd) for segment in segments], np.bool_),
            shapes=regions,
            place=place,
            problems=(*taken.problems, *_area_problems(wrong, place)),
            file_name=entry.file_name,
            row=entry.row,
            rows=_rows(entry.body, segments) if self.keep_fields else None,
        )


def _read_regions(picture: bytes, size: tuple[int, int] | None, ids: npt.NDArray[np.int64]) -> Regions:
    """The segments of a PNG, read as runs if it can be. Raises SampleError."""
    found = id_runs(picture, size)
    if found is None:
        id_map = ids_from_rgb(png.read_picture(picture, size))
        found = PictureRuns((id_map.shape[0], id_map.shape[1]), *runs(id_map.reshape(-1)))
    try:
        return listed_runs(found.size, found.values, found.lengths, ids.astype(np.uint32), found.numbers)
    except SampleError:
        png.verify_stream(picture)  # if the file is damaged, that is the better explanation
        raise


def _rows(body: Raw, segments: Sequence[Segment]) -> list[Raw] | None:
    """The rows of the segments, undecoded; None if some are void."""
    rows = _ROWS.decode(body)
    return rows if len(rows) == len(segments) else None


def parse_segments(entry: Entry, taken: Taken | None = None) -> list[Segment]:
    """The rows of an entry's ``segments_info``. Raises SampleError ``doc.*``, ``id.*``, ``json.nonfinite``."""
    try:
        segments = _parsed(entry.body, taken or Taken(""))
    except SampleError as error:
        raise SampleError(
            error.category, f"segments_info{'' if error.message.startswith('[') else ': '}{error.message}"
        ) from None
    if key := repeated_key(entry.body, "id", "category_id", times=len(segments)):
        raise SampleError("json.duplicate_key", f"segments_info: a segment has {key!r} twice; keep one of them")
    return segments


def _parsed(body: Raw, taken: Taken) -> list[Segment]:
    """The rows all at once, or else one by one, with what is unambiguous taken. Raises the error of the first."""
    try:
        return parse_part(body, _SEGMENTS)
    except SampleError:
        try:
            rows = _ROWS.decode(body)
        except msgspec.MsgspecError:
            rows = []
        try:
            found = [taken.parse(row, _SEGMENT, _KINDS, f"segments_info[{k}]") for k, row in enumerate(rows)]
        except SampleError:
            found = []
        if not found:
            raise
        return found


def _without_void(segments: Sequence[Segment], taken: Taken) -> Sequence[Segment]:
    """The segments without id 0, which is void, as panopticapi takes it."""
    for position, segment in enumerate(segments):
        if segment.id == VOID:
            taken.note("id.range", f"segments_info[{position}].id is 0, which is void; its pixels are not labelled")
    return [segment for segment in segments if segment.id != VOID]


def _wrong_areas(segments: Sequence[Segment], regions: Regions, data: bytes) -> list[tuple[Segment, int]]:
    """The segments with a wrong area, and their pixels. Raises SampleError if a segment has none."""
    found = regions.areas[:-1]
    if not found.all():
        segment = segments[int(np.flatnonzero(found == 0)[0])]
        png.verify_stream(data)
        raise SampleError(
            "panoptic.missing_segment",
            f"segment {segment.id} (category_id {segment.category_id}) is listed, but no pixel of the PNG has its id; "
            "drop it from segments_info",
        )
    wrong = [(s, area) for s, area in zip(segments, found.tolist(), strict=True) if s.area != area]
    if wrong:
        png.verify_stream(data)
    return [(segment, area) for segment, area in wrong if segment.area is not None]


def _check_areas(wrong: Sequence[tuple[Segment, int]]) -> None:
    """Raises SampleError ``panoptic.area`` if an area is so far off that the PNG may be another image's."""
    for segment, area in wrong:
        stated = segment.area or 0
        if stated > 0 and (stated >= area * FAR or area >= stated * FAR):
            text = f"segment {segment.id} says area {show(segment.area)}, but has {area} pixels in the PNG"
            advice = f"{FAR} times as many or few may be another image; --no-check-areas takes them"
            raise SampleError("panoptic.area", f"{text}; {advice}")


def _area_problems(wrong: Sequence[tuple[Segment, int]], place: str) -> tuple[Problem, ...]:
    if not wrong:
        return ()
    segment, area = wrong[0]
    rest = f" ({len(wrong)} segments differ)" if len(wrong) > 1 else ""
    return (
        Problem(
            "panoptic.area",
            f"{place}: segment {segment.id} says area {show(segment.area)}, but has {area} pixels in the PNG{rest}; "
            "the pixels were used",
        ),
    )
