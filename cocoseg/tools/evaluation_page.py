"""The page about an evaluation."""

from __future__ import annotations

from cocoseg.evaluation.evaluation import Evaluation
from cocoseg.evaluation.pairs import with_photos
from cocoseg.evaluation.tasks import Sides
from cocoseg.model import Dataset
from cocoseg.page.evaluated import EvaluationPage
from cocoseg.page.pairs import DrawPairs
from cocoseg.page.thumbnails import Thumbnails
from cocoseg.page.write import LIMIT, encoded, render, save
from cocoseg.runs.run import How, Work, run

COMMAND = "evaluate"


def write_evaluation(path: str, result: Evaluation, pairs: Dataset, sides: Sides, how: How) -> None:
    """Write the page of an evaluation whose ``worst`` was kept; its pictures are a second pass over the worst pairs.

    Raises OutputError.
    """
    page = EvaluationPage(result)
    wanted = page.wanted()
    chosen = pairs.take(k for k, entry in enumerate(pairs.entries) if entry.key in wanted)
    draw = DrawPairs(wanted, sides.labels)
    work = Work(COMMAND, with_photos(chosen, sides.truth.dataset.photos), draw, Thumbnails(len(chosen)))
    drawn = run(work, How(how.workers, how.executor, time_limit=how.time_limit))
    room = LIMIT - LIMIT // 50 - len(encoded(render(page)))
    save(path, render(EvaluationPage(result, drawn.pictures, room)))
