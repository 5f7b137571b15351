"""``--dask``: run the work on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import cast

from cocoseg.errors import UsageError, show

CONNECT_SECONDS = 20


@contextmanager
def cluster(address: str | None) -> Iterator[Executor | None]:
    """The executor of the Dask cluster at ``address``, which may be a scheduler file; None without an address.

    Raises UsageError ``dask.*``.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        advice = "pip install 'cocoseg[dask]'"
        raise UsageError("dask.missing", f"--dask needs Dask, which is not installed; {advice}") from None
    where = {"scheduler_file": address} if os.path.isfile(address) else {"address": address}
    try:
        client = Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        text = f"no Dask scheduler answers at {show(address)} ({error}); is the address right, and the scheduler up?"
        raise UsageError("dask.address", text) from None
    with client:
        yield cast("Executor", client.get_executor())
