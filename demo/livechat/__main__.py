"""Runs the simulator on its own."""

import argparse
import socket
from contextlib import suppress
from dataclasses import replace

import uvicorn

from demo.livechat.account import Account
from demo.livechat.app import create_app


def main() -> None:
    """Serve until interrupted; print the address, which port 0 leaves open."""
    parser = argparse.ArgumentParser(prog="demo.livechat", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8801)
    parser.add_argument("--webhook-url", default=None)
    parser.add_argument("--manual", action="store_true", help="agents pick their chats")
    options = parser.parse_args()
    account = replace(Account(), webhook_url=options.webhook_url, auto_assign=not options.manual)
    # A page that waits for changes must not hold up the end.
    config = uvicorn.Config(create_app(account), log_level="warning", timeout_graceful_shutdown=1)
    with socket.create_server((options.host, options.port)) as listening:
        host, port = listening.getsockname()[:2]
        print(f"http://{host}:{port}", flush=True)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
