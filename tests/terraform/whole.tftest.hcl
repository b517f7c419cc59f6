# Everything planned, then made, with a provider that asks nobody: the tests read both from outside.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }

  # What the functions are told of it has to look like one.
  mock_resource "google_cloud_tasks_queue" {
    defaults = { id = "projects/tulip-demo/locations/europe-west1/queues/handoff-wake" }
  }
}

run "plan" {
  command = plan
}

run "apply" {
  command = apply
}

run "again" {
  command = plan
}
