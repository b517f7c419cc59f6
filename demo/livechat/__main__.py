"""Runs the simulator on its own."""

from dataclasses import replace

from demo.livechat.account import Account
from demo.livechat.app import create_app
from demo.vendor.alone import parser, serve


def main() -> None:
    """Serve until interrupted."""
    arguments = parser("livechat", 8801)
    arguments.add_argument("--manual", action="store_true", help="agents pick their chats")
    options = arguments.parse_args()
    account = replace(Account(), webhook_url=options.webhook_url, auto_assign=not options.manual)
    serve(create_app(account), options)


if __name__ == "__main__":
    main()
