#!/usr/bin/env bash
# Ends a deployment: archives that are well are kept for the next time; else the last good ones
# come back, and the build fails all the same.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

if [ "${APPLY:-}" != true ]; then
  echo "Nothing was changed."
elif [ -e "$work/healthy" ]; then
  terraform/scripts/keep.sh
else
  echo "This deployment has failed. The last good archives come back."
  terraform/scripts/rollback.sh
  exit 1
fi
