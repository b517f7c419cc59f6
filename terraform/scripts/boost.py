#!/usr/bin/env python3
"""Switches CPU boost on for every deployed function that has it not, and says what it did.

    python3 terraform/scripts/boost.py OUTPUTS

OUTPUTS is what `terraform output -json` printed. Terraform's resource for functions cannot say CPU
boost, which Cloud Functions as a rule sets by itself. What fails here is said, and fails nothing:
a function that starts more slowly is still well.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

# https://docs.cloud.google.com/run/docs/configuring/services/cpu#startup-boost
BOOST = "run.googleapis.com/startup-cpu-boost"

# A change waits for the new revision.
SECONDS = 300


class Failed(Exception):
    """What gcloud said."""


def main() -> None:
    """Look at each function's service."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outputs", type=Path, help="what `terraform output -json` printed")
    outputs = json.loads(parser.parse_args().outputs.read_text(encoding="utf-8"))
    services = outputs.get("services", {}).get("value", {})
    for name, service in sorted(services.items()):
        try:
            print(f"{name}: CPU boost {boosted(service)}")
        except Failed as error:
            print(f"{name}: CPU boost could not be seen or switched on: {error}")


def boosted(service: dict[str, str]) -> str:
    """Return what was done for a service, given its name, region and project."""
    place = [f"--{name}={service[name]}" for name in ("region", "project")]
    found: Any = json.loads(gcloud("describe", service["name"], *place, "--format=json"))
    annotations = found["spec"]["template"]["metadata"].get("annotations", {})
    if annotations.get(BOOST) == "true":
        return "is on"
    gcloud("update", service["name"], *place, "--cpu-boost", "--quiet")
    return "was switched on"


def gcloud(verb: str, *arguments: str) -> str:
    """Ask gcloud about a service of Cloud Run; raises Failed."""
    try:
        done = subprocess.run(  # noqa: S603 - names of our own, and no shell
            ["gcloud", "run", "services", verb, *arguments],  # noqa: S607 - wherever it is
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise Failed(" ".join(error.stderr.split())) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from error
    return done.stdout


if __name__ == "__main__":
    main()
