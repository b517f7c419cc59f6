# A CX agent as the bridge wants it: docs/dialogflow-cx.md says why each handler is as it is.

locals {
  agent      = var.agent == null ? google_dialogflow_cx_agent.this[0].id : var.agent
  start_flow = var.agent == null ? google_dialogflow_cx_agent.this[0].start_flow : "${var.agent}/flows/00000000-0000-0000-0000-000000000000"

  state_is = { for state in ["requested", "waiting", "active", "none", "closed", "failed"] : state => "$session.params.handoff_state = \"${state}\"" }
  with     = join(" OR ", [for state in ["requested", "waiting", "active"] : local.state_is[state]])
  without  = join(" OR ", [for state in ["none", "closed", "failed"] : local.state_is[state]])

  # While a person is there: who says what to the bridge. No texts, no targets, nothing generated.
  live_events = {
    "sys.no-match-default" = "handoff.message"
    "sys.long-utterance"   = "handoff.message"
    "sys.no-input-default" = "handoff.poll"
    "agent_reply_ready"    = "handoff.poll"
    "customer_leaves"      = "handoff.end"
  }
  failures = ["webhook.error", "webhook.error.timeout"]
}

resource "google_dialogflow_cx_agent" "this" {
  count = var.agent == null ? 1 : 0

  project               = var.project
  location              = var.location
  display_name          = var.display_name
  default_language_code = var.language
  time_zone             = var.time_zone
}

resource "google_dialogflow_cx_webhook" "bridge" {
  parent       = local.agent
  display_name = "Live-agent handoff"
  # The bridge answers within 4 s; what takes longer is lost on the way.
  timeout = "5s"

  generic_web_service {
    uri                = var.webhook_url
    service_agent_auth = var.secret_version == null ? "ID_TOKEN" : "NONE"

    dynamic "secret_versions_for_request_headers" {
      for_each = var.secret_version[*]
      content {
        key            = "X-Handoff-Secret"
        secret_version = secret_versions_for_request_headers.value
      }
    }
  }
}

resource "google_dialogflow_cx_intent" "agent" {
  parent        = local.agent
  display_name  = "agent"
  description   = "The customer wants a person."
  language_code = var.language

  dynamic "training_phrases" {
    for_each = var.training_phrases
    content {
      repeat_count = 1
      parts {
        text = training_phrases.value
      }
    }
  }
}

# No intent routes: nothing can steal a message from the person it is for.
resource "google_dialogflow_cx_flow" "live" {
  parent        = local.agent
  display_name  = "Live agent"
  description   = "A person answers; every word goes to them, and the bot is silent."
  language_code = var.language

  transition_routes {
    # The bridge's own answer leads back (targetFlow); this is for when it got lost.
    condition   = local.without
    target_flow = local.start_flow

    trigger_fulfillment {
      messages {
        text {
          text = [var.texts.back]
        }
      }
    }
  }

  dynamic "event_handlers" {
    for_each = local.live_events
    content {
      event = event_handlers.key

      trigger_fulfillment {
        webhook                    = google_dialogflow_cx_webhook.bridge.id
        tag                        = event_handlers.value
        enable_generative_fallback = false
      }
    }
  }

  dynamic "event_handlers" {
    for_each = local.failures
    content {
      event = event_handlers.value

      trigger_fulfillment {
        messages {
          text {
            text = [var.texts.not_delivered]
          }
        }
      }
    }
  }

  nlu_settings {
    model_type = "MODEL_TYPE_STANDARD"
  }
}

resource "google_dialogflow_cx_intent" "welcome" {
  count = var.agent == null ? 1 : 0

  parent                    = local.agent
  display_name              = "Default Welcome Intent"
  is_default_welcome_intent = true
  language_code             = var.language

  dynamic "training_phrases" {
    for_each = ["hello", "hi", "good morning", "hey there", "good evening"]
    content {
      repeat_count = 1
      parts {
        text = training_phrases.value
      }
    }
  }
}

# The start flow of a new agent. One that exists gets the two routes of docs/dialogflow-cx.md by hand.
resource "google_dialogflow_cx_flow" "main" {
  count = var.agent == null ? 1 : 0

  parent                = local.agent
  display_name          = "Default Start Flow"
  is_default_start_flow = true
  language_code         = var.language

  transition_routes {
    intent = google_dialogflow_cx_intent.welcome[0].id

    trigger_fulfillment {
      webhook = google_dialogflow_cx_webhook.bridge.id
      tag     = "welcome"
      messages {
        text {
          text = [var.texts.welcome]
        }
      }
    }
  }

  transition_routes {
    # No target: a webhook that fails must leave the customer with the bot.
    intent = google_dialogflow_cx_intent.agent.id

    trigger_fulfillment {
      webhook = google_dialogflow_cx_webhook.bridge.id
      tag     = "handoff.start"
    }
  }

  transition_routes {
    condition   = local.with
    target_flow = google_dialogflow_cx_flow.live.id
  }

  event_handlers {
    event = "sys.no-match-default"

    trigger_fulfillment {
      webhook                    = google_dialogflow_cx_webhook.bridge.id
      tag                        = "fallback"
      enable_generative_fallback = false
      messages {
        text {
          text = [var.texts.fallback]
        }
      }
    }
  }

  # Dialogflow keeps one in every flow; one that is not said here would be a difference in every plan.
  event_handlers {
    event = "sys.no-input-default"

    trigger_fulfillment {
      enable_generative_fallback = false
      messages {
        text {
          text = [var.texts.fallback]
        }
      }
    }
  }

  dynamic "event_handlers" {
    for_each = { "agent_reply_ready" = "handoff.poll", "customer_leaves" = "handoff.end" }
    content {
      event = event_handlers.key

      trigger_fulfillment {
        webhook                    = google_dialogflow_cx_webhook.bridge.id
        tag                        = event_handlers.value
        enable_generative_fallback = false
      }
    }
  }

  dynamic "event_handlers" {
    for_each = local.failures
    content {
      event = event_handlers.value

      trigger_fulfillment {
        messages {
          text {
            text = [var.texts.unreachable]
          }
        }
      }
    }
  }

  nlu_settings {
    model_type = "MODEL_TYPE_STANDARD"
  }
}

# A version is a copy that never changes: when a flow does, another takes its place.
resource "google_dialogflow_cx_version" "main" {
  count = var.agent == null ? 1 : 0

  parent       = google_dialogflow_cx_flow.main[0].id
  display_name = "handoff"
  description  = "Made by Terraform"

  lifecycle {
    create_before_destroy = true
    replace_triggered_by = [
      google_dialogflow_cx_flow.main,
      google_dialogflow_cx_intent.agent,
      google_dialogflow_cx_intent.welcome,
      google_dialogflow_cx_webhook.bridge,
    ]
  }
}

resource "google_dialogflow_cx_version" "live" {
  parent       = google_dialogflow_cx_flow.live.id
  display_name = "handoff"
  description  = "Made by Terraform"

  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [google_dialogflow_cx_flow.live, google_dialogflow_cx_webhook.bridge]
  }
}

resource "google_dialogflow_cx_environment" "this" {
  count = var.agent == null ? 1 : 0

  parent       = local.agent
  display_name = "production"
  description  = "What customers talk to"

  version_configs {
    version = google_dialogflow_cx_version.main[0].id
  }

  version_configs {
    version = google_dialogflow_cx_version.live.id
  }
}
