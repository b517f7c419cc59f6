# What has to be switched on, where the archives lie, and who builds.

resource "google_project_service" "needed" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "dialogflow.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
  ])

  service = each.key
  # Something else in the project may need it too.
  disable_on_destroy = false
}

resource "google_storage_bucket" "archives" {
  name                        = "${var.project}-${var.name}-archives"
  location                    = var.region
  labels                      = local.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  # The last ones are what a rollback needs.
  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      num_newer_versions         = 5
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_storage_bucket_object" "archive" {
  for_each = local.functions

  bucket = google_storage_bucket.archives.name
  # The name holds the content's hash: another content is another object, and a new revision.
  name   = one(fileset(var.archives, "${each.key}-*.zip"))
  source = "${var.archives}/${one(fileset(var.archives, "${each.key}-*.zip"))}"

  lifecycle {
    # The one before serves until the new one does.
    create_before_destroy = true

    precondition {
      condition     = length(fileset(var.archives, "${each.key}-*.zip")) == 1
      error_message = "There must be one archive of ${each.key} in ${var.archives}. Build them: python terraform/archives.py"
    }
  }
}

resource "google_service_account" "builder" {
  account_id   = "${var.name}-builder"
  display_name = "Builds the functions of ${var.name}"
}

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/logging.logWriter", "roles/artifactregistry.writer"])

  project = var.project
  role    = each.key
  member  = google_service_account.builder.member
}

resource "google_storage_bucket_iam_member" "builder" {
  bucket = google_storage_bucket.archives.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.builder.member
}
