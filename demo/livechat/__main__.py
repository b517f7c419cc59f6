"""Runs the simulator on its own."""

import argparse
from dataclasses import replace

import uvicorn

from demo.livechat.account import Account
from demo.livechat.app import create_app


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="demo.livechat", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8801)
    parser.add_argument("--webhook-url", default=None)
    parser.add_argument("--manual", action="store_true", help="agents pick their chats")
    options = parser.parse_args()
    account = replace(Account(), webhook_url=options.webhook_url, auto_assign=not options.manual)
    uvicorn.run(create_app(account), host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
