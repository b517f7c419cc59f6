"""Runs the simulator on its own."""

from dataclasses import replace

from demo.eight_by_eight.account import Account
from demo.eight_by_eight.app import create_app
from demo.vendor.alone import parser, serve


def main() -> None:
    """Serve until interrupted."""
    options = parser("eight_by_eight", 8802).parse_args()
    serve(create_app(replace(Account(), webhook_url=options.webhook_url)), options)


if __name__ == "__main__":
    main()
