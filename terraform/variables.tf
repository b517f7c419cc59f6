variable "project" {
  description = "Id of the Google Cloud project that gets everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project id such as my-shop-prod, not a name or a number."
  }
}

variable "region" {
  description = "Region of the functions; best the one of the Dialogflow agent."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as europe-west1, without a zone."
  }
}

variable "name" {
  description = "Every resource's name begins with this; a second installation in one project needs another."
  type        = string
  default     = "handoff"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}$", var.name)) && !endswith(var.name, "-")
    error_message = "name must be 1 to 15 lower-case letters, digits or hyphens, beginning with a letter: service accounts allow no more."
  }
}

variable "archives" {
  description = "Folder with the archives that `python terraform/archives.py` built."
  type        = string
  default     = "../.handoff/archives"
}

variable "environment" {
  description = "Variables of the functions that are no secrets, such as LIVECHAT_CLIENT_ID (docs/settings.md)."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex(local.known_variables, name))])
    error_message = "environment has a variable that no function reads: ${join(", ", [for name in keys(var.environment) : name if !can(regex(local.known_variables, name))])}. See docs/settings.md."
  }

  validation {
    condition     = length(setintersection(keys(var.environment), local.known_secrets)) == 0
    error_message = "environment holds a secret: ${join(", ", setintersection(keys(var.environment), local.known_secrets))}. Name it in secrets and give its value in secret_values."
  }

  validation {
    condition     = length(setintersection(keys(var.environment), local.set_here)) == 0
    error_message = "environment sets what this module sets itself: ${join(", ", setintersection(keys(var.environment), local.set_here))}."
  }
}

variable "secrets" {
  description = "Secrets of the functions, each with the labels of its live versions: what is sent uses the first, what is checked accepts any."
  type        = map(list(string))

  validation {
    condition     = length(setsubtract(keys(var.secrets), local.known_secrets)) == 0
    error_message = "secrets names what is no secret of the functions: ${join(", ", setsubtract(keys(var.secrets), local.known_secrets))}. Known are ${join(", ", local.known_secrets)}."
  }

  validation {
    condition     = alltrue([for labels in values(var.secrets) : length(labels) > 0 && length(labels) == length(distinct(labels))])
    error_message = "secrets: each needs at least one label, such as [\"1\"], and no label twice."
  }

  validation {
    condition     = contains(keys(var.secrets), "HANDOFF_TOKEN_KEY") || !var.customer_chat
    error_message = "secrets lacks HANDOFF_TOKEN_KEY, which signs the tokens of customers' pages. Add it, or set customer_chat = false."
  }
}

variable "secret_values" {
  description = "Value of the first label of each secret, by the secret's name. Used when a version is made, kept nowhere."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "customer_chat" {
  description = "Whether customers' pages get agents' words at once, from a function that the internet reaches."
  type        = bool
  default     = true
}

variable "dialogflow_auth" {
  description = "How Dialogflow proves itself: iam (the platform checks), secret or id-token (the function does, and the internet reaches it)."
  type        = string
  default     = "iam"

  validation {
    condition     = contains(["iam", "secret", "id-token"], var.dialogflow_auth)
    error_message = "dialogflow_auth must be iam, secret or id-token."
  }

  validation {
    condition     = var.dialogflow_auth != "secret" || contains(keys(var.secrets), "DIALOGFLOW_SECRET")
    error_message = "dialogflow_auth = \"secret\" needs DIALOGFLOW_SECRET among the secrets."
  }
}

variable "dialogflow_project_numbers" {
  description = "Numbers of the projects whose Dialogflow agents call; default: this project."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.dialogflow_project_numbers : can(regex("^[0-9]+$", one))])
    error_message = "dialogflow_project_numbers are numbers, such as 123456789012, not project ids."
  }
}

variable "database" {
  description = "Firestore database that is made for the bridge."
  type        = string
  default     = "handoff"

  validation {
    condition     = var.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.database))
    error_message = "database must be (default), or 4 to 63 lower-case letters, digits or hyphens."
  }
}

variable "database_location" {
  description = "Location of the database: a region, or eur3 or nam5; default: the functions' region."
  type        = string
  default     = null
}

variable "protect_database" {
  description = "Whether `terraform destroy` is refused by the database. What people said is gone after 72 hours anyway."
  type        = bool
  default     = false
}

variable "min_instances" {
  description = "Instances of dialogflow_fulfillment that are always warm; each spares the first customer a cold start, and costs."
  type        = number
  default     = 1

  validation {
    condition     = var.min_instances >= 0 && var.min_instances <= 100 && floor(var.min_instances) == var.min_instances
    error_message = "min_instances must be a whole number from 0 to 100."
  }
}

variable "max_instances" {
  description = "Instances of each function at most."
  type        = number
  default     = 20

  validation {
    condition     = var.max_instances >= 1 && var.max_instances <= 1000 && floor(var.max_instances) == var.max_instances
    error_message = "max_instances must be a whole number from 1 to 1000."
  }

  validation {
    condition     = var.max_instances >= var.min_instances
    error_message = "max_instances must not be below min_instances."
  }
}

variable "alert_emails" {
  description = "Who is told when something is wrong; nobody: the alerts are only in the console."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+$", one))])
    error_message = "alert_emails must be e-mail addresses."
  }
}

variable "kms_key" {
  description = "Key that encrypts functions, archives, database, queue and secrets; default: Google's own. Its service agents must be allowed to use it (docs/deploy.md)."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key must be projects/…/locations/…/keyRings/…/cryptoKeys/…"
  }
}

variable "vpc_connector" {
  description = "Serverless VPC connector for what the functions call; default: straight to the internet."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of everything that can have labels."
  type        = map(string)
  default     = {}
}
