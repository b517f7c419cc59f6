# Who may do what, seen in the plan. Archives that hold nothing stand for real ones.

# Nothing is asked of Google: the provider's schema is real, what an API would say is made up.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project  = "tulip-demo"
  archives = "tests/archives"
  environment = {
    LIVECHAT_ORGANIZATION_ID = "0a1b"
    LIVECHAT_CLIENT_ID       = "client"
  }
  secrets = {
    HANDOFF_TOKEN_KEY       = ["1"]
    LIVECHAT_CLIENT_SECRET  = ["1"]
    LIVECHAT_REFRESH_TOKEN  = ["1"]
    LIVECHAT_WEBHOOK_SECRET = ["2", "1"]
  }
  secret_values = {
    HANDOFF_TOKEN_KEY = "marked-secret-value"
  }
}

run "public_is_only_what_proves_its_callers_itself" {
  command = plan

  assert {
    condition = toset([
      for one in google_cloud_run_v2_service_iam_member.caller : one.name if one.member == "allUsers"
    ]) == toset(["handoff-agent-events", "handoff-customer-chat"])
    error_message = "Only agent_events and customer_chat may be called by the internet."
  }

  assert {
    condition = [
      for one in google_cloud_run_v2_service_iam_member.caller : one.member if one.name == "handoff-dialogflow-fulfillment"
    ] == ["serviceAccount:service-123456789012@gcp-sa-dialogflow.iam.gserviceaccount.com"]
    error_message = "Dialogflow's service agent alone calls dialogflow_fulfillment."
  }

  assert {
    condition     = google_cloudfunctions2_function.this["wake"].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "wake is not for the internet."
  }

  assert {
    condition     = alltrue([for one in google_cloud_run_v2_service_iam_member.caller : one.role == "roles/run.invoker"])
    error_message = "Callers call, and nothing else."
  }
}

run "each_function_reads_its_own_secrets" {
  command = plan

  assert {
    condition = toset(keys(google_secret_manager_secret_iam_member.reader)) == toset([
      for pair in concat(
        setproduct(
          ["dialogflow_fulfillment", "agent_events", "customer_chat", "wake"],
          ["LIVECHAT_CLIENT_SECRET", "LIVECHAT_REFRESH_TOKEN", "LIVECHAT_WEBHOOK_SECRET"],
        ),
        setproduct(["dialogflow_fulfillment", "customer_chat"], ["HANDOFF_TOKEN_KEY"]),
      ) : join(" ", pair)
    ])
    error_message = "A function can read a secret that it does not need, or lacks one."
  }

  assert {
    condition     = alltrue([for one in google_secret_manager_secret_iam_member.reader : one.role == "roles/secretmanager.secretAccessor"])
    error_message = "Secrets are read by functions, and nothing else."
  }

  assert {
    condition     = alltrue([for one in google_secret_manager_secret_version.this : one.secret_data == null])
    error_message = "A secret's value would be in the state: use secret_data_wo."
  }

  assert {
    condition     = length(google_secret_manager_secret_version.this) == 5
    error_message = "Each label is a version of its own, so that two can be live."
  }
}

run "roles_are_the_least" {
  command = plan

  assert {
    condition     = toset([for one in google_project_iam_member.database : one.role]) == toset(["roles/datastore.user"])
    error_message = "Functions read and write documents, and nothing else in the project."
  }

  assert {
    condition     = alltrue([for one in google_project_iam_member.database : strcontains(one.condition[0].expression, "databases/handoff")])
    error_message = "Functions reach this database and no other."
  }

  assert {
    condition     = google_project_iam_member.builder.role == "roles/logging.logWriter" && google_artifact_registry_repository_iam_member.builder.role == "roles/artifactregistry.writer"
    error_message = "The builder writes its log and its images, and nothing else."
  }

  assert {
    condition     = google_project_iam_member.builder_reads.condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-123456789012-europe-west1\")"
    error_message = "The builder reads the sources of functions, and nothing else."
  }

  assert {
    condition     = length(distinct([for one in google_service_account.function : one.account_id])) == 4
    error_message = "Each function has a service account of its own."
  }

  assert {
    condition     = alltrue([for one in google_service_account.function : length(one.account_id) <= 30])
    error_message = "A service account's name has at most 30 characters."
  }
}

