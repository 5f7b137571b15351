"""Which tasks two sources allow, and which of them is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import evaluating
import pytest
from evaluating import edit
from formats.test_scenes import module_of, options_of

import cocoseg
from cocoseg.errors import UsageError


def scene(name: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    folder.mkdir()
    source: Path = module_of(name).write(folder)
    return source, options_of(name, folder)


@pytest.mark.parametrize(
    ("name", "tasks"),
    [
        ("panoptic", ("semantic", "panoptic")),
        ("coco", ("semantic", "panoptic")),
        ("semantic", ("semantic",)),
        ("kaggle", ("semantic",)),
        ("instance-folders", ("semantic",)),
        ("cityscapes", ("semantic", "panoptic")),
    ],
)
def test_of_a_data_set_against_itself(name: str, tasks: tuple[str, ...], tmp_path: Path) -> None:
    source, options = scene(name, tmp_path / "scene")
    assert cocoseg.evaluate(source, source, task="all", **options).tasks == tasks
    first = cocoseg.evaluate(source, source, **options).tasks
    assert first == (("panoptic",) if "panoptic" in tasks else ("semantic",))
    for task in ("semantic", "panoptic", "instances"):
        if task in tasks:
            assert cocoseg.evaluate(source, source, task=task, **options).tasks == (task,)  # type: ignore[arg-type]
        else:
            with pytest.raises(UsageError, match=f"the task {task} can't be done, as ") as caught:
                cocoseg.evaluate(source, source, task=task, **options)  # type: ignore[arg-type]
            assert caught.value.category == "usage.task"


def test_scores_rank_masks(tmp_path: Path) -> None:
    truth, results = evaluating.mask_ap(tmp_path)
    assert cocoseg.evaluate(truth, results).tasks == ("instances",)
    edit(results, lambda rows: [row.pop("score") for row in rows])
    result = cocoseg.evaluate(truth, results)
    assert result.tasks == ("semantic",)
    assert (
        "only classes of pixels are compared, as the predicted masks have no 'score', which ranks them" in result.notes
    )
    asked = cocoseg.evaluate(truth, results, task="semantic")
    assert not [note for note in asked.notes if "only classes" in note]


def test_stuff_does_not_count_as_an_instance(tmp_path: Path) -> None:
    truth, results = evaluating.mask_ap(tmp_path)
    before = cocoseg.evaluate(truth, results).instances
    edit(truth, lambda document: [row.update(isthing=int(row["id"] != 2)) for row in document["categories"]])
    result = cocoseg.evaluate(truth, results, task="instances").instances
    assert before is not None
    assert result is not None
    assert (before.truths, before.results, sorted(before.per_class)) == (4, 7, [1, 2, 3])
    assert (result.truths, result.results, sorted(result.per_class)) == (3, 6, [1, 3])
    assert result.per_class[1] == before.per_class[1]


def test_ignored_categories_are_void_in_every_task(tmp_path: Path) -> None:
    source, _ = scene("mapillary", tmp_path / "scene")
    result = cocoseg.evaluate(source, source, task="all")
    assert (result.images, result.failures, result.headlines["PQ"]) == (2, [], 1.0)
    assert result.panoptic is not None
    assert "Unlabeled" not in [row.name for row in result.panoptic.categories]
    assert "Unlabeled" not in result.class_names
    assert (result.void_share or 0) > 0
