"""The `handoff` command: what an operator can do, in plain words."""

from __future__ import annotations

import os
import sys

import click

from handoff.cli import checkout, serving
from handoff.cli.checkout import NotACheckout
from handoff.cli.processes import ProcessError, interrupt_when_told_to_end

PORT = click.IntRange(1, 65535)
# All options of the demo belong to the demo, `--help` too.
PASS_ON = {"ignore_unknown_options": True, "help_option_names": []}


@click.group()
def main() -> None:
    """Bring a person into a Dialogflow conversation, and look after it."""


@main.command(context_settings=PASS_ON, short_help="Show the whole thing on this machine.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Show a customer, a bot, an agent's desk and the bridge between them, all simulated."""
    try:
        os.chdir(checkout.root())
    except NotACheckout as error:
        raise click.ClickException(str(error)) from error
    command = [sys.executable, "-m", "demo", *arguments]
    os.execv(command[0], command)  # noqa: S606 - the person's own words, to their own machine


@main.command(short_help="Run the functions on this machine.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--fulfillment-port",
    type=PORT,
    default=8080,
    show_default=True,
    help="Port for Dialogflow's webhook.",
)
@click.option(
    "--events-port",
    type=PORT,
    default=8081,
    show_default=True,
    help="Port for the desk's webhooks.",
)
def serve(host: str, fulfillment_port: int, events_port: int) -> None:
    """Run the functions of this checkout on this machine, until Ctrl-C.

    Meant for a small installation: the settings are the environment's, as in the cloud, and a proxy
    of yours brings HTTPS. Without HANDOFF_STORE everything is kept in .handoff/handoff.db here.
    """
    interrupt_when_told_to_end()
    try:
        serving.serve(host, fulfillment_port, events_port, tell=click.echo)
    except KeyboardInterrupt:
        click.echo("\nBoth functions have ended.")
    except (NotACheckout, ProcessError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
