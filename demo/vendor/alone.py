"""Runs one simulator on its own."""

import argparse
import socket
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette


def parser(vendor: str, port: int) -> argparse.ArgumentParser:
    """Return what every simulator can be told; a vendor may add to it."""
    made = argparse.ArgumentParser(
        prog=f"demo.{vendor}", description="Runs the simulator on its own."
    )
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=port)
    made.add_argument("--webhook-url", default=None)
    return made


def serve(app: Starlette, options: argparse.Namespace) -> None:
    """Serve until interrupted; print the address, which port 0 leaves open."""
    # A page that waits for changes must not hold up the end.
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    with socket.create_server((options.host, options.port)) as listening:
        host, port = listening.getsockname()[:2]
        print(f"http://{host}:{port}", flush=True)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
