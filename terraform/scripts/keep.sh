#!/usr/bin/env bash
# Keeps the archives that were deployed, and says that they are good.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

if [ -z "${STATE_BUCKET:-}" ]; then
  echo "No bucket: the archives are not kept."
  exit 0
fi
release="$(date -u +%Y%m%d-%H%M%S)-${BUILD_ID:-by-hand}"
gcloud storage cp "$archives"/*.zip "gs://$STATE_BUCKET/archives/$release/"
# Last, and at once: who reads it finds all archives of that release.
printf '%s\n' "$release" >"$work/good"
gcloud storage cp "$work/good" "gs://$STATE_BUCKET/archives/good"
echo "Kept as $release."
