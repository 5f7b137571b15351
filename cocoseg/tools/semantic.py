"""Annotations to class maps: the function behind ``cocoseg to-semantic``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocoseg.files.places import StrPath
from cocoseg.formats.maps.writer import ClassMaps
from cocoseg.options import Reading, ToSemantic, part, takes
from cocoseg.runs.run import Work, run
from cocoseg.tools.running import running
from cocoseg.tools.scheme import Painting
from cocoseg.tools.sources import Source
from cocoseg.tools.summary import Summary

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-semantic"


@takes(ToSemantic)
def to_semantic(src: StrPath, out: StrPath, **options: Unpack[ToSemantic]) -> Summary:
    """Convert annotations to class maps ``out/<file_name>`` and a report ``out/cocoseg.json``.

    ``src`` is a panoptic JSON with its PNGs, a detection JSON (instances, stuff, LVIS, results), or a folder of label
    pictures; it, ``out`` and the other files may be URLs of storage that fsspec knows (``s3://bucket/folder``).
    An image that cannot be converted is left out and listed in the result's ``failures``.

    Repeat the call to resume an interrupted run; only changed images are converted again. ``executor`` is any object
    whose ``submit`` returns futures (Dask, MPI, loky, the standard pools); its workers must see ``src`` and ``out``
    under the same names. Call with more than one worker under ``if __name__ == "__main__":`` on platforms that spawn
    processes.

    Raises DocumentError, LabelError, UsageError before a picture is written, OutputError where none can be written.

    >>> to_semantic("fixtures/panoptic.json", "out", dry_run=True).images
    3
    """
    how = running(options)
    source = Source(src, part(Reading, options))
    painting = Painting.begin(source, options)
    scheme = painting.scheme
    convert = ClassMaps(scheme, scheme.palette if options["palette"] else ())
    head = painting.head({"palette": options["palette"]}, {"bits": 8 * scheme.dtype.itemsize})
    return run(Work(COMMAND, painting.dataset, convert, painting.summary(Summary), out, head), how)
