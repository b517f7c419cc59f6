#!/usr/bin/env bash
# Builds the archives of all functions, with CONFIG as their handoff.toml if it is set.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common.sh"

[ -x .venv/bin/python ] || make setup
.venv/bin/python terraform/archives.py ${CONFIG:+--config "$CONFIG"}
