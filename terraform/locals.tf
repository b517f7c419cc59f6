# What the functions are, who may call them, and what they are told: one entry a function.

data "google_project" "this" {
  project_id = var.project

  # Here, because no variable can look at another that looks at it, and everything needs this.
  lifecycle {
    precondition {
      condition     = length(local.lacking) == 0
      error_message = "The functions would not start without ${join(", ", local.lacking)}: ${join(" and ", local.touched)} is half configured. Secrets belong into secrets, the others into environment."
    }
  }
}

# A warning only: whoever looks at a plan first has no account at a desk yet.
check "provider" {
  assert {
    condition     = length(local.touched) > 0
    error_message = "No provider is configured, and without one no function starts. environment and secrets need what one of them requires: ${join("; ", [for name, one in local.providers : "${name}: ${join(", ", concat(one.required, one.secrets))}"])}."
  }
}

locals {
  number = data.google_project.this.number
  labels = merge({ app = var.name }, var.labels)

  # Every variable that a function reads: docs/settings.md. What lacks one of the required does not
  # start, so it is refused before anything is made; so is what nobody reads, which is a typo.
  providers = {
    livechat = {
      required = ["LIVECHAT_ORGANIZATION_ID", "LIVECHAT_CLIENT_ID"]
      secrets  = ["LIVECHAT_CLIENT_SECRET", "LIVECHAT_REFRESH_TOKEN", "LIVECHAT_WEBHOOK_SECRET"]
      optional = [
        "LIVECHAT_ACCOUNTS_URL",
        "LIVECHAT_API_URL",
        "LIVECHAT_API_VERSION",
        "LIVECHAT_BOT_ID",
        "LIVECHAT_GROUP_ID",
      ]
      optional_secrets = ["LIVECHAT_BOT_SECRET"]
      together         = ["LIVECHAT_BOT_ID", "LIVECHAT_BOT_SECRET"] # both or none
    }
    "8x8" = {
      required = ["EIGHT_BY_EIGHT_TENANT", "EIGHT_BY_EIGHT_CHANNEL_ID"]
      secrets  = ["EIGHT_BY_EIGHT_API_KEY"]
      optional = [
        "EIGHT_BY_EIGHT_API_URL",
        "EIGHT_BY_EIGHT_QUEUE_ID",
        "EIGHT_BY_EIGHT_QUEUE_STATISTICS",
        "EIGHT_BY_EIGHT_SCHEDULE_ID",
      ]
      optional_secrets = ["EIGHT_BY_EIGHT_API_SECRET"]
      together         = []
    }
  }
  known_variables = toset(concat(
    ["HANDOFF_CONFIG", "GUNICORN_LOG_LEVEL"],
    flatten([for one in local.providers : concat(one.required, one.optional)]),
  ))
  provider_secrets = toset(flatten([for one in local.providers : concat(one.secrets, one.optional_secrets)]))
  known_secrets    = setunion(local.provider_secrets, ["DIALOGFLOW_SECRET", "HANDOFF_TOKEN_KEY"])

  # Which providers anything is said of, and what each of them lacks.
  given = setunion(keys(var.environment), keys(var.secrets))
  touched = [
    for name, one in local.providers : name
    if length(setintersection(local.given, concat(one.required, one.optional, one.secrets, one.optional_secrets))) > 0
  ]
  lacking = setsubtract(
    concat(
      flatten([for name in local.touched : concat(local.providers[name].required, local.providers[name].secrets)]),
      flatten([for one in local.providers : one.together if length(setintersection(local.given, one.together)) > 0]),
    ),
    local.given,
  )

  set_here = toset([
    "DIALOGFLOW_AUTH",
    "DIALOGFLOW_AUDIENCE",
    "DIALOGFLOW_SERVICE_AGENT",
    "HANDOFF_CUSTOMER_CHAT_URL",
    "HANDOFF_STORE",
    "HANDOFF_TASKS_QUEUE",
    "HANDOFF_WAKE_URL",
  ])

  # https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook#id-token
  dialogflow_agents = [
    for number in coalescelist(var.dialogflow_project_numbers, [local.number]) :
    "service-${number}@gcp-sa-dialogflow.iam.gserviceaccount.com"
  ]
  dialogflow_members = [for agent in local.dialogflow_agents : "serviceAccount:${agent}"]

  # In whose names wake is called: the sweep's, and each function's that asks for a task. Said here so
  # that a plan already shows who may call what.
  waker = "${var.name}-waker@${var.project}.iam.gserviceaccount.com"
  accounts = {
    for key, name in local.names : key => name == "${var.name}-dialogflow-fulfillment" ? "${var.name}-fulfillment" : name
  }
  wakers = concat([local.waker], [
    for key in keys(local.accounts) : "${local.accounts[key]}@${var.project}.iam.gserviceaccount.com"
    if key != "customer_chat" || var.customer_chat
  ])

  # Who calls a function is the platform's to check, unless the function does it itself.
  by_iam   = var.dialogflow_auth == "iam"
  everyone = ["allUsers"]

  all_functions = {
    dialogflow_fulfillment = {
      callers     = local.by_iam ? local.dialogflow_members : local.everyone
      ingress     = "ALLOW_ALL"
      memory      = "512Mi"
      concurrency = 80
      seconds     = 30
      min         = var.min_instances
      secrets = concat(
        var.dialogflow_auth == "secret" ? ["DIALOGFLOW_SECRET"] : [],
        var.customer_chat ? ["HANDOFF_TOKEN_KEY"] : [],
      )
      environment = merge(
        { DIALOGFLOW_AUTH = var.dialogflow_auth },
        var.dialogflow_auth == "id-token" ? {
          DIALOGFLOW_AUDIENCE      = join(" ", [local.urls.dialogflow_fulfillment, "${local.urls.dialogflow_fulfillment}/"])
          DIALOGFLOW_SERVICE_AGENT = join(" ", local.dialogflow_agents)
        } : {},
        var.customer_chat ? { HANDOFF_CUSTOMER_CHAT_URL = local.urls.customer_chat } : {},
      )
    }
    agent_events = {
      # Each provider proves itself, in a header or in the body.
      callers     = local.everyone
      ingress     = "ALLOW_ALL"
      memory      = "512Mi"
      concurrency = 80
      seconds     = 30
      min         = 0
      secrets     = []
      environment = {}
    }
    customer_chat = {
      # Each page proves itself by a token that names one handoff.
      callers = local.everyone
      ingress = "ALLOW_ALL"
      memory  = "1Gi"
      # One instance holds so many open streams (docs/reliability.md), each for up to 55 minutes.
      concurrency = 1000
      seconds     = 3600
      min         = 0
      secrets     = ["HANDOFF_TOKEN_KEY"]
      environment = {}
    }
    wake = {
      callers = [for account in local.wakers : "serviceAccount:${account}"]
      # Cloud Tasks and Cloud Scheduler of the same project count as internal.
      ingress     = "ALLOW_INTERNAL_ONLY"
      memory      = "512Mi"
      concurrency = 20
      seconds     = 60
      min         = 0
      secrets     = []
      environment = {}
    }
  }
  functions = { for key, one in local.all_functions : key => one if key != "customer_chat" || var.customer_chat }

  names = {
    for key in ["dialogflow_fulfillment", "agent_events", "customer_chat", "wake"] :
    key => "${var.name}-${replace(key, "_", "-")}"
  }

  # Known before a function exists, so that one function can be told of another and of itself.
  # https://docs.cloud.google.com/run/docs/triggering/https-request#deterministic
  urls = { for key, name in local.names : key => "https://${name}-${local.number}.${var.region}.run.app" }

  common_environment = merge(var.environment, {
    GOOGLE_CLOUD_PROJECT = var.project
    HANDOFF_STORE        = "firestore:${var.database}"
    HANDOFF_TASKS_QUEUE  = google_cloud_tasks_queue.wake.id
    HANDOFF_WAKE_URL     = local.urls.wake
  })

  # A secret that no function of this installation reads is not made readable for it.
  secrets_of = {
    for key, one in local.functions : key => toset([
      for name in keys(var.secrets) : name
      if contains(local.provider_secrets, name) || contains(one.secrets, name)
    ])
  }
}
