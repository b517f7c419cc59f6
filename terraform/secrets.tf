# Secrets: values go from the person's hands to Secret Manager, never into the state.

locals {
  versions = merge([
    for name, labels in var.secrets : {
      for place, label in labels : "${name}/${label}" => { name = name, label = label, newest = place == 0 }
    }
  ]...)

  # What a function finds in its variable: where each live version lies, the first one first.
  references = {
    for name, labels in var.secrets : name => join(" ", [
      for label in labels :
      "sm://${var.project}/${google_secret_manager_secret.this[name].secret_id}/${google_secret_manager_secret_version.this["${name}/${label}"].version}"
    ])
  }

  readers = merge([
    for key, names in local.secrets_of : {
      for name in names : "${key} ${name}" => { function = key, name = name }
    }
  ]...)
}

resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  secret_id = "${var.name}-${lower(replace(each.key, "_", "-"))}"
  labels    = local.labels

  # Kept where the functions are; a key of that region can encrypt it.
  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key[*]
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "this" {
  for_each = local.versions

  secret = google_secret_manager_secret.this[each.value.name].id
  # Sent once, when the version is made: a changed value needs a new label. One whose value was
  # forgotten is blank, as a function does not start with it, and says which; anything else would be
  # a secret that everybody can read here.
  secret_data_wo         = lookup(var.secret_values, each.value.name, " ")
  secret_data_wo_version = "1"

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.readers

  secret_id = google_secret_manager_secret.this[each.value.name].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
