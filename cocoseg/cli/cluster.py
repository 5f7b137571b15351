"""``--dask``: run the work on a cluster."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

from cocoseg.errors import UsageError, show
from cocoseg.version import __version__

CONNECT_SECONDS = 20
IDLE_SECONDS = 10.0  # without a worker, before that is said
_LOOK_SECONDS = 1.0


class Cluster(NamedTuple):
    """Who does the work: an executor and how many workers it has by now, or neither."""

    executor: Executor | None = None
    workers: int | None = None


@contextmanager
def cluster(address: str | None) -> Iterator[Cluster]:
    """The Dask cluster at ``address``, which may be a scheduler file. While it has no workers, stderr says so.

    Raises UsageError ``dask.*``.
    """
    if address is None:
        yield Cluster()
        return
    with _connected(address) as client, _watched(client, address):
        _check_versions(client)
        yield Cluster(cast("Executor", client.get_executor()), sum(client.nthreads().values()) or None)


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        advice = "pip install 'cocoseg[dask]', or '.[dask]' from a checkout"
        raise UsageError("dask.missing", f"--dask needs Dask, which is not installed; {advice}") from None
    try:
        return Client(_address(address), timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        text = f"no Dask scheduler answers at {show(address)} ({error}); is the address right, and the scheduler up?"
        raise UsageError("dask.address", text) from None
    except TypeError as error:  # of what distributed calls with the certificates that it did not find
        text = f"the Dask scheduler at {show(address)} can't be reached ({error}); for tls:// addresses, set"
        raise UsageError("dask.address", f"{text} distributed.comm.tls in Dask's configuration") from None


def _address(address: str) -> str:
    """An address, or the one in a scheduler file. Raises UsageError ``dask.address``."""
    if not os.path.isfile(address):
        return address
    try:
        with open(address, "rb") as file:
            found = json.load(file)["address"]
        if isinstance(found, str):
            return found
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    text = f"{show(address)} is not a scheduler file with an address; is the scheduler up that writes it?"
    raise UsageError("dask.address", text)


def _check_versions(client: Any) -> None:
    """Raises UsageError ``dask.version`` unless all machines of a cluster load this version of cocoseg."""
    from pydoc import locate  # slow to import; of the standard library, since workers may lack cocoseg

    here = __version__
    asked = (locate, "cocoseg.version.__version__")
    found = {"the scheduler": _on_scheduler(client, *asked), **client.run(*asked, on_error="return")}
    wrong = {where: version for where, version in found.items() if version != here}
    for where, version in wrong.items():
        what = f"has cocoseg {version}" if isinstance(version, str) else "can't load cocoseg"
        text = f"{where} of the Dask cluster {what} ({len(wrong)} of {len(found)} processes do not load cocoseg {here})"
        raise UsageError("dask.version", f"{text}; install that version on all of its machines")


def _on_scheduler(client: Any, *asked: Any) -> Any:
    try:
        return client.run_on_scheduler(*asked)
    except Exception as error:
        return error


@contextmanager
def _watched(client: Any, address: str) -> Iterator[None]:
    """Say on stderr, once each time, that the cluster has had no workers for a while."""
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(client, address, ended), daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join(_LOOK_SECONDS)


def _watch(client: Any, address: str, ended: threading.Event) -> None:
    idle = 0.0
    while not ended.wait(_LOOK_SECONDS):
        try:
            idle = 0.0 if client.nthreads() else idle + _LOOK_SECONDS
        except Exception:  # a scheduler that has gone is the run's to report
            return
        if IDLE_SECONDS <= idle < IDLE_SECONDS + _LOOK_SECONDS and not ended.is_set():
            print(_no_workers(address), file=sys.stderr, flush=True)


def _no_workers(address: str) -> str:
    start = f"dask worker {'--scheduler-file ' if os.path.isfile(address) else ''}{address}"
    found = f"the Dask scheduler at {show(address)} has had no workers for {IDLE_SECONDS:g} s"
    return f"cocoseg: {found}; the run goes on when one comes that has cocoseg {__version__} ({start!r} starts one)"
