output "agent" {
  description = "The agent."
  value       = local.agent
}

output "environment" {
  description = "What a page's df-messenger talks to; for an existing agent, yours."
  value       = one(google_dialogflow_cx_environment.this[*].id)
}

output "flow" {
  description = "The flow in which a person answers: the target of your own condition route."
  value       = google_dialogflow_cx_flow.live.id
}

output "condition" {
  description = "The condition of that route."
  value       = local.with
}
