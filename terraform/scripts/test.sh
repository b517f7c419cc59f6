#!/usr/bin/env bash
# Runs all tests, with nothing skipped, and installs before what the image of Python lacks.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

missing=()
command -v java >/dev/null || missing+=(default-jre-headless)
command -v node >/dev/null || missing+=(nodejs)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update --quiet
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
fi

CI=true exec .ci/run
