terraform {
  # secret_data_wo, which keeps secrets out of the state, needs write-only arguments.
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 9.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}
