"""Runs the work of a command: one run at a time in a folder, resumed where the last one ended, with a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from cocoseg import parallel
from cocoseg.errors import DocumentError, OutputError, Problem, UsageError, show
from cocoseg.files.digests import digest
from cocoseg.files.documents import write_json
from cocoseg.files.names import JOURNAL, LOCK, REPORT
from cocoseg.files.places import StrPath, check_shared, place
from cocoseg.model import Dataset, Refused
from cocoseg.options import check_choice
from cocoseg.runs import journal
from cocoseg.runs.batch import is_temporary
from cocoseg.runs.document import Document, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.folders import create_folder, expect_folder, where_it_leads
from cocoseg.runs.journal import Journal, Row
from cocoseg.runs.lock import busy
from cocoseg.runs.report import Head, check_places, documents_of
from cocoseg.runs.tally import Tally, counted
from cocoseg.runs.write_errors import unseen
from cocoseg.runs.writer import Conversion, Part, Target, Writer
from cocoseg.version import __version__

T = TypeVar("T", bound=Tally)


@dataclass(frozen=True)
class How:
    """How a run is done: the options that all commands share.

    ``workers`` processes, or an ``executor``; ``time_limit`` seconds for an image; with ``strict``, problems are
    errors; ``dry_run`` writes nothing; ``limit`` is how many images to do; ``on_done`` is called with the tally
    so far after each part. Raises UsageError ``usage.*``.
    """

    workers: int | None = None
    executor: Executor | None = None
    overwrite: bool = False
    on_error: Literal["skip", "stop"] = "skip"
    time_limit: float = 300.0
    strict: bool = False
    dry_run: bool = False
    limit: int | None = None
    on_done: Callable[[Any], None] | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise UsageError("usage.workers", f"workers is {self.workers}, expected at least 1")
        if self.limit is not None and self.limit < 1:
            raise UsageError("usage.limit", f"limit is {self.limit}, expected at least 1 image")
        if not self.time_limit > 0:
            raise UsageError("usage.time_limit", f"time_limit is {self.time_limit}, expected seconds above 0")
        check_choice("on_error", self.on_error, ("skip", "stop"))

    @property
    def processes(self) -> int:
        """How many processes do the work, as far as is known."""
        return self.workers or (32 if self.executor else 1)


@dataclass(frozen=True)
class Work(Generic[T]):
    """What a run does: a data set through a conversion into a tally, and where the results go.

    * ``out``: the folder for files, journal and report, or a file whose journal is in the folder ``journal_in``.
      Without it nothing is written, and the tally is the only result.
    * ``head``: what the report begins with. ``document``: makes the file about all images, for the folder of the run.
      ``files``: small ones about the whole run, by their names, which are known before it.
    """

    command: str
    dataset: Dataset
    convert: Conversion
    tally: T
    out: StrPath | None = None
    head: Head = field(default_factory=lambda: Head([], {}))
    document: Callable[[Folder], Document] | None = None
    journal_in: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


def run(work: Work[T], how: How) -> T:
    """Do the work and return its tally.

    Raises UsageError where ``out`` lies among the sources, OutputError where nothing can be written, and under
    ``strict`` DocumentError for a problem of the source as a whole.
    """
    if how.strict and work.tally.problems:
        category, message, _ = work.tally.problems[0]
        raise DocumentError(category, f"{message} (refused by --strict)")
    work = _first(work, how.limit)
    work.tally.read_as = work.dataset.read_as
    if work.out is None:
        return _check(work, how)
    target = place(work.out)
    check_places(work.dataset, work.head.sources, target)
    check_shared([target, *work.dataset.folders], 2 if how.executor else how.processes)
    if how.on_error == "stop" and (refused := _first_refused(work.dataset)):
        return _stopped(work.tally, *refused)
    work.tally.notes += where_it_leads(target, is_file=work.journal_in is not None)
    if how.dry_run:
        return _try(work, how, expect_folder(work.journal_in or target))
    return _write(work, how, create_folder(work.journal_in or target))


def _first_refused(dataset: Dataset) -> tuple[int, Refused] | None:
    """The first entry that the source refuses, with its position, if there is one."""
    refused = ((number, entry) for number, entry in enumerate(dataset.entries) if isinstance(entry, Refused))
    return next(refused, None)


def _stopped(tally: T, number: int, refused: Refused) -> T:
    """The tally of a run that stops before it begins, because not all images can be converted."""
    tally.add(number, [Row(refused.key, failure=refused.problem)])
    tally.close(0.0)
    tally.begun = False
    return tally


def _first(work: Work[T], limit: int | None) -> Work[T]:
    """The work on the first images only."""
    if limit is None or limit >= len(work.dataset):
        return work
    work.tally.notes.append(f"only the first {counted(limit, 'image')} of {work.tally.listed:,} (--limit)")
    work.tally.listed = limit
    head = replace(work.head, options=work.head.options | {"limit": limit})
    return replace(work, dataset=work.dataset[:limit], head=head)


def _check(work: Work[T], how: How) -> T:
    """Do all of the work except writing."""
    began = time.monotonic()
    _through(work, how, None)
    work.tally.close(time.monotonic() - began)
    return work.tally


def _try(work: Work[T], how: How, folder: Folder) -> T:
    """Do all of the work except writing, against what is in the folder now."""
    began = time.monotonic()
    if holder := folder.holder():
        raise busy(folder.root, folder.path(LOCK), holder)
    _, target, lines = _begin(work, how, folder)
    _through(work, how, replace(target, trial=True), lines)
    work.tally.close(time.monotonic() - began)
    return work.tally


def _begin(work: Work[T], how: How, folder: Folder) -> tuple[Document | None, Target, dict[str, bytes]]:
    """The document, where and how to write, and the journal's lines by key. Raises OutputError ``out.*``."""
    document = work.document(folder) if work.document else None
    pages = _journal(work, folder, document)
    lines = pages.load()
    work.tally.notes += _left_out(folder, pages)
    if how.limit and len(lines) > how.limit:
        found = f"{show(folder.root, 300)} holds {counted(len(lines), 'image')}"
        text = f"--limit {how.limit} would drop {len(lines) - how.limit:,} of them; choose another OUT"
        raise UsageError("usage.limit", f"{found}; {text}")
    if not lines and not how.overwrite:
        _check_free(work, folder)
        document = document and _new(document, work.dataset)  # before the work, not after it
    place = document.place if document else None
    target = Target(folder, work.command, pages.next_run(), how.overwrite, place, len(work.dataset))
    return document, target, lines


