#!/usr/bin/env bash
# Deploys archives that were good: of the release that is named, else the last one.
#     STATE_BUCKET=… PROJECT=… TFVARS=… terraform/scripts/rollback.sh [release]
# What there is: gcloud storage ls "gs://$STATE_BUCKET/archives/"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

release=${1:-}
if [ -z "$release" ] && ! release=$(gcloud storage cat "gs://${STATE_BUCKET:?}/archives/good"); then
  echo "There is nothing to go back to: no deployment has been good yet." >&2
  exit 1
fi
previous="$PWD/.handoff/previous"
rm -rf "$previous"
mkdir -p "$previous"
gcloud storage cp "gs://${STATE_BUCKET:?}/archives/$release/*.zip" "$previous/"

# A function that did not exist then stays as it is.
for present in "$archives"/*.zip; do
  [ -e "$present" ] || continue
  name=$(basename "$present")
  compgen -G "$previous/${name%-*}-*.zip" >/dev/null || cp "$present" "$previous/"
done

prepare
variables "$previous"
tf apply -lock-timeout=10m -auto-approve "${given[@]}"
boost
smoke
printf '%s\n' "$release" >"$work/good"
gcloud storage cp "$work/good" "gs://$STATE_BUCKET/archives/good"
echo "Back at $release."
