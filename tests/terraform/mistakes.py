"""Mistakes that somebody could make in the module: each in a file, instead of what stands there."""

from __future__ import annotations

Mistake = tuple[str, str, str]

FUNCTION = 'resource "google_cloudfunctions2_function" "this" {'
OPEN_FUNCTION = """resource "google_cloudfunctions2_function_iam_member" "open" {
  location       = var.region
  cloud_function = google_cloudfunctions2_function.this["wake"].name
  role           = "roles/cloudfunctions.invoker"
  member         = "allUsers"
}

"""
OWNER = """resource "google_project_iam_binding" "owner" {
  project = var.project
  role    = "roles/owner"
  members = [google_service_account.waker.member]
}

"""
BUILDER = 'resource "google_service_account" "builder" {'
AFTER_APIS = "\n  depends_on = [google_project_service.needed]\n"
TOKEN = """    oidc_token {
      service_account_email = local.waker
      audience              = local.urls.wake
    }
"""
LIVE_VERSION = """  version_configs {
    version = google_dialogflow_cx_version.live.id
  }
"""
EVENT = "      event = event_handlers.key\n"
AGENT = "dialogflow_cx/main.tf"
OF_WAKE = '[for account in local.wakers : "serviceAccount:${account}"]'
QUEUE = "google_cloud_tasks_queue.wake"

# What Terraform itself refuses.
REFUSED: dict[str, Mistake] = {
    "misspelt argument": ("functions.tf", "available_memory", "avaliable_memory"),
    "wrong reference": ("outputs.tf", "google_monitoring_dashboard.this", "google_dashboard.this"),
    "value in the state": ("secrets.tf", "secret_data_wo         =", "secret_data ="),
    "variable that nobody can set": ("locals.tf", '        "LIVECHAT_API_VERSION",\n', ""),
}

