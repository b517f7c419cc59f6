# A ready CX agent, for who wants one; an existing agent is given by its name.

variable "dialogflow_cx" {
  description = "Makes or completes a CX agent: location, and either agent (an existing one) or display_name, language, time_zone; training_phrases and texts in that language. Default: none."
  type = object({
    location         = string
    agent            = optional(string)
    display_name     = optional(string, "Shop")
    language         = optional(string, "en")
    time_zone        = optional(string, "Europe/Amsterdam")
    training_phrases = optional(list(string))
    texts            = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.dialogflow_cx == null || can(regex("^(global|us|eu|[a-z]+-[a-z]+[0-9]+)$", var.dialogflow_cx.location))
    error_message = "dialogflow_cx.location must be a region such as europe-west1, or global."
  }

  validation {
    condition     = try(var.dialogflow_cx.agent, null) == null || try(split("/", var.dialogflow_cx.agent)[3], "") == try(var.dialogflow_cx.location, "")
    error_message = "dialogflow_cx.agent must be projects/…/locations/…/agents/… with the same location as dialogflow_cx.location."
  }

  validation {
    condition     = length(setsubtract(keys(try(var.dialogflow_cx.texts, {})), ["welcome", "fallback", "unreachable", "not_delivered", "back"])) == 0
    error_message = "dialogflow_cx.texts are welcome, fallback, unreachable, not_delivered and back."
  }

  validation {
    condition     = try(var.dialogflow_cx.agent, null) == null || try(split("/", var.dialogflow_cx.agent)[1], "") == var.project || length(var.dialogflow_project_numbers) > 0
    error_message = "dialogflow_cx.agent is of another project, whose service agent may not call: name that project in dialogflow_project_numbers."
  }
}

module "dialogflow_cx" {
  source = "./dialogflow_cx"
  count  = var.dialogflow_cx == null ? 0 : 1

  project          = var.project
  location         = var.dialogflow_cx.location
  agent            = var.dialogflow_cx.agent
  display_name     = var.dialogflow_cx.display_name
  language         = var.dialogflow_cx.language
  time_zone        = var.dialogflow_cx.time_zone
  training_phrases = var.dialogflow_cx.training_phrases
  texts            = var.dialogflow_cx.texts
  webhook_url      = "${local.urls.dialogflow_fulfillment}/"
  secret_version = var.dialogflow_auth == "secret" ? one([
    for key, one in local.versions : google_secret_manager_secret_version.this[key].name
    if one.name == "DIALOGFLOW_SECRET" && one.newest
  ]) : null

  # Dialogflow tries the webhook when it is first asked, not when it is made; but then it must be there.
  depends_on = [google_cloud_run_v2_service_iam_member.caller]
}

# Dialogflow fills the header itself, so its service agent reads that one secret.
resource "google_secret_manager_secret_iam_member" "dialogflow" {
  for_each = toset(var.dialogflow_auth == "secret" ? local.dialogflow_members : [])

  secret_id = google_secret_manager_secret.this["DIALOGFLOW_SECRET"].id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.key
}

output "dialogflow_cx" {
  description = "The agent, its environment, and for an existing agent the route that leads to a person."
  value       = one(module.dialogflow_cx[*])
}
