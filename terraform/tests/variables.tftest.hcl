# What is refused before anything is made, each with a sentence that names it.

variables {
  project  = "tulip-demo"
  archives = "tests/archives"
  secrets = {
    HANDOFF_TOKEN_KEY = ["1"]
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

run "archives_have_to_be_built_first" {
  command         = plan
  expect_failures = [google_storage_bucket_object.archive]

  variables {
    archives = "tests"
  }
}
