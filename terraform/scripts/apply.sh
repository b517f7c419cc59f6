#!/usr/bin/env bash
# Does what plan.sh said, if APPLY is "true".
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

if [ "${APPLY:-}" != true ]; then
  echo "Planned only: _APPLY is not \"true\"."
  exit 0
fi
tf apply -lock-timeout=10m "$work/plan"
boost
touch "$work/applied"
