output "urls" {
  description = "Address of each function."
  value       = { for key in keys(local.functions) : key => google_cloudfunctions2_function.this[key].service_config[0].uri }
}

output "services" {
  description = "The service of Cloud Run behind each function, as gcloud is told it."
  value       = { for key in keys(local.functions) : key => { name = local.names[key], region = var.region, project = var.project } }
}

output "private" {
  description = "Functions that the internet does not reach."
  value       = [for key, one in local.functions : key if !contains(one.callers, "allUsers")]
}

output "dialogflow_webhook" {
  description = "To paste into Dialogflow: the webhook's URL."
  value       = "${local.urls.dialogflow_fulfillment}/"
}

output "webhooks" {
  description = "To paste into LiveChat and 8x8, or for `handoff setup <provider> --events-url`: where their webhooks go."
  value       = { for provider in ["livechat", "8x8"] : provider => "${local.urls.agent_events}/${provider}" }
}

output "events_url" {
  description = "For `handoff setup` and `handoff check`."
  value       = local.urls.agent_events
}

output "script" {
  description = "The script tag for a page with CX Messenger."
  value       = var.customer_chat ? "<script src=\"${local.urls.customer_chat}/v1/handoff-messenger.js\" async></script>" : null
}

output "dashboard" {
  description = "Where to look at what it does."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.this.id)}?project=${var.project}"
}

output "store" {
  description = "HANDOFF_STORE for the operator's commands."
  value       = "firestore:${var.database}"
}
