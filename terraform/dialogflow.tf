# A ready CX agent, for who wants one; an existing agent is given by its name.

variable "dialogflow_cx" {
  description = "Makes or completes a CX agent: location, and either agent (an existing one) or display_name, language, time_zone. Default: none."
  type = object({
    location     = string
    agent        = optional(string)
    display_name = optional(string, "Shop")
    language     = optional(string, "en")
    time_zone    = optional(string, "Europe/Amsterdam")
  })
  default = null
}

module "dialogflow_cx" {
  source = "./dialogflow_cx"
  count  = var.dialogflow_cx == null ? 0 : 1

  project      = var.project
  location     = var.dialogflow_cx.location
  agent        = var.dialogflow_cx.agent
  display_name = var.dialogflow_cx.display_name
  language     = var.dialogflow_cx.language
  time_zone    = var.dialogflow_cx.time_zone
  webhook_url  = "${local.urls.dialogflow_fulfillment}/"
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
