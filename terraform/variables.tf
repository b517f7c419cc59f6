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
    condition     = length(setsubtract(keys(var.environment), setunion(local.known_variables, local.known_secrets, local.set_here))) == 0
    error_message = "environment has a variable that no function reads: ${join(", ", setsubtract(keys(var.environment), setunion(local.known_variables, local.known_secrets, local.set_here)))}. See docs/settings.md."
  }

  validation {
    condition     = length(setintersection(keys(var.environment), local.known_secrets)) == 0
    error_message = "environment holds a secret: ${join(", ", setintersection(keys(var.environment), local.known_secrets))}. Name it in secrets and give its value in secret_values."
  }

  validation {
    condition     = length(setintersection(keys(var.environment), local.set_here)) == 0
    error_message = "environment sets what this module sets itself: ${join(", ", setintersection(keys(var.environment), local.set_here))}."
  }

  validation {
    condition     = alltrue([for value in values(var.environment) : trimspace(value) != ""])
    error_message = "environment gives nothing to ${join(", ", [for name, value in var.environment : name if trimspace(value) == ""])}. Leave out what is not set."
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
  description = "Value of the new label of a secret, by the secret's name. Used when its version is made, kept nowhere."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = length(setsubtract(keys(var.secret_values), keys(var.secrets))) == 0
    error_message = "secret_values has a value for a name that is not among secrets; there is a typo in one of them."
  }

  validation {
    condition     = alltrue([for value in values(var.secret_values) : trimspace(value) != ""])
    error_message = "secret_values has an empty value."
  }
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

  validation {
    condition     = var.database_location == null || can(regex("^([a-z]+-[a-z]+[0-9]+|eur3|nam5|nam7)$", var.database_location))
    error_message = "database_location must be a region such as europe-west1, or eur3, nam5 or nam7."
  }

  validation {
    condition     = var.kms_key == null || var.database_location == null || var.database_location == var.region
    error_message = "database_location must be the region with a kms_key: one key serves one location."
  }
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
  description = "Key that encrypts functions, their images, archives, database and secrets; default: Google's own. Google's service agents must be allowed to use it (docs/deploy.md)."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key must be projects/…/locations/…/keyRings/…/cryptoKeys/…"
  }

  validation {
    condition     = var.kms_key == null || try(split("/", var.kms_key)[3], "") == var.region
    error_message = "kms_key must be a key of the region that everything is made in."
  }
}

variable "vpc_connector" {
  description = "Serverless VPC connector for what the functions call, all of it: its network needs a way to the internet (docs/deploy.md). Default: straight to the internet."
  type        = string
  default     = null

  validation {
    condition     = var.vpc_connector == null || can(regex("^(projects/[^/]+/locations/[^/]+/connectors/)?[a-z][a-z0-9-]{0,23}[a-z0-9]$", var.vpc_connector))
    error_message = "vpc_connector must be the name of a connector in the functions' region, or projects/…/locations/…/connectors/…"
  }
}

variable "labels" {
  description = "Labels of everything that can have labels."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels: keys and values are lower-case letters, digits, - and _, at most 63, and a key begins with a letter."
  }

  validation {
    condition     = !contains(keys(var.labels), "app")
    error_message = "labels: app is set by this module, to name."
  }
}
