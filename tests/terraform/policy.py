"""What must be true of any plan, whatever the module looks like inside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from handoff import documents
from handoff.vocabulary import State
from tests.terraform import lines
from tests.terraform.offline import ROOT, Made, resources

Problems = Iterator[str]

PUBLIC = {"handoff-agent-events", "handoff-customer-chat"}
DIALOGFLOW = "service-123456789012@gcp-sa-dialogflow.iam.gserviceaccount.com"
WAKER = "handoff-waker@tulip-demo.iam.gserviceaccount.com"
# A task calls in the name of the function that asked for it.
ASKING = {
    f"handoff-{name}@tulip-demo.iam.gserviceaccount.com"
    for name in ("fulfillment", "agent-events", "customer-chat", "wake")
}
CALLERS = {
    "handoff-dialogflow-fulfillment": {DIALOGFLOW},
    "handoff-wake": {WAKER, *ASKING},
}
ANYBODY = {"allUsers", "allAuthenticatedUsers"}

# Every way in which a right may be given, and the roles that may be given so.
ROLES = {
    "google_project_iam_member": {
        "roles/datastore.user",
        "roles/logging.logWriter",
        "roles/storage.objectViewer",
    },
    "google_artifact_registry_repository_iam_member": {"roles/artifactregistry.writer"},
    "google_cloud_run_v2_service_iam_member": {"roles/run.invoker"},
    "google_cloud_tasks_queue_iam_member": {"roles/cloudtasks.enqueuer"},
    "google_secret_manager_secret_iam_member": {"roles/secretmanager.secretAccessor"},
    "google_service_account_iam_member": {"roles/iam.serviceAccountUser"},
}
# For the whole project are only the roles that nothing smaller can have, on these conditions.
IF = {
    "roles/datastore.user": 'resource.name == "projects/tulip-demo/databases/handoff" || '
    'resource.name.startsWith("projects/tulip-demo/databases/handoff/")',
    "roles/storage.objectViewer": "resource.name.startsWith("
    '"projects/_/buckets/gcf-v2-sources-123456789012-europe-west1")',
    "roles/logging.logWriter": "",
}

# A token is a vendor's, not a person's, and is read after its time too.
WITHOUT_WORDS = {documents.TOKENS}
COLLECTIONS = {
    value for name, value in vars(documents).items() if name.isupper() and isinstance(value, str)
}
# No query is by these: shared/handoff/firestore.py. Any other field needs its index.
NEVER_ASKED_BY = {"data", "value", "expire_at"}
LARGE = {
    ("sessions", "data"),
    ("deliveries", "data"),
    ("dead_letters", "data"),
    ("tokens", "value"),
}

SETTINGS = "".join(
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("settings.md", "logs.md")
)


def problems(plan: Made) -> list[str]:
    """Return all that is wrong with a plan, a line each."""
    return [line for rule in RULES for line in rule(plan)]


def _public(plan: Made) -> Problems:
    members = resources(plan, "google_cloud_run_v2_service_iam_member")
    found = {one["name"] for one in members if one["member"] in ANYBODY}
    if found != PUBLIC:
        yield f"the internet reaches {sorted(found)}"
    for name, who in CALLERS.items():
        callers = {one["member"] for one in members if one["name"] == name}
        if callers != {f"serviceAccount:{one}" for one in who}:
            yield f"{name} is called by {sorted(callers)}"


def _rights(plan: Made) -> Problems:
    for one in plan:
        if "_iam_" not in one["type"]:
            continue
        role = one["values"].get("role")
        if role not in ROLES.get(one["type"], set()):
            yield f"{one['address']} gives {role}"
        if one["type"] == "google_project_iam_member":
            conditions = [given["expression"] for given in one["values"]["condition"]]
            if conditions != [IF.get(role, "")] * bool(IF.get(role)):
                yield f"{one['address']} gives {role} for {conditions or 'the whole project'}"


def _secrets(plan: Made) -> Problems:
    for one in resources(plan, "google_secret_manager_secret_version"):
        if one.get("secret_data") is not None:
            yield "a secret's value would be in the state"
    for function in resources(plan, "google_cloudfunctions2_function"):
        given = function["service_config"][0]["environment_variables"] or {}
        for name, value in given.items():
            is_secret = name.endswith(("_SECRET", "_TOKEN", "_KEY"))
            if is_secret and not value.startswith("sm://"):
                yield f"{function['name']} is given {name} itself"


def _archives(plan: Made) -> Problems:
    for one in resources(plan, "google_storage_bucket"):
        if one["public_access_prevention"] != "enforced" or not one["uniform_bucket_level_access"]:
            yield f"{one['name']} may be opened to the internet"
        if not one["versioning"] or not one["versioning"][0]["enabled"]:
            yield f"{one['name']} forgets what was deployed"
        for rule in one["lifecycle_rule"]:
            if rule["condition"][0].get("num_newer_versions"):
                yield f"{one['name']} keeps for ever what never has a newer version"


def _expiry(plan: Made) -> Problems:
    fields = resources(plan, "google_firestore_field")
    found = {(one["collection"], one["field"]) for one in fields if one["ttl_config"]}
    if found != {(one, "expire_at") for one in COLLECTIONS - WITHOUT_WORDS}:
        yield f"words expire by {sorted(found)}"
    without = {(one["collection"], one["field"]) for one in fields if one["index_config"]}
    for collection, field in sorted(without):
        if field not in NEVER_ASKED_BY:
            yield f"{collection}.{field} is asked by, and has no index"
    if not without >= LARGE:
        yield f"words are searched by: {sorted(LARGE - without)} has an index"
    for one in resources(plan, "google_firestore_database"):
        if one["point_in_time_recovery_enablement"] != "POINT_IN_TIME_RECOVERY_DISABLED":
            yield "what has expired can be read for a week"
        if one["deletion_policy"] != "DELETE":
            yield "destroy leaves the database behind"


def _variables(plan: Made) -> Problems:
    for function in resources(plan, "google_cloudfunctions2_function"):
        for name in function["service_config"][0]["environment_variables"] or {}:
            if f"`{name}`" not in SETTINGS:
                yield f"{function['name']} is given {name}, which the documentation does not know"


def _accounts(plan: Made) -> Problems:
    functions = resources(plan, "google_cloudfunctions2_function")
    accounts = resources(plan, "google_service_account")
    if len(accounts) != len(functions) + 2:  # the waker and the builder
        yield f"{len(accounts)} service accounts for {len(functions)} functions"


def _images(plan: Made) -> Problems:
    ours = {one.get("id") for one in resources(plan, "google_artifact_registry_repository")}
    for one in resources(plan, "google_cloudfunctions2_function"):
        if one["build_config"][0].get("docker_repository") not in ours:
            yield f"the builder of {one['name']} may not write where its image goes"


def _functions(plan: Made) -> Problems:
    for one in resources(plan, "google_cloudfunctions2_function"):
        said, name = one["service_config"][0], one["name"]
        ingress = "ALLOW_INTERNAL_ONLY" if name == "handoff-wake" else "ALLOW_ALL"
        if said["ingress_settings"] != ingress:
            yield f"{name} is reached by {said['ingress_settings']}"
        if said["max_instance_request_concurrency"] < 20:
            yield f"{name} holds {said['max_instance_request_concurrency']} requests at once"
        if not re.fullmatch(r"(512|[0-9]{4,})Mi|[0-9]+Gi", said["available_memory"]):
            yield f"{name} has {said['available_memory']} of memory"
        if not said["all_traffic_on_latest_revision"]:
            yield f"{name} stays as it was"


def _sweep(plan: Made) -> Problems:
    jobs = resources(plan, "google_cloud_scheduler_job")
    if not jobs:
        yield "nobody sweeps"
    for one in jobs:
        target = one["http_target"][0]
        [host] = re.findall(r"^https://[^/]+", target["uri"])
        token = target["oidc_token"][0] if target["oidc_token"] else {}
        if (token.get("service_account_email"), token.get("audience")) != (
            WAKER,
            host,
        ):
            yield f"wake would refuse the sweep: {token}"


def _apis(plan: Made) -> Problems:
    for one in resources(plan, "google_project_service"):
        if one["disable_on_destroy"]:
            yield f"destroy switches {one['service']} off for everybody"


def _metrics(plan: Made) -> Problems:
    for one in resources(plan, "google_logging_metric"):
        for event in (events := _events(one["filter"])):
            said = json.dumps([one["filter"], one["value_extractor"], one["label_extractors"]])
            for field in set(re.findall(r"jsonPayload\.(\w+)", said)) - lines.written()[event]:
                yield f"{one['name']} reads {field}, which {event} does not have"
        if not events:
            yield f"{one['name']} looks for an event that is never written"
        # Where a handoff stands is a list of its own; any other outcome is somewhere in the source.
        known = set(State) if events == {"handoff"} else lines.words()
        for outcome in re.findall(r'jsonPayload\.outcome="(\w+)"', one["filter"]):
            if outcome not in known:
                yield f"{one['name']} looks for the outcome {outcome}, which is never written"


def _events(asked: str) -> set[str]:
    """Return the events that a filter finds; of several by name each one has to be there."""
    [(equals, given)] = re.findall(r'jsonPayload\.event(=~?)(\([^)]*\)|"[^"]*")', asked)
    names = re.findall(r'"([^"]*)"', given)
    known = lines.written()
    if equals == "=~":
        return {event for event in known if re.search(names[0], event)}
    return set(names) if set(names) <= known.keys() else set()


def _alerts(plan: Made) -> Problems:
    metrics = {one["name"] for one in resources(plan, "google_logging_metric")}
    dashboards = [one["dashboard_json"] for one in resources(plan, "google_monitoring_dashboard")]
    policies = {
        one["display_name"]: one for one in resources(plan, "google_monitoring_alert_policy")
    }
    for name, read in ALERTS.items():
        said = json.dumps(policies.pop(name, {}).get("conditions"))
        if any(one not in said for one in read):
            yield f"the alert {name!r} does not read {' and '.join(read)}"
    if policies:
        yield f"nobody has looked at {sorted(policies)}"
    shown = set(re.findall(r"logging.googleapis.com/user/([\w/]+)", " ".join(dashboards)))
    if dashboards and shown != metrics:
        yield f"the dashboard shows {sorted(shown)} of {sorted(metrics)}"


ALERTS = {
    "handoff: requests fail": ("run.googleapis.com/request_count", "denominator_filter"),
    "handoff: turns are slow": ("user/handoff/turn_milliseconds",),
    "handoff: words did not arrive": ("user/handoff/dead_letters",),
    # If nobody comes at all, no line says how late it is.
    "handoff: nobody looks after sessions": ("user/handoff/late_seconds", '"duration": "600s"'),
    "handoff: callers are refused": ("user/handoff/refused_callers",),
}

RULES: tuple[Callable[[Made], Problems], ...] = (
    _public,
    _rights,
    _secrets,
    _archives,
    _expiry,
    _variables,
    _accounts,
    _images,
    _functions,
    _sweep,
    _apis,
    _metrics,
    _alerts,
)
