#!/usr/bin/env bash
# Says what would be changed, and remembers it for apply.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

rm -f "$work"/{plan,applied,healthy}
prepare
variables "$archives"
tf plan -lock-timeout=10m -out="$work/plan" "${given[@]}"
