"""Who may do what on what, read off what Terraform has made, and what it should be: all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.terraform.offline import Made, resources
from tests.terraform.policy import DIALOGFLOW, IF, PUBLIC
from tests.terraform.starting import all_variables

Values = Mapping[str, Any]
Right = tuple[str, str]

# By the names of their accounts: who signs tokens for pages, or checks them, reads the key.
WITH_PAGES = {"handoff-fulfillment", "handoff-customer-chat"}
ACCOUNTS = WITH_PAGES | {"handoff-agent-events", "handoff-wake"}
SECRET = ("_SECRET", "_TOKEN", "_KEY")
WAKES = ("roles/run.invoker", "function handoff-wake")


def problems(made: Made) -> Iterator[str]:
    """Yield every right that is too much or missing."""
    found, due = granted(made), expected()
    for who in sorted(found.keys() | due.keys()):
        for role, where in sorted(found.get(who, set()) - due.get(who, set())):
            yield f"{who} has {role} on {where}"
        for role, where in sorted(due.get(who, set()) - found.get(who, set())):
            yield f"{who} lacks {role} on {where}"


def expected() -> dict[str, set[Right]]:
    """Return what each account needs, and nothing else."""
    due = {"allUsers": {("roles/run.invoker", f"function {name}") for name in PUBLIC}}
    due[f"serviceAccount:{DIALOGFLOW}"] = {
        ("roles/run.invoker", "function handoff-dialogflow-fulfillment")
    }
    due["handoff-waker"] = {WAKES}
    due["handoff-builder"] = {
        ("roles/logging.logWriter", "project"),
        ("roles/artifactregistry.writer", "images handoff-functions"),
        _conditional("roles/storage.objectViewer"),
    }
    return due | {account: _of_a_function(account) for account in ACCOUNTS}


def _of_a_function(account: str) -> set[Right]:
    read = {name for name in all_variables() if name.endswith(SECRET)}
    read |= {"HANDOFF_TOKEN_KEY"} if account in WITH_PAGES else set()
    secrets = {"secret handoff-" + name.lower().replace("_", "-") for name in read}
    return {
        *(("roles/secretmanager.secretAccessor", one) for one in secrets),
        _conditional("roles/datastore.user"),
        ("roles/cloudtasks.enqueuer", "queue handoff-wake"),
        ("roles/iam.serviceAccountUser", f"account {account}"),
        WAKES,
    }


def _conditional(role: str) -> Right:
    return role, f"project if {IF[role]}"


def granted(made: Made) -> dict[str, set[Right]]:
    """Return the roles of each account, each with what it is for, by the account's own name."""
    accounts = _named(made, "google_service_account", "account_id")
    found: dict[str, set[Right]] = defaultdict(set)
    for given in made:
        if "_iam_" not in given["type"]:
            continue
        one = given["values"]
        where = PLACES[given["type"]](made, one) if given["type"] in PLACES else given["address"]
        for member in _members(one):
            who = accounts.get(member.removeprefix("serviceAccount:"), member)
            found[who].add((str(one.get("role")), where))
    return dict(found)


def _members(one: Values) -> list[str]:
    """Return whom it is granted to; what is granted without a name is granted to anybody."""
    return (
        [one["member"]] if one.get("member") else [*(one.get("members") or ["nobody knows whom"])]
    )


def _named(made: Made, kind: str, by: str) -> dict[str, str]:
    """Return a resource's own name by each text that others may know it by."""
    names = {}
    for one in resources(made, kind):
        for known in ("id", "name", "email", "member"):
            if one.get(known):
                names[str(one[known]).removeprefix("serviceAccount:")] = str(one[by])
        if kind == "google_service_account":
            names[f"{one[by]}@tulip-demo.iam.gserviceaccount.com"] = str(one[by])
    return names


def _project(made: Made, one: Values) -> str:
    conditions = [given["expression"] for given in one["condition"]]
    return " if ".join(["project", *conditions])


def _secret(made: Made, one: Values) -> str:
    return "secret " + _named(made, "google_secret_manager_secret", "secret_id")[one["secret_id"]]


def _account(made: Made, one: Values) -> str:
    names = _named(made, "google_service_account", "account_id")
    return "account " + names[one["service_account_id"]]


def _images(made: Made, one: Values) -> str:
    names = _named(made, "google_artifact_registry_repository", "repository_id")
    return "images " + names[one["repository"]]


PLACES: Mapping[str, Callable[[Made, Values], str]] = {
    "google_project_iam_member": _project,
    "google_cloud_run_v2_service_iam_member": lambda _, one: f"function {one['name']}",
    "google_secret_manager_secret_iam_member": _secret,
    "google_cloud_tasks_queue_iam_member": lambda _, one: f"queue {one['name']}",
    "google_service_account_iam_member": _account,
    "google_artifact_registry_repository_iam_member": _images,
}
