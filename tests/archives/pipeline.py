"""A checkout and a cloud on this machine, for the pipeline's scripts: a bucket, and what serves.

Terraform and gcloud are stand-ins of a few lines: what an archive holds says how its deployment
goes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from demo.hosting import hosted
from handoff.cli.processes import listen

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "terraform" / "scripts"
BUCKET = "a-bucket"
SERVICE = {"name": "handoff-agent-events", "region": "europe-west1", "project": "tulip"}

# Contents of archives, and what comes of them.
WELL, SICK, REFUSED = "well", "sick", "refused"

TERRAFORM = """
import json, os, pathlib, sys
world = pathlib.Path(os.environ["WORLD"])
chdir, verb, *arguments = sys.argv[1:]
assert chdir == "-chdir=terraform", sys.argv
with (world / "asked").open("a") as asked:
    print(json.dumps([verb, *arguments]), file=asked)
given = [one for one in arguments if one.startswith("archives=")]
folder = given[0].partition("=")[2] if given else ""
if verb == "plan":
    [out] = [one.partition("=")[2] for one in arguments if one.startswith("-out=")]
    pathlib.Path(out).write_text(folder)
if verb == "apply":
    place = pathlib.Path(folder or pathlib.Path(arguments[-1]).read_text())
    found = {one.name: one.read_text() for one in place.glob("*.zip")}
    if "refused" in found.values():
        sys.exit("Error: the function does not start")
    (world / "deployed").write_text(json.dumps(found))
if verb == "output":
    print((world / "outputs.json").read_text())
"""

GCLOUD = """
import glob, json, os, pathlib, shutil, sys
world = pathlib.Path(os.environ["WORLD"])
def place(name):
    return str(world / name.removeprefix("gs://")) if name.startswith("gs://") else name
match sys.argv[1:]:
    case ["storage", "cat", name]:
        try:
            sys.stdout.write(pathlib.Path(place(name)).read_text())
        except OSError:
            sys.exit("ERROR: One or more URLs matched no objects.")
    case ["storage", "cp", *sources, target]:
        found = [one for source in sources for one in glob.glob(place(source))]
        if not found:
            sys.exit("ERROR: One or more URLs matched no objects.")
        folder = pathlib.Path(place(target))
        (folder if target.endswith("/") else folder.parent).mkdir(parents=True, exist_ok=True)
        for one in found:
            shutil.copy(one, folder)
    case ["run", "services", verb, service, "--region=europe-west1", "--project=tulip", *more]:
        switch = world / f"boost of {service}"
        if not switch.exists():
            sys.exit("ERROR: (gcloud.run) PERMISSION_DENIED:\\nyou may not")
        if verb == "update":
            assert more == ["--cpu-boost", "--quiet"], more
            switch.write_text("true")
        marks = {"run.googleapis.com/startup-cpu-boost": switch.read_text()}
        found = {"annotations": marks} if switch.read_text() else {}
        print(json.dumps({"spec": {"template": {"metadata": found}}}))
    case _:
        sys.exit(f"unknown: {sys.argv}")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A checkout with the scripts, and the world that they change."""

    checkout: Path
    world: Path

    def run(
        self, script: str, *arguments: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts as the pipeline does."""
        usual = {"STATE_BUCKET": BUCKET, "APPLY": "true", "PROJECT": "tulip", "PATIENCE": "0"}
        found = self.checkout / "terraform" / "scripts" / script
        world = {"PATH": self.path, "WORLD": str(self.world), "HOME": self.home}
        return subprocess.run(
            ["bash", str(found), *arguments],
            cwd=self.world,
            env={**usual, **variables, **world},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def path(self) -> str:
        """Return where programs are looked for: ours first."""
        return f"{self.world / 'bin'}:{os.environ['PATH']}"

    @property
    def home(self) -> str:
        """Return a home of its own."""
        return str(self.world / "home")

    def build(self, **functions: str) -> None:
        """Put archives in the place of those that were there."""
        folder = self.checkout / ".handoff" / "archives"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in functions.items():
            source = f"{name} {content} {len(self.asked())}"
            digest = hashlib.sha256(source.encode()).hexdigest()[:16]
            (folder / f"{name}-{digest}.zip").write_text(content, encoding="utf-8")

    def deploy(self, **variables: str) -> list[int]:
        """Run the steps from the plan on, each whatever came of those that may fail."""
        steps = ("plan.sh", "apply.sh", "smoke.sh", "settle.sh")
        return [self.run(one, **variables).returncode for one in steps]

    def deployed(self) -> Mapping[str, str]:
        """Return the archives that serve, and what is in them."""
        found: Mapping[str, str] = json.loads((self.world / "deployed").read_text(encoding="utf-8"))
        return found

    def asked(self) -> list[list[str]]:
        """Return all that Terraform was asked for."""
        path = self.world / "asked"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def good(self) -> str:
        """Return the release that is known as the last good one, or nothing."""
        path = self.world / BUCKET / "archives" / "good"
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""


@contextmanager
def pipeline(folder: Path) -> Iterator[Pipeline]:
    """Lay out a checkout and start what is deployed."""
    one = Pipeline(checkout=folder / "checkout", world=folder / "world")
    shutil.copytree(SCRIPTS, one.checkout / "terraform" / "scripts")
    (one.world / "home").mkdir(parents=True)
    put_program(one.world / "bin" / "terraform", TERRAFORM)
    put_program(one.world / "bin" / "gcloud", GCLOUD)
    with listen("127.0.0.1", 0) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        outputs = {
            "urls": {"agent_events": url},
            "webhooks": {"livechat": f"{url}/livechat"},
            "services": {"agent_events": SERVICE},
        }
        told = {name: {"value": value} for name, value in outputs.items()}
        (one.world / "outputs.json").write_text(json.dumps(told), encoding="utf-8")
        with hosted([(_serving(one), door)]):
            yield one


def put_program(path: Path, code: str) -> None:
    """Write a program in Python that the shell can call."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    path.chmod(0o755)


def _serving(one: Pipeline) -> Starlette:
    """Return `agent_events` as it was deployed."""

    async def answer(request: Request) -> Response:
        if SICK in one.deployed().values():
            return JSONResponse({"error": "internal"}, status_code=500)
        if request.url.path == "/healthz":  # the platform keeps that for itself
            return PlainTextResponse("Not Found", status_code=404)
        if request.method == "GET":
            return JSONResponse({"error": "method_not_allowed"}, status_code=405)
        known = request.url.path == "/livechat"
        return JSONResponse({"error": "refused"}, status_code=401 if known else 404)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
