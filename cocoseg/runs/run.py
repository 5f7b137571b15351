"""How every conversion goes: one at a time in its folder, on from where the last one ended, a report at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from cocoseg import parallel
from cocoseg.errors import OutputError, Problem, UsageError, show
from cocoseg.files.documents import write_json
from cocoseg.files.names import JOURNAL, REPORT
from cocoseg.files.places import StrPath, check_shared, place
from cocoseg.model import Dataset
from cocoseg.runs import journal
from cocoseg.runs.document import Document, Place
from cocoseg.runs.folder import Folder
from cocoseg.runs.folders import create_folder
from cocoseg.runs.journal import Journal
from cocoseg.runs.report import Head, check_places
from cocoseg.runs.tally import Tally, counted
from cocoseg.runs.write_errors import unseen
from cocoseg.runs.writer import Conversion, Part, Target, Writer
from cocoseg.version import __version__

T = TypeVar("T", bound=Tally)


@dataclass(frozen=True)
class Run(Generic[T]):
    """How a conversion is to be done: the options that all commands share.

    ``workers`` processes, or an ``executor``; ``time_limit`` seconds for an image; ``dry_run`` does all but writing.
    ``on_done`` is called with the result so far after each part.
    """

    workers: int | None = None
    executor: Executor | None = None
    overwrite: bool = False
    on_error: Literal["skip", "stop"] = "skip"
    time_limit: float = 300.0
    dry_run: bool = False
    on_done: Callable[[T], None] | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise UsageError("usage.workers", f"workers is {self.workers}, expected at least 1")
        if not self.time_limit > 0:
            raise UsageError("usage.time_limit", f"time_limit is {self.time_limit}, expected seconds above 0")
        check_choice("on_error", self.on_error, ("skip", "stop"))

    @property
    def processes(self) -> int:
        """How many processes do the work, as far as is known."""
        return self.workers or (32 if self.executor else 1)

    def convert(
        self,
        command: str,
        dataset: Dataset,
        convert: Conversion,
        tally: T,
        out: StrPath,
        head: Head,
        document: Callable[[Folder], Document] | None = None,
        journal_in: str | None = None,
    ) -> T:
        """Do the work of a command: all of it, or all but writing; ``document`` makes one for the folder of the run.

        That folder is ``out``, or ``journal_in`` where ``out`` is a file.

        Raises UsageError where ``out`` lies among the sources, OutputError where nothing can be written.
        """
        target = place(out)
        check_places(dataset, head.sources, target)
        check_shared([target, *dataset.folders], 2 if self.executor else self.processes)
        if self.dry_run:
            return self.check(dataset, convert, tally)
        folder = create_folder(journal_in or target)
        about = head.as_dict(command)
        return self.write(dataset, convert, folder, command, tally, about, document(folder) if document else None)

    def check(self, dataset: Dataset, convert: Conversion, tally: T) -> T:
        """Do all of the work but writing."""
        began = time.monotonic()
        self._through(Writer(convert, None, self.time_limit, self.on_error == "stop"), Part(dataset), tally)
        tally.close(time.monotonic() - began)
        return tally

    def write(
        self,
        dataset: Dataset,
        convert: Conversion,
        folder: Folder,
        command: str,
        tally: T,
        head: dict[str, Any],
        document: Document | None = None,
    ) -> T:
        """Write the files of all images, the journal, and at the end the report, which begins with ``head``.

        ``document`` is what is to be made of the images' texts. Raises OutputError where nothing can be written, or
        another run is at it.
        """
        began = time.monotonic()
        with folder.lock() as held:
            tally.notes += _clean(folder)
            pages = Journal(folder, command)
            lines = pages.load()
            if document and not lines and not self.overwrite:
                _check_free(document.place)
            known = [lines.get(entry.key) for entry in dataset.entries] if lines else ()
            target = Target(folder, command, pages.next_run(), self.overwrite, document.place if document else None)
            writer = Writer(convert, target, self.time_limit, self.on_error == "stop")
            self._check_executor(folder)
            self._through(writer, Part(dataset, known), tally, held.beat)
            tally.close(time.monotonic() - began)
            _finish(dataset, folder, pages, tally, head, document)
        return tally

    def _through(self, writer: Writer, whole: Part, tally: T, beat: Callable[[], None] = lambda: None) -> None:
        results = parallel.run(writer, whole, lost=writer.lost, workers=self.processes, executor=self.executor)
        with closing(results):
            for first, rows in results:
                tally.add(first, rows)
                beat()
                if self.on_done:
                    self.on_done(tally)
                if self.on_error == "stop" and any(row.failure for row in rows):
                    return

    def _check_executor(self, folder: Folder) -> None:
        """Find out before the work that workers elsewhere have the same cocoseg and see the folder."""
        if self.executor is None:
            return
        try:
            version, seen = self.executor.submit(_probe, folder).result()
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


def check_choice(option: str, value: object, allowed: Sequence[str]) -> None:
    """Raises UsageError where an option has another value than it may have, or None."""
    if value is not None and value not in allowed:
        raise UsageError(f"usage.{option}", f"{option} is {show(value)}, expected one of {', '.join(allowed)}")


def _clean(folder: Folder) -> list[str]:
    """Remove what an ended run left half-done."""
    left = folder.temporaries()
    folder.remove(left)
    return [f"{len(left)} temporary files of an ended run were removed"] if left else []


def _check_free(place: Place) -> None:
    """Refuse before the work, not after it, to replace a document that no run of ours wrote."""
    if place.folder.has(place.name):
        text = "is there already, and no run of cocoseg that is known here wrote it; use --overwrite, or another name"
        raise OutputError("out.exists", f"{show(place.folder.path(place.name), 300)} {text}")


def _finish(
    dataset: Dataset,
    folder: Folder,
    pages: Journal,
    tally: Tally,
    head: dict[str, Any],
    document: Document | None,
) -> None:
    """The document and the journal of the whole data set, the report, and only then away with what they stand for."""
    _clean(folder)  # after workers that died
    lines = pages.load()
    keys = [entry.key for entry in dataset.entries if entry.key in lines]
    # The files of an image that failed this time stay the run's own, to be replaced.
    done = [journal.forgotten(lines[key]) if key in tally.failed_keys else lines[key] for key in keys]
    converted = sum(key not in tally.failed_keys for key in keys)
    if converted < tally.images:  # there may be more, of parts that ended after the run was stopped
        text = f"lacks {tally.images - converted} images that were written to it; the same command again makes it whole"
        raise OutputError("out.journal", f"the journal in {show(folder.root, 300)} {text}")
    names = list(folder.names())
    tally.problems += _strays(folder, names, tally, done, document)
    replaced: list[str] = []
    if tally.complete:
        if document:
            done, known = _write_document(document, done)
            head = head | {"document": [document.place.name, *known]}
            replaced = pages.texts()
        replaced += pages.settle(done)
    _save_report(folder, tally, write_json(head | tally.as_dict()))
    folder.remove(replaced)
    if tally.failures and not tally.images and all(row.category == "out.write" for row in tally.failures):
        raise OutputError(*tally.failures[0])


def _write_document(document: Document, lines: Sequence[bytes]) -> tuple[list[bytes], tuple[int, str]]:
    """The document of all images that did not fail; returns all rows, and its size and digest."""
    told = {place: line for place, line in enumerate(lines) if journal.is_finished(line)}
    now, known = document.write(list(told.values()))
    told.update(zip(told, now, strict=True))
    return [told.get(place, line) for place, line in enumerate(lines)], known


def _strays(
    folder: Folder, names: Sequence[str], tally: Tally, done: Sequence[bytes], document: Document | None
) -> list[Problem]:
    """Files in the folder that are not of this run, for those who take all that is there for its own."""
    ours = {name for line in done for name in journal.decode_row(line).files} | {REPORT}
    ours |= {name for key in tally.failed_keys for name in tally.names(key)}  # said already
    ours |= {document.place.name} if document else set()
    found = [name for name in names if name not in ours and not name.startswith(f"{JOURNAL}/")]
    if not found:
        return []
    some = ", ".join(show(name) for name in found[:5]) + (", ..." if len(found) > 5 else "")
    return [Problem("out.stray", f"{show(folder.root, 300)}: not of this run: {counted(len(found), 'file')}: {some}")]


def _save_report(folder: Folder, tally: Tally, data: bytes) -> None:
    """Write the report, but not over that of other files which stay in the folder."""
    stays = any(failure.category == "out.exists" for failure in tally.failures)
    if stays and folder.has(REPORT):
        text = f"{REPORT} is left as it was, for the files of an earlier run stay; use --overwrite to replace them"
        tally.problems.append(Problem("out.exists", text))
        return
    folder.save(REPORT, data)