run "what_people_said_is_deleted" {
  command = plan

  assert {
    condition     = toset(keys(google_firestore_field.expiry)) == toset(["sessions", "conversations", "deliveries", "dead_letters"])
    error_message = "Every collection with a person's words needs a TTL policy."
  }

  assert {
    condition     = alltrue([for one in google_firestore_field.expiry : one.field == "expire_at" && length(one.ttl_config) == 1])
    error_message = "The TTL is on expire_at."
  }
}

run "functions_are_told_of_each_other" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function.this["dialogflow_fulfillment"].service_config[0].environment_variables["HANDOFF_CUSTOMER_CHAT_URL"] == "https://handoff-customer-chat-123456789012.europe-west1.run.app"
    error_message = "Answers to Dialogflow tell the page where customer_chat is."
  }

  assert {
    condition = alltrue([
      for one in google_cloudfunctions2_function.this :
      one.service_config[0].environment_variables["HANDOFF_WAKE_URL"] == "https://handoff-wake-123456789012.europe-west1.run.app"
      && one.service_config[0].environment_variables["HANDOFF_STORE"] == "firestore:handoff"
    ])
    error_message = "Every function knows store and wake."
  }

  assert {
    condition     = google_cloudfunctions2_function.this["customer_chat"].service_config[0].timeout_seconds == 3600 && google_cloudfunctions2_function.this["customer_chat"].service_config[0].max_instance_request_concurrency == 1000
    error_message = "Streams last for most of an hour, a thousand to an instance."
  }

  assert {
    condition     = google_cloudfunctions2_function.this["dialogflow_fulfillment"].service_config[0].min_instance_count == 1
    error_message = "The first customer does not wait for a cold start."
  }

  assert {
    condition     = google_cloud_scheduler_job.sweep.schedule == "* * * * *"
    error_message = "The sweep comes every minute."
  }
}

run "without_pages_there_is_nothing_for_them" {
  command = plan

  variables {
    customer_chat = false
    secret_values = {}
    secrets = {
      LIVECHAT_CLIENT_SECRET  = ["1"]
      LIVECHAT_REFRESH_TOKEN  = ["1"]
      LIVECHAT_WEBHOOK_SECRET = ["1"]
    }
  }

  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.this), "customer_chat")
    error_message = "customer_chat = false makes no such function."
  }

  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.this["dialogflow_fulfillment"].service_config[0].environment_variables), "HANDOFF_CUSTOMER_CHAT_URL")
    error_message = "Pages are told of nothing that is not there."
  }
}

run "secret_of_dialogflow_is_read_by_both_sides" {
  command = plan

  variables {
    dialogflow_auth = "secret"
    secrets = {
      DIALOGFLOW_SECRET       = ["1"]
      HANDOFF_TOKEN_KEY       = ["1"]
      LIVECHAT_CLIENT_SECRET  = ["1"]
      LIVECHAT_REFRESH_TOKEN  = ["1"]
      LIVECHAT_WEBHOOK_SECRET = ["1"]
    }
  }

  assert {
    condition     = contains(keys(google_secret_manager_secret_iam_member.reader), "dialogflow_fulfillment DIALOGFLOW_SECRET") && !contains(keys(google_secret_manager_secret_iam_member.reader), "agent_events DIALOGFLOW_SECRET")
    error_message = "DIALOGFLOW_SECRET is for dialogflow_fulfillment alone."
  }

  assert {
    condition     = length(google_secret_manager_secret_iam_member.dialogflow) == 1
    error_message = "Dialogflow reads the secret that it sends."
  }
}

