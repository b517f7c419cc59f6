variable "project" {
  description = "Project of the agent."
  type        = string
}

variable "location" {
  description = "Location of the agent, as in its name: a region, or global. A new region needs its location settings made once in the console."
  type        = string
}

variable "webhook_url" {
  description = "Output dialogflow_webhook of the bridge."
  type        = string

  validation {
    condition     = can(regex("^https://", var.webhook_url))
    error_message = "webhook_url must begin with https://: Dialogflow calls nothing else."
  }
}

variable "secret_version" {
  description = "With DIALOGFLOW_AUTH=secret: the secret version that the header X-Handoff-Secret is filled from. Otherwise Dialogflow sends an identity token."
  type        = string
  default     = null
}

variable "agent" {
  description = "Existing agent (projects/…/locations/…/agents/…) that gets webhook, intent and flow; its start flow is left alone. Default: a new agent."
  type        = string
  default     = null

  validation {
    condition     = var.agent == null || can(regex("^projects/[^/]+/locations/[^/]+/agents/[^/]+$", var.agent))
    error_message = "agent must be projects/…/locations/…/agents/…, as `gcloud` and the console's address show it."
  }
}

variable "display_name" {
  description = "Name of a new agent."
  type        = string
  default     = "Shop"
}

variable "language" {
  description = "Default language of a new agent; the training phrases below are in it."
  type        = string
  default     = "en"
}

variable "time_zone" {
  description = "Time zone of a new agent."
  type        = string
  default     = "Europe/Amsterdam"
}

variable "training_phrases" {
  description = "How customers ask for a person."
  type        = list(string)
  nullable    = false
  default = [
    "agent",
    "Can I talk to someone?",
    "Can I talk to a person?",
    "I want to speak to an agent",
    "I need a human",
    "Connect me to customer service",
    "Let me chat with an employee",
    "Talk to a real person",
    "Is there somebody who can help me?",
    "Representative please",
  ]

  validation {
    condition     = length(var.training_phrases) >= 5
    error_message = "training_phrases: an intent with fewer than five is hardly ever matched."
  }
}

variable "texts" {
  description = "What the bot itself says; the bridge's own texts are settings of the bridge."
  type = object({
    welcome       = optional(string, "Hello! Ask me anything, or say agent for a person.")
    fallback      = optional(string, "Sorry, I did not understand. Say agent for a person.")
    unreachable   = optional(string, "Our colleagues cannot be reached at the moment. Please try again later.")
    not_delivered = optional(string, "Your message could not be delivered at the moment. Please send it again.")
    back          = optional(string, "You are talking to the assistant again.")
  })
  default = {}
}
