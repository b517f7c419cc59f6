"""The pipeline's scripts: what is deployed, kept, brought back, and said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archives.pipeline import (
    BUCKET,
    REFUSED,
    SCRIPTS,
    SERVICE,
    SICK,
    WELL,
    Pipeline,
    pipeline,
    put_program,
)

PLANNED, ALL_WELL = [0, 0, 0, 0], [0, 0, 0, 0]
ECHO = "import os, sys; print(os.path.basename(sys.argv[0]), *sys.argv[1:])"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(tmp_path) as one:
        yield one


def test_deployment_that_is_well_is_kept(line: Pipeline) -> None:
    line.build(agent_events=WELL, wake=WELL)
    assert line.deploy(BUILD_ID="b1") == ALL_WELL
    kept = line.world / BUCKET / "archives" / line.good()
    assert line.good().endswith("-b1")
    assert {one.name for one in kept.iterdir()} == set(line.deployed())


def test_sick_deployment_is_taken_back_and_fails_the_build(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    line.deploy(BUILD_ID="b1")
    before, good = line.deployed(), line.good()
    line.build(agent_events=SICK)
    assert line.deploy(BUILD_ID="b2") == [0, 0, 1, 1]
    assert (line.deployed(), line.good()) == (before, good)


def test_deployment_that_breaks_off_is_taken_back_and_fails_the_build(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    line.deploy()
    before, good = line.deployed(), line.good()
    line.build(agent_events=REFUSED)
    assert line.deploy() == [0, 1, 1, 1]
    assert (line.deployed(), line.good()) == (before, good)


def test_first_deployment_that_fails_has_nothing_to_go_back_to(line: Pipeline) -> None:
    line.build(agent_events=SICK)
    assert line.deploy()[-1] == 1
    assert "nothing to go back to" in line.run("settle.sh").stderr
    assert line.good() == ""


def test_result_of_the_last_build_counts_for_nothing_in_the_next(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    line.deploy()
    line.run("plan.sh")
    assert line.run("smoke.sh").returncode == 1
    assert line.run("settle.sh").returncode == 1


def test_nothing_is_applied_unless_asked_for(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    assert line.deploy(APPLY="false") == PLANNED
    assert [one[0] for one in line.asked()] == ["init", "plan"]
    assert line.good() == ""


def test_an_earlier_release_can_be_named(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    line.deploy(BUILD_ID="first")
    first, first_archives = line.good(), line.deployed()
    line.build(agent_events=WELL)
    line.deploy(BUILD_ID="second")
    assert line.deployed() != first_archives
    done = line.run("rollback.sh", first)
    assert done.returncode == 0, done.stderr
    assert (line.good(), line.deployed()) == (first, first_archives)


@pytest.mark.parametrize(
    ("before", "says"), [("", "was switched on"), ("false", "was switched on"), ("true", "is on")]
)
def test_cpu_boost_is_switched_on_where_it_is_not(line: Pipeline, before: str, says: str) -> None:
    switch = line.world / f"boost of {SERVICE['name']}"
    switch.write_text(before, encoding="utf-8")
    line.build(agent_events=WELL)
    line.run("plan.sh")
    done = line.run("apply.sh")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"agent_events: CPU boost {says}")
    assert switch.read_text(encoding="utf-8") == "true"


def test_cpu_boost_that_may_not_be_touched_is_said_and_fails_nothing(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    assert line.deploy() == ALL_WELL
    line.run("plan.sh")
    assert line.run("apply.sh").stdout.splitlines()[-1] == (
        "agent_events: CPU boost could not be seen or switched on: "
        "ERROR: (gcloud.run) PERMISSION_DENIED: you may not"
    )
    assert "CPU boost" in line.run("rollback.sh").stdout


def test_release_that_is_not_there_changes_nothing(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    line.deploy()
    asked = line.asked()
    assert line.run("rollback.sh", "20200101-000000-nobody").returncode == 1
    assert line.asked() == asked


def test_function_that_is_new_stays_when_the_others_go_back(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    line.deploy()
    before = line.deployed()
    line.build(agent_events=SICK, wake=WELL)
    line.deploy()
    assert {name for name in line.deployed() if name not in before} == {
        name for name in line.deployed() if name.startswith("wake-")
    }
    assert before.items() <= line.deployed().items()
    assert len(line.deployed()) == 2


def test_terraform_is_told_where_the_state_is_and_what_to_make(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    (line.checkout / "terraform" / "prod.tfvars").touch()
    line.run("plan.sh", REGION="europe-west4", TFVARS="terraform/prod.tfvars")
    [_, plan] = line.asked()
    assert [one for one in plan if "=" in one and not one.startswith("-")] == [
        f"archives={line.checkout}/.handoff/archives",
        "project=tulip",
        "region=europe-west4",
    ]
    assert plan[-2:] == ["-var-file", f"{line.checkout}/terraform/prod.tfvars"]
    backend = (line.checkout / "terraform" / "backend_override.tf").read_text(encoding="utf-8")
    assert 'backend "gcs"' in backend
    assert f'bucket = "{BUCKET}"' in backend


def test_variables_may_lie_in_a_bucket(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    (line.world / "settings").mkdir()
    (line.world / "settings" / "prod.tfvars").write_text("x = 1", encoding="utf-8")
    line.run("plan.sh", TFVARS="gs://settings/prod.tfvars")
    [_, plan] = line.asked()
    assert Path(plan[-1]).read_text(encoding="utf-8") == "x = 1"


def test_values_of_secrets_are_in_no_argument_and_no_file(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    secret = "the-value-of-a-secret"
    printed = [
        line.run(one, TF_VAR_secret_values=f'{{"A": "{secret}"}}')
        for one in ("plan.sh", "apply.sh", "smoke.sh", "settle.sh", "rollback.sh")
    ]
    assert secret not in "".join(one.stdout + one.stderr for one in printed)
    files = [one for one in line.checkout.parent.rglob("*") if one.is_file()]
    assert [one for one in files if secret.encode() in one.read_bytes()] == []


def test_pipeline_without_a_bucket_stops_before_its_state_is_lost(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    done = line.run("plan.sh", STATE_BUCKET="", BUILD_ID="b1")
    assert done.returncode == 1
    assert "set _STATE_BUCKET" in done.stderr
    assert line.asked() == []


def test_on_a_machine_of_ones_own_there_need_be_no_bucket(line: Pipeline) -> None:
    line.build(agent_events=WELL)
    assert line.deploy(STATE_BUCKET="") == ALL_WELL
    assert not (line.checkout / "terraform" / "backend_override.tf").exists()


def test_archives_are_built_with_the_settings_that_are_named(line: Pipeline) -> None:
    put_program(line.checkout / ".venv" / "bin" / "python", ECHO)
    assert line.run("build.sh").stdout.split() == ["python", "terraform/archives.py"]
    said = line.run("build.sh", CONFIG="my settings.toml").stdout
    assert said == "python terraform/archives.py --config my settings.toml\n"


def test_tests_run_with_nothing_skipped_once_everything_is_there(line: Pipeline) -> None:
    put_program(line.checkout / ".ci" / "run", "import os; print('CI is', os.environ['CI'])")
    for name in ("java", "node"):
        put_program(line.world / "bin" / name, ECHO)
    assert line.run("test.sh").stdout == "CI is true\n"


def test_tools_are_put_where_later_steps_look(line: Pipeline) -> None:
    sdk = line.world / "sdk"
    put_program(sdk / "platform" / "cloud-firestore-emulator" / "cloud_firestore_emulator", ECHO)
    assert line.run("tools.sh", CLOUD_SDK=str(sdk)).returncode == 0
    found = Path(line.home) / "google-cloud-sdk/platform/cloud-firestore-emulator"
    assert (found / "cloud_firestore_emulator").is_file()
    done = subprocess.run([line.checkout / ".handoff/bin/terraform"], check=False)
    assert done.returncode == 1  # it is the stand-in, and runs


# As much of a module as the scripts touch, and nothing that has to be downloaded.
MODULE = """
variable "project" { type = string }
variable "archives" { type = string }
variable "url" { type = string }
variable "secret_values" {
  type      = map(string)
  sensitive = true
  ephemeral = true
}
resource "terraform_data" "archives" { input = fileset(var.archives, "*.zip") }
output "urls" { value = { agent_events = var.url } }
output "archives" { value = terraform_data.archives.output }
"""


@pytest.fixture
def real(line: Pipeline) -> Pipeline:
    """Give a checkout whose scripts call Terraform itself."""
    if shutil.which("terraform") is None:
        reason = "`terraform` is not installed"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    (line.world / "bin" / "terraform").unlink()
    url = json.loads((line.world / "outputs.json").read_text())["urls"]["value"]["agent_events"]
    (line.world / "deployed").write_text("{}", encoding="utf-8")
    (line.checkout / "terraform" / "main.tf").write_text(MODULE, encoding="utf-8")
    (line.checkout / "terraform" / "prod.tfvars").write_text(f'url = "{url}"', encoding="utf-8")
    return line


def test_terraform_itself_takes_what_the_scripts_say(real: Pipeline) -> None:
    real.build(agent_events=WELL, wake=WELL)
    secret = "the-value-of-a-secret"
    told = {"TFVARS": "terraform/prod.tfvars", "TF_VAR_secret_values": f'{{"A": "{secret}"}}'}
    assert real.deploy(STATE_BUCKET="", **told) == ALL_WELL
    built = {one.name for one in (real.checkout / ".handoff" / "archives").iterdir()}
    work = real.checkout / ".handoff" / "deploy"
    outputs = json.loads((work / "outputs.json").read_text(encoding="utf-8"))
    assert set(outputs["archives"]["value"]) == built
    state = (real.checkout / "terraform" / "terraform.tfstate").read_text(encoding="utf-8")
    assert secret not in state
    with zipfile.ZipFile(work / "plan") as plan:
        assert [one for one in plan.namelist() if secret.encode() in plan.read(one)] == []


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_script_is_sound(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    own = "set -euo pipefail" in text or (text.startswith("#!/bin/sh\n") and "set -eu\n" in text)
    assert own or '. "$(dirname "$0")/common.sh"' in text
    subprocess.run(["bash", "-n", path], check=True)
    if checker := shutil.which("shellcheck"):
        subprocess.run([checker, "-x", path], check=True)
