"""The typer app, and how a command ends: with one sentence about what went wrong, and an exit code.

0 all done; 1 some images failed; 2 the call was wrong; 3 the input was refused and nothing written; 4 the output
can't be written; 130, 143 stopped by Ctrl-C, SIGTERM.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from cocoseg.cli import formats, info, labels, to_coco, to_masks, to_onehot, to_panoptic, to_semantic, verify
from cocoseg.cli.help import Commands, Sectioned
from cocoseg.cli.wrong_call import wrong_call
from cocoseg.errors import CocosegError, OutputError, Problem, UsageError
from cocoseg.version import __version__

INPUT_REFUSED = 3
SECTIONS = {
    "Convert": (to_semantic, to_onehot, to_masks, to_coco, to_panoptic),
    "Look": (labels, info, formats),
    "Check": (verify,),
}


_WRONG_CALL: Any = typer.BadParameter.__bases__[0]  # whatever typer finds wrong with a call, in every version of it


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a run as Ctrl-C does."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cocoseg {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def build() -> typer.Typer:
    """The command line, with the formats that are registered by now."""
    app = typer.Typer(
        cls=Commands,
        help="Convert segmentation annotations to what training code needs.\n\n"
        "Example: cocoseg to-semantic panoptic.json out/",
        callback=_options,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for section, modules in SECTIONS.items():
        for module in modules:
            name = module.__name__.rpartition(".")[2].replace("_", "-")
            register = app.command(name, cls=Sectioned, rich_help_panel=section)
            register(_answering(module.command.for_typer()))
    return app


def main() -> NoReturn:
    """Run the command line and exit."""
    # No BLAS is used here, and a process with one thread can fork its workers safely.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _terminate)
    logging.disable(logging.CRITICAL)  # other libraries' problems arrive as errors
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
    words = sys.argv[1:]
    try:
        code = typer.main.get_command(build()).main(words or ["--help"], "cocoseg", standalone_mode=False)
    except typer.Abort:
        _end(130)
    except CocosegError as error:
        _stop(2, error.problem, "--json" in words)
    except _WRONG_CALL as error:
        _stop(2, wrong_call(error), "--json" in words)
    _end(code or 0 if words else 2)


def _answering(command: Callable[..., None]) -> Callable[..., None]:
    """Wraps a command so that every error ends it with an exit code and a sentence, with ``--json`` also an object."""

    @wraps(command)
    def answer(*args: Any, **options: Any) -> None:
        as_json = options.get("json", False)
        try:
            command(*args, **options)
            sys.stdout.flush()
        except CocosegError as error:
            _stop(_exit_code(error), error.problem, as_json)
        except Terminated:
            _stop(143, Problem("run.stopped", "stopped by SIGTERM; finished images are kept"), as_json)
        except KeyboardInterrupt:
            _stop(130, Problem("run.stopped", "stopped; finished images are kept"), as_json)
        except BrokenPipeError:  # the reader of our output has gone; the files are written
            _end(0)
        except OSError as error:
            _end(4, f"cocoseg: standard output can't be written ({error.strerror})")

    return answer


def _terminate(*_: Any) -> NoReturn:
    raise Terminated


def _exit_code(error: CocosegError) -> int:
    if isinstance(error, UsageError):
        return 2
    return 4 if isinstance(error, OutputError) else INPUT_REFUSED


def _stop(code: int, problem: Problem, as_json: bool) -> NoReturn:
    """End with a problem: a sentence on stderr, and with ``as_json`` an object on stdout."""
    if as_json:
        with contextlib.suppress(OSError, ValueError):
            print(json.dumps({"category": problem.category, "message": problem.message}, ensure_ascii=False))
    stopped = problem.category == "run.stopped"
    _end(code, f"cocoseg: {problem.message}{'' if stopped else f' [{problem.category}]'}")


def _end(code: int, message: str = "") -> NoReturn:
    """Print a last message and exit, even if the streams are closed."""
    with contextlib.suppress(OSError, ValueError):
        print(message, end="\n" if message else "", file=sys.stderr, flush=True)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)
