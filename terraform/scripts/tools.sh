#!/bin/sh
# Puts what an image has, and later images lack, where they find it: Terraform, Google's emulator.
set -eu
cd "$(dirname "$0")/../.."

if terraform=$(command -v terraform); then
  mkdir -p .handoff/bin
  cp "$terraform" .handoff/bin/terraform
fi

emulator=${CLOUD_SDK:-/google-cloud-sdk}/platform/cloud-firestore-emulator
if [ -d "$emulator" ]; then
  mkdir -p "$HOME/google-cloud-sdk/platform"
  cp -R "$emulator" "$HOME/google-cloud-sdk/platform/"
fi
