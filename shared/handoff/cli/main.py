"""The `handoff` command: what an operator can do, in plain words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from handoff import log
from handoff.cli import checkout, keeping, operating, serving
from handoff.cli.checkout import NotACheckout
from handoff.cli.operating import OperationFailed
from handoff.cli.processes import ProcessError, interrupt_when_told_to_end
from handoff.providers.operating import Plan

PORT = click.IntRange(1, 65535)
# All options of the demo belong to the demo, `--help` too.
PASS_ON = {"ignore_unknown_options": True, "help_option_names": []}


@click.group()
def main() -> None:
    """Bring a person into a Dialogflow conversation, and look after it."""
    log.to_nowhere()


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
@click.option(
    "--chat-port",
    type=PORT,
    default=8082,
    show_default=True,
    help="Port for customers' pages, if HANDOFF_TOKEN_KEY is set.",
)
def serve(host: str, fulfillment_port: int, events_port: int, chat_port: int) -> None:
    """Run the functions of this checkout on this machine, until Ctrl-C.

    Meant for a small installation: the settings are the environment's, as in the cloud, and a proxy
    of yours brings HTTPS. Without HANDOFF_STORE everything is kept in .handoff/handoff.db here.
    """
    interrupt_when_told_to_end()
    try:
        ports = serving.Ports(fulfillment=fulfillment_port, events=events_port, chat=chat_port)
        serving.serve(host, ports, tell=click.echo)
    except KeyboardInterrupt:
        click.echo("\nAll functions have ended.")
    except (NotACheckout, ProcessError) as error:
        raise click.ClickException(str(error)) from error


EVENTS_URL = click.option(
    "--events-url", default="", help="Public address of the function agent_events."
)


@main.command(short_help="Make at the vendor what is missing there.")
@click.argument("provider")
@EVENTS_URL
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--replace", is_flag=True, help="Also change what leads elsewhere.")
@click.option("--queue", default="", help="Where a new channel leads by default.")
@click.option(
    "--secrets-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="New file for what the vendor shows only once; with it a bot is made.",
)
def setup(
    provider: str,
    events_url: str,
    dry_run: bool,
    replace: bool,
    queue: str,
    secrets_file: Path | None,
) -> None:
    """Find or make at PROVIDER the webhooks and what else is needed; twice makes nothing twice.

    The settings are the environment's, as in the cloud. The webhooks will go to the address of
    agent_events, followed by /PROVIDER.
    """
    with _failing_plainly():
        url = operating.webhook_url(events_url, provider)
        with operating.secrets_file(secrets_file, dry=dry_run) as keep:
            plan = Plan(url=url, dry=dry_run, replace=replace, target=queue, keep_secret=keep)
            operating.set_up(provider, plan, os.environ, click.echo)


@main.command(short_help="Tell whether all is right before going live.")
@click.argument("providers", nargs=-1)
@EVENTS_URL
def check(providers: tuple[str, ...], events_url: str) -> None:
    """Look at settings, store and each configured provider (or PROVIDERS), one line each.

    With --events-url also whether the webhooks go there. Ends with status 1 when anything fails.
    """
    with _failing_plainly():
        sys.exit(0 if operating.check(providers, events_url, os.environ, click.echo) else 1)


@main.command(short_help="Tell the life of one handoff.")
@click.argument("handoff")
def show(handoff: str) -> None:
    """Tell what happened to HANDOFF (an id such as ho-1a2b…), in order and without its words.

    The id stands in the desk, in the logs and in the bot's parameter handoff_id.
    """
    with _failing_plainly():
        keeping.show(handoff, os.environ, click.echo)


@main.command("dead-letters", short_help="List what could not be delivered.")
def dead_letters() -> None:
    """List what could not be delivered, to the desk or to the customer, oldest first."""
    with _failing_plainly():
        keeping.dead_letters(os.environ, click.echo)


@main.command(short_help="Send dead letters again.")
@click.argument("letters", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Send all of them.")
def replay(letters: tuple[str, ...], everything: bool) -> None:
    """Send LETTERS again, named by their ids (the beginning is enough) or by that of a handoff.

    A customer's message goes to the person who is there now, an agent's to the customer's next
    answer. What has nowhere to go is kept, what is refused again is a dead letter again, and then
    the command ends with status 1; `queued` is tried again by the functions.
    """
    if everything == bool(letters):
        raise click.UsageError("Name the dead letters, or say --all.")
    with _failing_plainly():
        sys.exit(0 if keeping.replay(letters, everything, os.environ, click.echo) else 1)


@contextmanager
def _failing_plainly() -> Iterator[None]:
    try:
        yield
    except OperationFailed as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
