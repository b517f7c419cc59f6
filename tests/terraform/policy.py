"""What must be true of any plan, whatever the module looks like inside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from handoff import documents
from tests.terraform.offline import ROOT, resources

Plan = dict[str, Any]

PUBLIC = {"handoff-agent-events", "handoff-customer-chat"}
COLLECTIONS_WITH_WORDS = {
    documents.SESSIONS,
    documents.CONVERSATIONS,
    documents.DELIVERIES,
    documents.DEAD_LETTERS,
}
# What the store asks by: shared/handoff/firestore.py.
ASKED_BY = {"wake_at", "opening", "position", "at"}

IN_THE_PROJECT = {
    "roles/datastore.user",
    "roles/logging.logWriter",
    "roles/artifactregistry.writer",
}
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
LOGS = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")


def problems(plan: Plan) -> list[str]:
    """Return all that is wrong with a plan, a line each."""
    return [line for rule in RULES for line in rule(plan)]


def _public(plan: Plan) -> Iterator[str]:
    members = resources(plan, "google_cloud_run_v2_service_iam_member")
    found = {
        one["name"] for one in members if one["member"] in {"allUsers", "allAuthenticatedUsers"}
    }
    if found != PUBLIC:
        yield f"the internet reaches {sorted(found)}"


def _rights(plan: Plan) -> Iterator[str]:
    for one in resources(plan, "google_project_iam_member"):
        if one["role"] not in IN_THE_PROJECT:
            yield f"{one['role']} is for the whole project"
        if one["role"] == "roles/datastore.user" and not one["condition"]:
            yield "datastore.user reaches every database"


def _secrets(plan: Plan) -> Iterator[str]:
    for one in resources(plan, "google_secret_manager_secret_version"):
        if one.get("secret_data") is not None:
            yield "a secret's value would be in the state"
    for function in resources(plan, "google_cloudfunctions2_function"):
        given = function["service_config"][0]["environment_variables"] or {}
        for name, value in given.items():
            is_secret = name.endswith(("_SECRET", "_TOKEN", "_KEY"))
            if is_secret and not value.startswith("sm://"):
                yield f"{function['name']} is given {name} itself"


def _expiry(plan: Plan) -> Iterator[str]:
    fields = resources(plan, "google_firestore_field")
    found = {one["collection"] for one in fields if one["ttl_config"]}
    if found != COLLECTIONS_WITH_WORDS:
        yield f"words expire in {sorted(found)}"
    for one in fields:
        if one["field"] in ASKED_BY:
            yield f"{one['collection']}.{one['field']} is asked by, and has no index"


def _variables(plan: Plan) -> Iterator[str]:
    for function in resources(plan, "google_cloudfunctions2_function"):
        for name in function["service_config"][0]["environment_variables"] or {}:
            if f"`{name}`" not in SETTINGS:
                yield f"{function['name']} is given {name}, which docs/settings.md does not know"


def _accounts(plan: Plan) -> Iterator[str]:
    functions = resources(plan, "google_cloudfunctions2_function")
    accounts = resources(plan, "google_service_account")
    if len(accounts) != len(functions) + 2:  # the waker and the builder
        yield f"{len(accounts)} service accounts for {len(functions)} functions"


def _waking(plan: Plan) -> Iterator[str]:
    [wake] = [
        one
        for one in resources(plan, "google_cloudfunctions2_function")
        if one["name"] == "handoff-wake"
    ]
    if wake["service_config"][0]["ingress_settings"] != "ALLOW_INTERNAL_ONLY":
        yield "wake is open to the internet"
    if not resources(plan, "google_cloud_scheduler_job"):
        yield "nobody sweeps"


def _metrics(plan: Plan) -> Iterator[str]:
    for one in resources(plan, "google_logging_metric"):
        said = json.dumps([one["filter"], one["value_extractor"], one["label_extractors"]])
        for field in re.findall(r"jsonPayload\.(\w+)", said):
            if f"`{field}`" not in LOGS:
                yield f"{one['name']} reads {field}, which docs/logs.md does not know"


RULES: tuple[Callable[[Plan], Iterator[str]], ...] = (
    _public,
    _rights,
    _secrets,
    _expiry,
    _variables,
    _accounts,
    _waking,
    _metrics,
)
