# What the functions are, who may call them, and what they are told: one entry a function.

data "google_project" "this" {
  project_id = var.project
}

locals {
  number = data.google_project.this.number
  labels = merge({ app = var.name }, var.labels)

  # Every variable that a function reads, by its name: docs/settings.md. A typo fails here, not at night.
  known_variables = "^(LIVECHAT|EIGHT_BY_EIGHT|SPARKCENTRAL|CM|DIALOGFLOW|HANDOFF)_[A-Z0-9_]+$"

  provider_secrets = toset([
    "LIVECHAT_CLIENT_SECRET",
    "LIVECHAT_REFRESH_TOKEN",
    "LIVECHAT_WEBHOOK_SECRET",
    "LIVECHAT_BOT_SECRET",
    "EIGHT_BY_EIGHT_API_KEY",
    "EIGHT_BY_EIGHT_API_SECRET",
  ])
  known_secrets = setunion(local.provider_secrets, ["DIALOGFLOW_SECRET", "HANDOFF_TOKEN_KEY"])

  set_here = toset([
    "DIALOGFLOW_AUTH",
    "DIALOGFLOW_AUDIENCE",
    "DIALOGFLOW_SERVICE_AGENT",
    "HANDOFF_CUSTOMER_CHAT_URL",
    "HANDOFF_STORE",
    "HANDOFF_TASKS_QUEUE",
    "HANDOFF_WAKE_SERVICE_ACCOUNT",
    "HANDOFF_WAKE_URL",
  ])

  # https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook#id-token
  dialogflow_agents = [
    for number in coalescelist(var.dialogflow_project_numbers, [local.number]) :
    "service-${number}@gcp-sa-dialogflow.iam.gserviceaccount.com"
  ]
  dialogflow_members = [for agent in local.dialogflow_agents : "serviceAccount:${agent}"]

  # In whose name wake is called; said here so that a plan already shows who may call what.
  waker = "${var.name}-waker@${var.project}.iam.gserviceaccount.com"

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
      secrets     = ["DIALOGFLOW_SECRET", "HANDOFF_TOKEN_KEY"]
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
      callers = ["serviceAccount:${local.waker}"]
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
    GOOGLE_CLOUD_PROJECT         = var.project
    HANDOFF_STORE                = "firestore:${var.database}"
    HANDOFF_TASKS_QUEUE          = google_cloud_tasks_queue.wake.id
    HANDOFF_WAKE_URL             = local.urls.wake
    HANDOFF_WAKE_SERVICE_ACCOUNT = local.waker
  })

  # A secret that no function of this installation reads is not made readable for it.
  secrets_of = {
    for key, one in local.functions : key => toset([
      for name in keys(var.secrets) : name
      if contains(local.provider_secrets, name) || contains(one.secrets, name)
    ])
  }
}
