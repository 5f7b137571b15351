"""The typer app, and how a command ends: one sentence for what went wrong, and an exit code that means something.

0 all done; 1 some images failed; 2 the call was wrong; 3 the input was refused and nothing written; 4 the output
can't be written; 130, 143 stopped by Ctrl-C, SIGTERM.
"""

from __future__ import annotations

import contextlib
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
from cocoseg.errors import CocosegError, OutputError, UsageError
from cocoseg.version import __version__

INPUT_REFUSED = 3

app = typer.Typer(
    help="Segmentation annotations to what training code needs.\n\nExample: cocoseg to-semantic panoptic.json out/",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a run as Ctrl-C does."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cocoseg {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run the command line and exit."""
    # No BLAS is used here, and a process with one thread can fork its workers, which costs nothing.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _terminate)
    logging.disable(logging.CRITICAL)  # what matters of other libraries' messages comes as an error
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
    try:
        app()
    except SystemExit as exit:
        _end(exit.code if isinstance(exit.code, int) else 0)
    _end(0)


def _answering(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with every way in which it can end put into an exit code and a sentence."""

    @wraps(command)
    def answer(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
            sys.stdout.flush()
        except CocosegError as error:
            _end(_exit_code(error), f"cocoseg: {error} [{error.category}]")
        except Terminated:
            _end(143, "cocoseg: stopped by SIGTERM; what was finished stays")
        except KeyboardInterrupt:
            _end(130, "cocoseg: stopped; what was finished stays")
        except BrokenPipeError:  # whoever read our output has gone; the files are written
            _end(0)
        except OSError as error:
            _end(4, f"cocoseg: standard output can't be written ({error.strerror})")

    return answer


app.command("to-semantic")(_answering(to_semantic.command))
app.command("to-onehot")(_answering(to_onehot.command))
app.command("to-masks")(_answering(to_masks.command))
app.command("to-coco")(_answering(to_coco.command))
app.command("to-panoptic")(_answering(to_panoptic.command))
app.command("labels")(_answering(labels.command))
app.command("info")(_answering(info.command))
app.command("formats")(_answering(formats.command))
app.command("verify")(_answering(verify.command))


def _terminate(*_: Any) -> NoReturn:
    raise Terminated


def _exit_code(error: CocosegError) -> int:
    if isinstance(error, UsageError):
        return 2
    return 4 if isinstance(error, OutputError) else INPUT_REFUSED


def _end(code: int, message: str = "") -> NoReturn:
    """Say the last word and exit, also where nobody listens any more."""
    with contextlib.suppress(OSError, ValueError):
        print(message, end="\n" if message else "", file=sys.stderr, flush=True)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)
