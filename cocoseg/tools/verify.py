"""Checks that the files of a run are unchanged: the function behind ``cocoseg verify``."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from cocoseg import parallel
from cocoseg.errors import DocumentError, OutputError, Problem, SampleError, show
from cocoseg.files.documents import read_document
from cocoseg.files.names import JOURNAL, REPORT, relative_name
from cocoseg.files.places import (
    StrPath,
    base_name,
    check_shared,
    exists,
    is_folder,
    journal_place,
    parent,
    place,
)
from cocoseg.files.prefetch import prefetch
from cocoseg.options import Verifying, check_is_path, declared
from cocoseg.runs import journal
from cocoseg.runs.folder import Folder
from cocoseg.runs.folders import open_folder
from cocoseg.runs.journal import Journal
from cocoseg.runs.lock import Holder, named
from cocoseg.runs.report import Report
from cocoseg.runs.tally import Tally
from cocoseg.tools import coco, hf, masks, onehot, panoptic, semantic, shards, stacks, voc, yolo
from cocoseg.tools.summary import Summary


@dataclass
class Verification:
    """What was found: ``files`` of ``images`` were looked at, ``failures`` are those that are not as they were.

    A document about all images is one of the files. ``refused`` images were left out by the run, as its report says.
    The run is about ``listed`` images, where its journal says so. While it is ``"running"``, its files are not checked.
    """

    folder: str
    state: Literal["finished", "unfinished", "running"] = "finished"
    listed: int | None = None
    images: int = 0
    files: int = 0
    refused: int = 0
    failures: list[Problem] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether the run was finished, and every file is as it was written."""
        return not self.failures


class _Found(NamedTuple):
    files: int
    failures: tuple[Problem, ...]


@dataclass(frozen=True)
class _Checker:
    folder: Folder

    def __call__(self, lines: list[bytes]) -> list[_Found]:
        found = []
        with closing(prefetch(self._check, lines, self.folder.at_once)) as checks:
            for check in checks:
                found.append(check())
                if parallel.time_is_up():
                    break
        return found

    def lost(self, lines: list[bytes]) -> list[_Found]:
        """The problems of images at which a worker died."""
        keys = (journal.decode_row(line).key for line in lines)
        text = "the worker process died at its files; run again"
        return [_Found(0, (Problem("worker.died", f"{show(key)}: {text}", key),)) for key in keys]

    def _check(self, line: bytes) -> _Found:
        row, folder = journal.decode_row(line), self.folder
        wrong = [_problem(folder, name) for name, known in row.files.items() if not folder.holds(name, *known)]
        wrong += [_bad_link(folder, name, path) for name, path in row.links.items() if not folder.leads(name, path)]
        return _Found(len(row.files) + len(row.links), tuple(wrong))


def verify(out: StrPath, *, workers: int = 1) -> Verification:
    """Check every file of a finished run against its journal, by size and content.

    Raises OutputError ``out.no_run`` where no run has written.

    >>> verify("no such folder")
    Traceback (most recent call last):
    cocoseg.errors.OutputError: 'no such folder' does not exist; name the folder, or to-coco's JSON, that a run wrote
    """
    check_is_path("out", out)
    for row in declared(Verifying):
        row.check(workers)
    root = place(out)
    check_shared([root], workers)
    folder = open_folder(journal_place(root))
    holder, pages = folder.holder(), Journal(folder, results=_results())
    if not holder and not pages.pages():
        raise _no_run(root, folder)
    whole = [line for line in pages.load().values() if journal.is_finished(line)]
    found = Verification(folder.root, listed=pages.length())
    if holder:
        return _running(found, holder, len(whole))
    _check_run(found, folder, pages, whole)
    _check_files(found, folder, whole, workers)
    return found


def _results() -> dict[str, Any]:
    """The type of a row's result, by the command that writes it."""
    tallies: dict[Any, type[Tally]] = {
        semantic: Summary,
        onehot: Summary,
        masks: masks.MaskSummary,
        coco: coco.AnnotationSummary,
        panoptic: panoptic.PanopticSummary,
        yolo: yolo.YoloSummary,
        hf: stacks.HfSummary,
        voc: stacks.VocSummary,
        shards: shards.ShardSummary,
    }
    return {tool.COMMAND: tally.result for tool, tally in tallies.items()} | {hf.PARQUET: stacks.ParquetSummary.result}