run "secret_that_nobody_checks_is_read_by_nobody" {
  command = plan

  variables {
    secrets = {
      DIALOGFLOW_SECRET       = ["1"]
      HANDOFF_TOKEN_KEY       = ["1"]
      LIVECHAT_CLIENT_SECRET  = ["1"]
      LIVECHAT_REFRESH_TOKEN  = ["1"]
      LIVECHAT_WEBHOOK_SECRET = ["1"]
    }
  }

  assert {
    condition     = length([for key in keys(google_secret_manager_secret_iam_member.reader) : key if endswith(key, " DIALOGFLOW_SECRET")]) == 0
    error_message = "With dialogflow_auth = \"iam\" the platform checks, and no function needs DIALOGFLOW_SECRET."
  }

  assert {
    condition     = length(google_secret_manager_secret_iam_member.dialogflow) == 0
    error_message = "Dialogflow sends no secret with dialogflow_auth = \"iam\"."
  }
}

run "token_of_dialogflow_is_checked_by_the_function" {
  command = plan

  variables {
    dialogflow_auth            = "id-token"
    dialogflow_project_numbers = ["111111111111", "222222222222"]
  }

  assert {
    condition = (
      lookup(google_cloudfunctions2_function.this["dialogflow_fulfillment"].service_config[0].environment_variables, "DIALOGFLOW_AUDIENCE", "")
      == "https://handoff-dialogflow-fulfillment-123456789012.europe-west1.run.app https://handoff-dialogflow-fulfillment-123456789012.europe-west1.run.app/"
    )
    error_message = "The function knows the webhook's address, as it is typed into Dialogflow."
  }

  assert {
    condition = (
      lookup(google_cloudfunctions2_function.this["dialogflow_fulfillment"].service_config[0].environment_variables, "DIALOGFLOW_SERVICE_AGENT", "")
      == "service-111111111111@gcp-sa-dialogflow.iam.gserviceaccount.com service-222222222222@gcp-sa-dialogflow.iam.gserviceaccount.com"
    )
    error_message = "The function knows who may call."
  }
}

run "a_key_of_yours_encrypts_all_that_can_be" {
  command = plan

  variables {
    kms_key = "projects/keys/locations/europe-west1/keyRings/ring/cryptoKeys/handoff"
  }

  assert {
    condition = alltrue(concat(
      [for one in google_cloudfunctions2_function.this : one.kms_key_name == var.kms_key],
      [for one in google_secret_manager_secret.this : one.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key],
      [
        google_artifact_registry_repository.images.kms_key_name == var.kms_key,
        google_firestore_database.this.cmek_config[0].kms_key_name == var.kms_key,
        google_storage_bucket.archives.encryption[0].default_kms_key_name == var.kms_key,
      ],
    ))
    error_message = "Something would be encrypted by Google's own key."
  }
}

run "all_that_functions_call_goes_through_your_network" {
  command = plan

  variables {
    vpc_connector = "handoff"
  }

  assert {
    condition = alltrue([
      for one in google_cloudfunctions2_function.this :
      one.service_config[0].vpc_connector == "handoff" && one.service_config[0].vpc_connector_egress_settings == "ALL_TRAFFIC"
    ])
    error_message = "A function goes past the connector."
  }
}

run "an_agent_that_is_there_is_completed" {
  command = plan

  variables {
    dialogflow_cx = {
      location         = "europe-west1"
      agent            = "projects/tulip-demo/locations/europe-west1/agents/a1"
      language         = "nl"
      training_phrases = ["medewerker", "mag ik iemand spreken", "ik wil een mens", "verbind me door", "klantenservice"]
      texts            = { back = "U spreekt weer met de assistent." }
    }
  }

  assert {
    condition     = output.dialogflow_cx.agent == "projects/tulip-demo/locations/europe-west1/agents/a1" && output.dialogflow_cx.environment == null
    error_message = "An agent of yours gets no second one beside it, and keeps its environments."
  }
}

run "every_alert_has_somebody_to_tell" {
  command = plan

  variables {
    alert_emails = ["ops@example.com"]
  }

  assert {
    condition     = toset(keys(google_monitoring_alert_policy.this)) == toset(["errors", "slow_turns", "dead_letters", "overdue", "refused_callers"])
    error_message = "An alert is missing."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.this["errors"].conditions[0].condition_threshold[0].denominator_filter, "request_count")
    error_message = "Failing requests are a share of all requests."
  }

  assert {
    condition     = length(google_monitoring_notification_channel.email) == 1
    error_message = "Nobody would be told."
  }
}