# What is found in what is planned and made, and in which words. All of them can be made at once.
FOUND: dict[str, tuple[Mistake, str]] = {
    "wake for everybody": (
        ("locals.tf", OF_WAKE, "local.everyone"),
        "the internet reaches ['handoff-agent-events', 'handoff-customer-chat', 'handoff-wake']",
    ),
    "wake for everybody by another way": (
        ("functions.tf", FUNCTION, OPEN_FUNCTION + FUNCTION),
        "google_cloudfunctions2_function_iam_member.open gives roles/cloudfunctions.invoker",
    ),
    "wake from anywhere": (
        ("locals.tf", '"ALLOW_INTERNAL_ONLY"', '"ALLOW_ALL"'),
        "handoff-wake is reached by ALLOW_ALL",
    ),
    "owner of the project": (
        ("project.tf", BUILDER, OWNER + BUILDER),
        "handoff-waker has roles/owner on google_project_iam_binding.owner",
    ),
    "too many rights": (
        ("project.tf", "roles/logging.logWriter", "roles/logging.admin"),
        "google_project_iam_member.builder gives roles/logging.admin",
    ),
    "every database": (
        ("firestore.tf", '/databases/${var.database}/\\")"', '/\\")"'),
        "gives roles/datastore.user for ['resource.name == ",
    ),
    "every bucket": (
        ("project.tf", "gcf-v2-sources-${local.number}-${var.region}", ""),
        "gives roles/storage.objectViewer for",
    ),
    "tokens of a function": (
        ("waking.tf", "iam.serviceAccountUser", "iam.serviceAccountTokenCreator"),
        "handoff-wake has roles/iam.serviceAccountTokenCreator on account handoff-wake",
    ),
    "admin of the queue": (
        ("waking.tf", "cloudtasks.enqueuer", "cloudtasks.admin"),
        "handoff-wake has roles/cloudtasks.admin on queue handoff-wake",
    ),
    "key of the pages for all": (
        (
            "locals.tf",
            "if contains(local.provider_secrets, name) ||",
            'if contains(local.provider_secrets, name) || name == "HANDOFF_TOKEN_KEY" ||',
        ),
        "handoff-wake has roles/secretmanager.secretAccessor on secret handoff-handoff-token-key",
    ),
    "archives for everybody": (
        ("project.tf", '"enforced"', '"inherited"'),
        "tulip-demo-handoff-archives may be opened to the internet",
    ),
    "images where the builder may not write": (
        (
            "functions.tf",
            "google_artifact_registry_repository.images.id",
            '"projects/${var.project}/locations/${var.region}/repositories/gcf-artifacts"',
        ),
        "the builder of handoff-wake may not write where its image goes",
    ),
    "one request at a time": (
        ("locals.tf", "concurrency = 80", "concurrency = 1"),
        "handoff-dialogflow-fulfillment holds 1 requests at once",
    ),
    "words for ever": (
        ("firestore.tf", '"deliveries", "dead_letters"]', '"dead_letters"]'),
        "words expire by [('conversations', 'expire_at'), ('dead_letters', 'expire_at'), ('sess",
    ),
    "words that come back": (
        ("firestore.tf", "RECOVERY_DISABLED", "RECOVERY_ENABLED"),
        "what has expired can be read for a week",
    ),
    "index that is needed": (
        ("firestore.tf", 'sessions = "data"', 'sessions = "wake_at"'),
        "sessions.wake_at is asked by, and has no index",
    ),
    "every index that is needed": (
        ("firestore.tf", 'deliveries = "data"', 'deliveries = "*"'),
        "deliveries.* is asked by, and has no index",
    ),
    "unknown field of a log": (
        ("monitoring.tf", "jsonPayload.waited", "jsonPayload.wiated"),
        "handoff/relay_milliseconds reads wiated, which job.send does not have",
    ),
    "field of another event": (
        ("monitoring.tf", '"jsonPayload.seconds"', '"jsonPayload.late"'),
        "handoff/waiting_seconds reads late, which handoff does not have",
    ),
    "event that never is": (
        ("monitoring.tf", '"dead_letter\\"', '"dead_leter\\"'),
        "handoff/dead_letters looks for an event that is never written",
    ),
    "outcome that never is": (
        ("monitoring.tf", 'outcome=\\"active\\"', 'outcome=\\"accepted\\"'),
        "handoff/waiting_seconds looks for the outcome accepted",
    ),
    "alert that looks elsewhere": (
        ("monitoring.tf", 'this["dead_letters"]', 'this["faults"]'),
        "the alert 'handoff: words did not arrive' does not read user/handoff/dead_letters",
    ),
    "alert that cannot hear silence": (
        ("monitoring.tf", "try(each.value.absent, null)", "null"),
        "the alert 'handoff: nobody looks after sessions' does not read",
    ),
    "sweep by nobody": (("waking.tf", TOKEN, ""), "wake would refuse the sweep: {}"),
    "account before its API": (
        ("waking.tf", AFTER_APIS, ""),
        "google_service_account.waker may come before the APIs are switched on",
    ),
    "APIs off for everybody": (
        ("project.tf", "disable_on_destroy = false", "disable_on_destroy = true"),
        "destroy switches storage.googleapis.com off for everybody",
    ),
    "queue by half its name": (
        ("locals.tf", f"{QUEUE}.id", f"{QUEUE}.name"),
        "wake does not start: HANDOFF_TASKS_QUEUE must be projects/",
    ),
    "webhook that is waited for too long": (
        (AGENT, '"5s"', '"30s"'),
        "a customer waits 30s for a bridge that has answered after four",
    ),
    "model that answers beside a person": (
        (AGENT, "enable_generative_fallback = false", "enable_generative_fallback = true"),
        "Live agent: a model answers sys.no-match-default",
    ),
    "word that leads away from a person": (
        (AGENT, EVENT, EVENT + "      target_flow = local.start_flow\n"),
        "Live agent: sys.no-match-default leads away",
    ),
    "handler that Dialogflow adds": (
        (AGENT, 'event = "sys.no-input-default"', 'event = "nothing_said"'),
        "Default Start Flow does not handle sys.no-input-default",
    ),
    "environment without the person": (
        (AGENT, LIVE_VERSION, ""),
        "production does not have a version of every flow",
    ),
}

# Found by the module's own tests, and by which: what the other variables leave switched off.
TESTED: dict[str, tuple[Mistake, str]] = {
    "Google's key for functions": (
        ("functions.tf", "kms_key_name = var.kms_key", ""),
        "a_key_of_yours_encrypts_all_that_can_be",
    ),
    "token for nobody": (
        ("locals.tf", "DIALOGFLOW_AUDIENCE      =", "DIALOGFLOW_AUDIENC       ="),
        "token_of_dialogflow_is_checked_by_the_function",
    ),
    "secret that nobody checks": (
        ("locals.tf", 'var.dialogflow_auth == "secret" ? [', "true ? ["),
        "secret_that_nobody_checks_is_read_by_nobody",
    ),
}
