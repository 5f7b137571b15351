"""The typer app: all commands in their sections."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from types import ModuleType
from typing import Annotated, Any

import typer

from cocoseg.cli import (
    check,
    evaluate,
    formats,
    info,
    labels,
    merge,
    report,
    resize,
    show,
    split,
    stitch,
    subset,
    tile,
    to_coco,
    to_hf,
    to_masks,
    to_onehot,
    to_panoptic,
    to_semantic,
    to_shards,
    to_voc,
    to_yolo,
    verify,
)
from cocoseg.cli.carried import Carried
from cocoseg.cli.help import Commands, Sectioned
from cocoseg.cli.options import DEBUG
from cocoseg.cli.values import with_bare_values
from cocoseg.cli.wrong_call import wrong_call
from cocoseg.native import in_words
from cocoseg.version import __version__

SECTIONS = {
    "Convert": (to_semantic, to_onehot, to_masks, to_coco, to_panoptic),
    "Reshape": (merge, subset, split, tile, stitch, resize),
    "Train": (to_yolo, to_hf, to_voc, to_shards),
    "Look": (show, report, labels, info, formats),
    "Check": (check, evaluate, verify),
}


resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows
    resource = None

_ADDRESSES = 110 << 20  # bytes of address space that importing numpy takes
_WRONG_CALL: Any = typer.BadParameter.__bases__[0]  # whatever typer finds wrong with a call, in every version of it


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cocoseg {__version__}, {in_words()}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help=DEBUG)] = False,
) -> None:
    pass


def build(words: Sequence[str] = ()) -> typer.Typer:
    """The command line, with the formats that are registered by now.

    If ``words`` begin with a command, it has that one alone: making all takes a fifth of the time of a start.
    """
    commands = {_name(module): (section, module) for section, modules in SECTIONS.items() for module in modules}
    app = typer.Typer(
        cls=Commands,
        help="Convert segmentation annotations to what training code needs.\n\n"
        "Example: cocoseg to-semantic panoptic.json out/",
        callback=_options,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in words[:1] if words and words[0] in commands else commands:
        section, module = commands[name]
        register = app.command(name, cls=Sectioned, rich_help_panel=section)
        register(_carrying(module.command.for_typer()))
    return app


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].replace("_", "-")


def call(words: Sequence[str]) -> int:
    """Run the command line; returns the exit code. Raises Carried for an error of a command, else UsageError."""
    logging.disable(logging.CRITICAL)  # other libraries' problems arrive as errors
    try:
        words_in_full = with_bare_values(words) or ["--help"]
        line = typer.main.get_command(build(words_in_full))
        code = line.main(words_in_full, "cocoseg", standalone_mode=False)
    except _WRONG_CALL as error:
        raise wrong_call(error) from None
    return code or 0 if words else 2


def _check_memory() -> None:
    """Raise MemoryError where numpy's BLAS would end the process, with an exit code that means something else."""
    if resource is not None and 0 <= resource.getrlimit(resource.RLIMIT_AS)[0] < _ADDRESSES:
        raise MemoryError


def _carrying(command: Callable[..., None]) -> Callable[..., None]:
    """Wraps a command so that its errors reach the guard as they are."""

    @wraps(command)
    def carry(*args: Any, **options: Any) -> None:
        try:
            _check_memory()
            command(*args, **options)
        except typer.Exit:
            raise
        except BaseException as error:
            raise Carried from error

    return carry
