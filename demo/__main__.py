"""Runs the demo: bot and desk simulated, the functions in between as in production."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from demo.emulator import Missing
from demo.launch import STORES, Demo, Options, launched
from demo.providers import PROVIDERS
from demo.sides import Customer, Desk
from demo.stage import Stage, play
from demo.story import STORY
from handoff.cli.checkout import NotACheckout
from handoff.cli.processes import ProcessError, interrupt_when_told_to_end, watch

PORT = 8877
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the story is over or the person presses Ctrl-C; return the exit status."""
    chosen = _parser().parse_args(arguments)
    interrupt_when_told_to_end()
    try:
        with launched(_options(chosen), tell) as demo:
            return _play(demo) if chosen.script else _show(demo)
    except KeyboardInterrupt:
        # Ctrl-C is how the page is meant to end; a story that is cut short has not happened.
        return INTERRUPTED if chosen.script else 0
    except (ProcessError, Missing, NotACheckout) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


def tell(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def _show(demo: Demo) -> int:
    tell(f"\nOpen {demo.page}/ in a browser. Ctrl-C ends the demo.")
    tell("Each side alone: customer.html and desk.html there.")
    watch(demo.functions)
    return 0


def _play(demo: Demo) -> int:
    tell("")
    stage = Stage(Customer(demo.bot, "story"), Desk(demo.desk))
    status = play(STORY, stage, tell)
    for function in demo.functions:
        function.raise_if_dead()
    return status


def _options(chosen: argparse.Namespace) -> Options:
    return Options(
        dialect=chosen.dialect,
        store=chosen.store,
        provider=chosen.provider,
        bot=chosen.bot,
        port=None if chosen.script else chosen.port,
        polling=chosen.polling,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="demo",
        description="A customer at a bot, an agent at a desk, and this project between them. "
        "Everything runs on this machine; no account is needed.",
    )
    add = parser.add_argument
    add("--dialect", choices=("cx", "es"), default="cx", help="which Dialogflow (default: cx)")
    add("--store", choices=tuple(STORES), default="sqlite", help="default: sqlite")
    add("--provider", choices=tuple(PROVIDERS), default="livechat", help="whose desk")
    add("--script", action="store_true", help="play the whole story in the terminal, then end")
    add("--port", type=_port, default=PORT, help=f"the page's port (default: {PORT})")
    add("--polling", action="store_true", help="let the page ask Dialogflow for an agent's words")
    add("--bot", action="store_true", help="bring the transcript as a note that only agents see")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 2**16:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