def _new(document: Document, dataset: Dataset) -> Document:
    """The document, whose places have to be free. Raises OutputError ``out.exists``."""
    document = replace(document, is_new=True)
    for name in document.names(entry.key for entry in dataset.entries):
        replace(document, place=replace(document.place, name=name)).check_free()
    return document


def _check_free(work: Work[T], folder: Folder) -> None:
    """Refuse to replace files about the whole run that no known run wrote. Raises OutputError ``out.exists``."""
    for name, data in work.files.items():
        if folder.has(name) and not folder.holds(name, len(data), digest(data)):
            text = "exists already, and no known run of cocoseg wrote it; use --overwrite, or choose another OUT"
            raise OutputError("out.exists", f"{show(folder.path(name), 300)} {text}")


def _journal(work: Work[T], folder: Folder, document: Document | None) -> Journal:
    """The journal of the work, which holds only what this command writes."""
    texts = sum(isinstance(piece, Texts) for piece in document.pieces) if document else 0
    return Journal(folder, work.command, len(work.dataset), {work.command: work.tally.result}, texts)


def _left_out(folder: Folder, pages: Journal) -> list[str]:
    """A note about pages of the journal that are damaged, if there are any."""
    if not pages.damaged:
        return []
    where, what = show(folder.path(pages.damaged[0]), 300), counted(len(pages.damaged), "damaged page")
    return [f"left out {what} of the journal (the first is {where}); their images are compared and made again"]