def _no_run(out: str, folder: Folder) -> OutputError:
    name = show(out, 300)
    text = f"{name} holds no run of cocoseg, which has a folder {JOURNAL} and {REPORT}"
    if not exists(out):
        text = f"{name} does not exist; name the folder, or to-coco's JSON, that a run wrote"
    elif folder.has(REPORT):
        text = f"{name} holds {REPORT}, but its journal {JOURNAL} is missing; run the same command again to restore it"
    elif folder.root.endswith(f".json{JOURNAL}"):
        text = f"{name} holds no run of cocoseg: {show(folder.root, 300)}, the folder of its journal, is not there"
    elif not is_folder(out):
        text = f"{name} is a file, which holds no run of cocoseg; name the folder that a run wrote to"
    return OutputError("out.no_run", text)


def _running(found: Verification, holder: Holder, images: int) -> Verification:
    """The answer while a run is on: which process it is, and how far it has come."""
    found.state, found.images = "running", images
    text = f"{show(found.folder, 300)}: {named(holder)}, is writing to it; verify it when that run has ended"
    found.failures.append(Problem("verify.running", text))
    return found


def _check_files(found: Verification, folder: Folder, whole: list[bytes], workers: int) -> None:
    """Whether the files of all images are as they were written."""
    checker = _Checker(folder)
    checks = parallel.run(checker, whole, lost=checker.lost, workers=workers)
    with closing(checks):
        for _, rows in checks:
            found.images += len(rows)
            found.files += sum(row.files for row in rows)
            found.failures += [problem for row in rows for problem in row.failures]


def _check_run(found: Verification, folder: Folder, pages: Journal, whole: list[bytes]) -> None:
    """Whether the run is finished, and its journal, report and document as they were."""
    again = "run the same command again to finish it"
    if pages.runs() != {0}:
        found.state = "unfinished"
        done = f": {len(whole):,} of {found.listed:,} images are done" if found.listed else ""
        text = f"{show(folder.root, 300)}: the run was not finished{done}; {again}"
        found.failures.append(Problem("verify.unfinished", text))
        return
    found.failures += [
        Problem("verify.journal", f"{show(folder.path(name), 300)} is damaged; {again}") for name in pages.damaged
    ]
    try:
        report = read_document(folder.path(REPORT), Report, data=folder.read(REPORT))
    except (DocumentError, SampleError) as error:
        found.failures.append(Problem("verify.report", f"{error}; {again}"))
        return
    found.refused = report.counts.failed
    if report.counts.converted != len(whole):
        text = f"lists {report.counts.converted} images, the journal {len(whole)}"
        found.failures.append(Problem("verify.report", f"{show(folder.path(REPORT), 300)} {text}; {again}"))
    if report.document:
        found.files += 1
        found.failures += _document_problems(folder, *report.document)
    rest = [*report.documents, *report.files]
    found.files += len(rest)
    found.failures += [_problem(folder, row[0]) for row in rest if not folder.holds(*row)]


def _document_problems(folder: Folder, name: str, size: int, digest: str) -> list[Problem]:
    """What is wrong with the document about all images, which lies in the folder, or beside that of its journal."""
    own = base_name(folder.root)
    if own != JOURNAL and own.endswith(JOURNAL):
        folder, name = open_folder(parent(folder.root)), own.removesuffix(JOURNAL)
    elif not _is_inside(name):
        text = f"names a document {show(name)}, which is outside the folder; run the same command again"
        return [Problem("verify.report", f"{show(folder.path(REPORT), 300)} {text}")]
    return [] if folder.holds(name, size, digest, own=True) else [_problem(folder, name)]


def _is_inside(name: str) -> bool:
    try:
        return bool(relative_name(name))
    except SampleError:
        return False


def _bad_link(folder: Folder, name: str, path: str) -> Problem:
    text = f"{show(folder.path(name), 300)} is not a link to {show(path, 300)}, or nothing is there"
    return Problem("verify.link", f"{text}; run the same command again to restore it", name)


def _problem(folder: Folder, name: str) -> Problem:
    path = show(folder.path(name), 300)
    if not folder.has(name):
        return Problem("verify.missing", f"{path} is gone; run the same command again to restore it", name)
    text = f"{path} is not as it was written; run the same command again to restore it"
    return Problem("verify.changed", text, name)
