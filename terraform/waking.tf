# Who wakes sessions that nobody comes to: Cloud Tasks for one at its time, Cloud Scheduler for all the rest.

resource "google_service_account" "waker" {
  account_id   = "${var.name}-waker"
  display_name = "Calls wake of ${var.name}"

  depends_on = [google_project_service.needed]
}

resource "google_cloud_tasks_queue" "wake" {
  name     = "${var.name}-wake"
  location = var.region

  rate_limits {
    max_dispatches_per_second = 100
    max_concurrent_dispatches = 100
  }

  # What fails is found by the sweep; a task that is hours old helps nobody.
  retry_config {
    max_attempts       = 5
    min_backoff        = "1s"
    max_backoff        = "30s"
    max_retry_duration = "300s"
  }

  depends_on = [google_project_service.needed]
}

resource "google_cloud_tasks_queue_iam_member" "asks" {
  for_each = local.functions

  name     = google_cloud_tasks_queue.wake.name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.function[each.key].member
}

# A task is sent in the name of the function that asks for it, which must be allowed to use even that.
resource "google_service_account_iam_member" "asks" {
  for_each = local.functions

  service_account_id = google_service_account.function[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.function[each.key].member
}

resource "google_cloud_scheduler_job" "sweep" {
  name             = "${var.name}-sweep"
  description      = "Wakes every session that is due."
  region           = var.region
  schedule         = "* * * * *"
  attempt_deadline = "60s"

  http_target {
    uri         = "${local.urls.wake}/"
    http_method = "POST"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oidc_token {
      service_account_email = local.waker
      audience              = local.urls.wake
    }
  }

  depends_on = [google_project_service.needed, google_cloud_run_v2_service_iam_member.caller, google_service_account.waker]
}
