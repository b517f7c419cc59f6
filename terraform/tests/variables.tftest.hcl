# What is refused before anything is made, each with a sentence that names it.

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
    LIVECHAT_WEBHOOK_SECRET = ["1"]
  }
}

run "what_these_begin_with_is_good" {
  command = plan

  assert {
    condition     = length(google_cloudfunctions2_function.this) == 4
    error_message = "Each of the following differs from this by one mistake alone."
  }
}

run "project_is_an_id" {
  command         = plan
  expect_failures = [var.project]

  variables {
    project = "Tulip Demo"
  }
}

run "region_is_no_zone" {
  command         = plan
  expect_failures = [var.region]

  variables {
    region = "europe-west1-b"
  }
}

run "name_leaves_room_for_service_accounts" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "a-name-that-is-too-long"
  }
}

run "unknown_variable_is_a_typo" {
  command         = plan
  expect_failures = [var.environment]

  variables {
    environment = { LIVECAT_CLIENT_ID = "x" }
  }
}

run "secret_is_not_an_ordinary_variable" {
  command         = plan
  expect_failures = [var.environment]

  variables {
    environment = { LIVECHAT_CLIENT_SECRET = "x" }
  }
}

run "what_is_set_here_is_not_set_twice" {
  command         = plan
  expect_failures = [var.environment]

  variables {
    environment = { HANDOFF_STORE = "sqlite:x" }
  }
}

run "unknown_secret" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { HANDOFF_TOKEN_KEY = ["1"], LIVECHAT_PASSWORD = ["1"] }
  }
}

run "secret_without_a_live_version" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { HANDOFF_TOKEN_KEY = [] }
  }
}

run "pages_need_the_key_of_their_tokens" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { LIVECHAT_WEBHOOK_SECRET = ["1"] }
  }
}

run "auth_is_one_of_three" {
  command         = plan
  expect_failures = [var.dialogflow_auth]

  variables {
    dialogflow_auth = "none"
  }
}

run "auth_by_secret_needs_one" {
  command         = plan
  expect_failures = [var.dialogflow_auth]

  variables {
    dialogflow_auth = "secret"
  }
}

run "project_numbers_are_numbers" {
  command         = plan
  expect_failures = [var.dialogflow_project_numbers]

  variables {
    dialogflow_project_numbers = ["tulip-demo"]
  }
}

run "instances_are_whole" {
  command         = plan
  expect_failures = [var.min_instances]

  variables {
    min_instances = 1.5
  }
}

run "at_most_is_not_below_at_least" {
  command         = plan
  expect_failures = [var.max_instances]

  variables {
    min_instances = 5
    max_instances = 2
  }
}

run "emails_are_emails" {
  command         = plan
  expect_failures = [var.alert_emails]

  variables {
    alert_emails = ["ops"]
  }
}

run "key_is_a_resource_name" {
  command         = plan
  expect_failures = [var.kms_key]

  variables {
    kms_key = "my-key"
  }
}

run "nearly_the_name_of_a_variable_is_a_typo" {
  command         = plan
  expect_failures = [var.environment]

  variables {
    environment = { LIVECHAT_ORGANIZATION_ID = "0a1b", LIVECHAT_CLIENT_ID = "client", LIVECHAT_GRUOP_ID = "4" }
  }
}

run "variable_that_says_nothing" {
  command         = plan
  expect_failures = [var.environment]

  variables {
    environment = { LIVECHAT_ORGANIZATION_ID = "0a1b", LIVECHAT_CLIENT_ID = " " }
  }
}

run "half_a_provider" {
  command         = plan
  expect_failures = [data.google_project.this]

  variables {
    environment = { LIVECHAT_ORGANIZATION_ID = "0a1b" }
  }
}

run "half_a_second_provider" {
  command         = plan
  expect_failures = [data.google_project.this]

  variables {
    environment = { LIVECHAT_ORGANIZATION_ID = "0a1b", LIVECHAT_CLIENT_ID = "client", EIGHT_BY_EIGHT_TENANT = "tulip" }
  }
}

run "half_of_a_pair" {
  command         = plan
  expect_failures = [data.google_project.this]

  variables {
    environment = { LIVECHAT_ORGANIZATION_ID = "0a1b", LIVECHAT_CLIENT_ID = "client", LIVECHAT_BOT_ID = "bot" }
  }
}

run "no_provider" {
  command         = plan
  expect_failures = [check.provider]

  variables {
    environment = {}
    secrets     = { HANDOFF_TOKEN_KEY = ["1"] }
  }
}

run "value_of_a_secret_that_is_not_there" {
  command         = plan
  expect_failures = [var.secret_values]

  variables {
    secret_values = { HANDOFF_TOKENKEY = "x" }
  }
}

run "value_that_says_nothing" {
  command         = plan
  expect_failures = [var.secret_values]

  variables {
    secret_values = { HANDOFF_TOKEN_KEY = "" }
  }
}

run "key_of_another_region" {
  command         = plan
  expect_failures = [var.kms_key]

  variables {
    kms_key = "projects/keys/locations/us-east1/keyRings/ring/cryptoKeys/handoff"
  }
}

run "one_key_serves_one_location" {
  command         = plan
  expect_failures = [var.database_location]

  variables {
    kms_key           = "projects/keys/locations/europe-west1/keyRings/ring/cryptoKeys/handoff"
    database_location = "eur3"
  }
}

run "database_is_in_a_place_that_there_is" {
  command         = plan
  expect_failures = [var.database_location]

  variables {
    database_location = "europe"
  }
}

run "connector_is_a_connector" {
  command         = plan
  expect_failures = [var.vpc_connector]

  variables {
    vpc_connector = "projects/tulip-demo/global/networks/default"
  }
}

run "labels_are_labels" {
  command         = plan
  expect_failures = [var.labels]

  variables {
    labels = { Team = "Support" }
  }
}

run "label_of_our_own" {
  command         = plan
  expect_failures = [var.labels]

  variables {
    labels = { app = "shop" }
  }
}

run "agent_is_in_a_location" {
  command         = plan
  expect_failures = [var.dialogflow_cx]

  variables {
    dialogflow_cx = { location = "Europe" }
  }
}

run "agent_is_where_it_is_said_to_be" {
  command         = plan
  expect_failures = [var.dialogflow_cx]

  variables {
    dialogflow_cx = { location = "europe-west1", agent = "projects/tulip-demo/locations/global/agents/a1" }
  }
}

run "agent_of_another_project_may_not_call" {
  command         = plan
  expect_failures = [var.dialogflow_cx]

  variables {
    dialogflow_cx = { location = "global", agent = "projects/other-demo/locations/global/agents/a1" }
  }
}

run "text_that_nobody_says" {
  command         = plan
  expect_failures = [var.dialogflow_cx]

  variables {
    dialogflow_cx = { location = "global", texts = { welcom = "Hi" } }
  }
}

run "archives_have_to_be_built_first" {
  command         = plan
  expect_failures = [google_storage_bucket_object.archive]

  variables {
    archives = "tests"
  }
}
