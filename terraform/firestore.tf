# The store. Every query is on one field, so that the indexes which Firestore makes by itself suffice:
# sessions.wake_at, sessions.opening.<provider>, deliveries.position, dead_letters.at.

resource "google_firestore_database" "this" {
  name                              = var.database
  location_id                       = coalesce(var.database_location, var.region)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  delete_protection_state           = var.protect_database ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = "DELETE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_DISABLED" # what people said must not outlive its time

  dynamic "cmek_config" {
    for_each = var.kms_key[*]
    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [google_project_service.needed]
}

# What holds a person's words is deleted by Firestore itself; readers ignore it from that moment on.
resource "google_firestore_field" "expiry" {
  for_each = toset(["sessions", "conversations", "deliveries", "dead_letters"])

  database   = google_firestore_database.this.name
  collection = each.key
  field      = "expire_at"

  ttl_config {}

  # Nobody asks by it, and an index on a time that only rises would be a hot spot.
  index_config {}
}

# Words are not for searching: an index on them would cost time at every write, and keep them twice.
resource "google_firestore_field" "unsearched" {
  for_each = { sessions = "data", deliveries = "data", dead_letters = "data", tokens = "value" }

  database   = google_firestore_database.this.name
  collection = each.key
  field      = each.value

  index_config {}
}

resource "google_project_iam_member" "database" {
  for_each = local.functions

  project = var.project
  role    = "roles/datastore.user"
  member  = google_service_account.function[each.key].member

  condition {
    title      = "only-${replace(trim(var.database, "()"), "_", "-")}"
    expression = "resource.name == \"projects/${var.project}/databases/${var.database}\" || resource.name.startsWith(\"projects/${var.project}/databases/${var.database}/\")"
  }
}