def _write(work: Work[T], how: How, folder: Folder) -> T:
    """Write the files of all images, the journal, and at the end the report."""
    began, tally = time.monotonic(), work.tally
    head = work.head.as_dict(work.command)
    with folder.lock() as held:
        tally.notes += _clean(folder)
        document, target, lines = _begin(work, how, folder)
        if document:
            document.place.clean(held.before)
        _check_executor(how.executor, folder)
        _through(work, how, target, lines, held.beat)
        tally.close(time.monotonic() - began)
        _finish(work, folder, _journal(work, folder, document), head, document)
    return tally


def _through(
    work: Work[T],
    how: How,
    target: Target | None,
    lines: dict[str, bytes] | None = None,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """All parts through the conversion, into the tally; ``lines`` are those of the journal, by key."""
    known = [lines.get(entry.key) for entry in work.dataset.entries] if lines else ()
    writer = Writer(work.convert, target, how.time_limit, how.on_error == "stop", how.strict)
    whole = Part(work.dataset, known)
    results = parallel.run(writer, whole, lost=writer.lost, workers=how.processes, executor=how.executor)
    with closing(results):
        for first, rows in results:
            work.tally.add(first, rows)
            beat()
            if how.on_done:
                how.on_done(work.tally)
            if how.on_error == "stop" and any(row.failure for row in rows):
                return


def _check_executor(executor: Executor | None, folder: Folder) -> None:
    """Find out before the work that workers elsewhere have the same cocoseg and see the folder."""
    if executor is None:
        return
    try:
        version, seen = executor.submit(_probe, folder).result()
    except (ImportError, AttributeError) as error:
        text = f"the workers can't import cocoseg {__version__} ({error}); install it there"
        raise UsageError("workers.version", text) from None
    except (BrokenExecutor, CancelledError) as error:
        text = f"the executor can't work ({error or type(error).__name__})"
        raise OutputError("workers.gone", text) from None
    if version != __version__:
        text = f"the workers have cocoseg {version}, this is {__version__}; install the same"
        raise UsageError("workers.version", text)
    if not seen:
        raise unseen(folder.root)


def _probe(folder: Folder) -> tuple[str, bool]:
    return __version__, folder.is_seen()


def _clean(folder: Folder) -> list[str]:
    """Remove the temporary files that ended runs left."""
    left = folder.temporaries()
    folder.remove(left)
    return [f"removed {counted(len(left), 'temporary file')} of an ended run"] if left else []


def _finish(work: Work[T], folder: Folder, pages: Journal, head: dict[str, Any], document: Document | None) -> None:
    """Write the document, the journal of the whole data set and the report, then remove what they replace."""
    _clean(folder)  # after workers that died
    tally, done = work.tally, _done(work, folder, pages)
    names = list(folder.names())
    replaced = _old_documents(document, folder, pages, done, forget=tally.complete)
    names = [name for name in names if name not in replaced]
    tally.problems += _strays(folder, names, work, done, document)
    if tally.complete:
        if document:
            done, known = _write_document(document, done)
            replaced += [*pages.texts(), *pages.notes()]
            head = head | _about_documents(document, known)
        head = head | _write_files(work, folder)
        replaced += pages.settle(done)
    _save_report(folder, tally, write_json(head | tally.as_dict()))
    folder.remove(replaced)
    if tally.failures and not tally.images and all(row.category == "out.write" for row in tally.failures):
        raise OutputError(tally.failures[0].category, tally.failures[0].message)


def _done(work: Work[T], folder: Folder, pages: Journal) -> list[bytes]:
    """The journal's lines in the order of the data set. Raises OutputError where it lacks images that were written."""
    lines, failed = pages.load(), work.tally.failed_keys
    keys = [entry.key for entry in work.dataset.entries if entry.key in lines]
    converted = sum(key not in failed for key in keys)
    if converted < work.tally.images:  # there may be more, of parts that ended after the run was stopped
        missing = counted(work.tally.images - converted, "image")
        text = f"lacks {missing} that were written to it; run the same command again to complete it"
        raise OutputError("out.journal", f"the journal in {show(folder.root, 300)} {text}")
    # The files of an image that failed this time stay the run's own, to be replaced.
    return [journal.forgotten(lines[key]) if key in failed else lines[key] for key in keys]


def _about_documents(document: Document, known: Mapping[str, tuple[int, str]]) -> dict[str, Any]:
    """What the report says of the documents: name, size and digest."""
    rows = [[name, *row] for name, row in known.items()]
    return {"documents": rows} if "{}" in document.place.name else {"document": rows[0]}


def _write_files(work: Work[T], folder: Folder) -> dict[str, Any]:
    """Write the files about the whole run; what the report says of them."""
    for name, data in work.files.items():
        folder.save(name, data)
    rows = [[name, len(data), digest(data)] for name, data in work.files.items()]
    return {"files": rows} if rows else {}


def _old_documents(
    document: Document | None, folder: Folder, pages: Journal, lines: Sequence[bytes], forget: bool
) -> list[str]:
    """The documents that earlier runs wrote and this one does not, as it has other parts.

    They are noted, for the report that knows them is replaced before they are removed; so are all, unless the next
    report knows the others (``forget``).
    """
    if document is None or "{}" not in document.place.name:
        return []
    now = set(document.names(journal.decode_row(line).key for line in lines))
    known = [row for row in dict.fromkeys([*documents_of(folder), *pages.documents()]) if folder.holds(*row)]
    old = [row for row in known if row[0] not in now]
    for row in old if forget else known:
        folder.save(*journal.note(*row))
    return [row[0] for row in old]


def _write_document(document: Document, lines: Sequence[bytes]) -> tuple[list[bytes], dict[str, tuple[int, str]]]:
    """The documents of all images that did not fail; returns all rows, and sizes and digests by name."""
    finished = {number: line for number, line in enumerate(lines) if journal.is_finished(line)}
    now, known = document.write(list(finished.values()))
    finished.update(zip(finished, now, strict=True))
    return [finished.get(number, line) for number, line in enumerate(lines)], known


def _strays(
    folder: Folder, names: Sequence[str], work: Work[T], done: Sequence[bytes], document: Document | None
) -> list[Problem]:
    """A warning about files in the folder that this run did not write."""
    known = {REPORT, *work.tally.own, *work.files}
    found = [name for name in names if not (name in known or name.startswith(f"{JOURNAL}/") or is_temporary(name))]
    ours = _own_names(work, done, document) if found else set()
    found = [name for name in found if name not in ours]
    if not found:
        return []
    some = ", ".join(show(name) for name in found[:5]) + (", ..." if len(found) > 5 else "")
    return [Problem("out.stray", f"{show(folder.root, 300)}: not of this run: {counted(len(found), 'file')}: {some}")]


def _own_names(work: Work[T], done: Sequence[bytes], document: Document | None) -> set[str]:
    """The files and links of all images, and their documents."""
    rows = list(map(journal.decode_row, done))
    ours = {name for row in rows for name in (*row.files, *row.links)}
    ours |= {name for key in work.tally.failed_keys for name in work.tally.names(key)}
    return ours | set(document.names(row.key for row in rows) if document else ())


def _save_report(folder: Folder, tally: Tally, data: bytes) -> None:
    """Write the report, but do not replace that of other files which stay in the folder."""
    stays = any(failure.category == "out.exists" for failure in tally.failures)
    if stays and folder.has(REPORT):
        text = f"{REPORT} is left as it was, since files of an earlier run stay; use --overwrite to replace them"
        tally.problems.append(Problem("out.exists", text))
        return
    folder.save(REPORT, data)
