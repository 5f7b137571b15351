"""A real server that speaks S3, on loopback, in a process of its own: moto's, with a latency if one is wanted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def serving(latency: float = 0.0) -> Iterator[dict[str, str]]:
    """The environment in which ``s3://`` leads to a fresh server, whose every answer takes ``latency`` seconds more."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(latency)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | CREDENTIALS,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the server did not start"
        yield environment(port) | {"S3SERVER_PID": str(process.pid)}
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@contextmanager
def silent() -> Iterator[dict[str, str]]:
    """The environment in which ``s3://`` leads to a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield environment(server.getsockname()[1])


def environment(port: int | str) -> dict[str, str]:
    return {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "NO_PROXY": "127.0.0.1"}


def main() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    app, latency = DomainDispatcherApplication(create_backend_app), float(sys.argv[1])

    def late(environ: Any, start_response: Any) -> Any:
        time.sleep(latency)
        return app(environ, start_response)

    server = make_server("127.0.0.1", 0, late, threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
