# The functions, 2nd generation: one resource, an entry of local.functions each.

resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = local.accounts[each.key]
  display_name = "Runs ${each.key} of ${var.name}"

  depends_on = [google_project_service.needed]
}

resource "google_cloudfunctions2_function" "this" {
  for_each = local.functions

  name         = local.names[each.key]
  location     = var.region
  description  = "Live-agent handoff for Dialogflow: ${each.key}"
  labels       = local.labels
  kms_key_name = var.kms_key

  build_config {
    runtime           = "python312"
    entry_point       = each.key
    service_account   = google_service_account.builder.id
    docker_repository = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket = google_storage_bucket.archives.name
        object = google_storage_bucket_object.archive[each.key].name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    available_memory                 = each.value.memory
    available_cpu                    = "1"
    timeout_seconds                  = each.value.seconds
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min
    max_instance_count               = var.max_instances
    ingress_settings                 = each.value.ingress
    all_traffic_on_latest_revision   = true
    vpc_connector                    = var.vpc_connector
    vpc_connector_egress_settings    = var.vpc_connector == null ? null : "ALL_TRAFFIC"
    environment_variables = merge(local.common_environment, each.value.environment, {
      for name in local.secrets_of[each.key] : name => local.references[name]
    })
  }

  # A function does not start without what it reads when it starts.
  depends_on = [
    google_secret_manager_secret_iam_member.reader,
    google_project_iam_member.database,
    google_project_iam_member.builder,
    google_project_iam_member.builder_reads,
    google_artifact_registry_repository_iam_member.builder,
    google_firestore_database.this,
    google_service_account.waker,
  ]
}

# A 2nd generation function is a Cloud Run service of the same name; who may call it is said there.
resource "google_cloud_run_v2_service_iam_member" "caller" {
  for_each = merge([
    for key, one in local.functions : {
      for place, member in one.callers : "${key} ${place}" => { function = key, member = member }
    }
  ]...)

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.this[each.value.function].name
  role     = "roles/run.invoker"
  member   = each.value.member

  depends_on = [google_service_account.waker, google_service_account.function]
}
