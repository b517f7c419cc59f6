"""Whether the functions would start with what Terraform tells them: asked of their own settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from handoff.clock import utc_now
from handoff.errors import ConfigurationError
from handoff.registry import PROVIDERS
from handoff.settings import Settings, load
from handoff.variables import ReadSecrets, Variables
from tests.terraform.offline import Made, resources

VALUE = "a value of Secret Manager"


def problems(made: Made) -> Iterator[str]:
    """Yield what a function would say instead of starting, and what it is not told."""
    told = environments(made)
    queues = [one["id"] for one in resources(made, "google_cloud_tasks_queue")]
    for name, environ in told.items():
        for variable in sorted(all_variables() - environ.keys()):
            yield f"{name} cannot be given {variable}"
        try:
            chosen = settings(name, environ)
        except ConfigurationError as error:
            yield f"{name} does not start: {error}"
            continue
        if chosen.store != "firestore:handoff" or chosen.project != "tulip-demo":
            yield f"{name} works with {chosen.store} of {chosen.project}"
        if chosen.wake is None or [chosen.wake.queue] != queues:
            yield f"{name} is not woken by {queues}"


def environments(made: Made) -> Mapping[str, Mapping[str, str]]:
    """Return what each function is told, by its entry point."""
    return {
        one["build_config"][0]["entry_point"]: one["service_config"][0]["environment_variables"]
        for one in resources(made, "google_cloudfunctions2_function")
    }


def all_variables() -> set[str]:
    """Return every variable of every provider."""
    return {name for entry in PROVIDERS.values() for name in entry.variables}


def settings(name: str, environ: Mapping[str, str], value: str = VALUE) -> Settings:
    """Return the settings of one function on the platform; raises ConfigurationError."""
    variables = Variables({**environ, "K_SERVICE": name}, secrets_are(value))
    return load(
        variables,
        utc_now,
        serves_dialogflow=name == "dialogflow_fulfillment",
        serves_pages=name == "customer_chat",
    )


def secrets_are(value: str) -> ReadSecrets:
    """Return a Secret Manager with one value for everything."""

    def read(references: Sequence[str]) -> Mapping[str, str]:
        return dict.fromkeys(references, value)

    return read
