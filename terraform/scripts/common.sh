# Sourced by the other scripts: where things lie, and how Terraform is asked.
# What they are told stands in the environment: see the top of cloudbuild.yaml.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# What an earlier step of the pipeline brought, before what the machine has.
export PATH="$PWD/.handoff/bin:$PATH"
export TF_IN_AUTOMATION=true TF_INPUT=false

# shellcheck disable=SC2034 # by those who source this
archives="$PWD/.handoff/archives"
work="$PWD/.handoff/deploy"
mkdir -p "$work"

tf() {
  terraform -chdir=terraform "$@"
}

# The state lies in the bucket, if there is one; a file that overrides says so, as no module can be
# told by a variable.
prepare() {
  if [ -n "${STATE_BUCKET:-}" ]; then
    printf 'terraform {\n  backend "gcs" {\n    bucket = "%s"\n    prefix = "handoff"\n  }\n}\n' \
      "$STATE_BUCKET" >terraform/backend_override.tf
  elif [ -n "${BUILD_ID:-}" ]; then
    echo "The state would be gone with this build: set _STATE_BUCKET." >&2
    exit 1
  fi
  tf init
}

# How the module is told what to make, of the archives in the folder that is given.
variables() {
  given=(-var "archives=$1")
  [ -z "${PROJECT:-}" ] || given+=(-var "project=$PROJECT")
  [ -z "${REGION:-}" ] || given+=(-var "region=$REGION")
  case "${TFVARS:-}" in
    "") ;;
    gs://*)
      gcloud storage cp "$TFVARS" "$work/terraform.tfvars"
      given+=(-var-file "$work/terraform.tfvars")
      ;;
    *) given+=(-var-file "$PWD/$TFVARS") ;;
  esac
}

# Switch on what Terraform cannot say.
boost() {
  tf output -json >"$work/outputs.json"
  python3 terraform/scripts/boost.py "$work/outputs.json"
}

# Ask what is deployed whether it is well.
smoke() {
  tf output -json >"$work/outputs.json"
  python3 terraform/scripts/smoke.py "$work/outputs.json" --patience "${PATIENCE:-180}"
}
