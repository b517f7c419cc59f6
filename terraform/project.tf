# What has to be switched on, where the archives and what is built of them lie, and who builds.

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
    "storage.googleapis.com",
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

  # What is replaced can be brought back for a month. Each archive has a name of its own, so that
  # none ever has a newer version: time alone tells.
  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
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

# What is built of the archives. A repository of our own: the builder writes here and nowhere else, a
# key of yours can encrypt it, and `destroy` takes it away.
resource "google_artifact_registry_repository" "images" {
  location      = var.region
  repository_id = "${var.name}-functions"
  description   = "Images of the functions of ${var.name}"
  format        = "DOCKER"
  labels        = local.labels
  kms_key_name  = var.kms_key

  # A revision that runs keeps a copy of its image.
  cleanup_policies {
    id     = "old"
    action = "DELETE"
    condition {
      older_than = "30d"
    }
  }

  cleanup_policies {
    id     = "newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_service_account" "builder" {
  account_id   = "${var.name}-builder"
  display_name = "Builds the functions of ${var.name}"

  depends_on = [google_project_service.needed]
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.builder.member
}

resource "google_project_iam_member" "builder" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.builder.member
}

# Cloud Functions copies an archive to a bucket of its own, which is there only after the first one,
# and builds from that copy: https://docs.cloud.google.com/run/docs/functions/overview
resource "google_project_iam_member" "builder_reads" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.builder.member

  condition {
    title      = "${var.name}-sources-of-functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${local.number}-${var.region}\")"
  }
}
