"""What wake-ups are in a process of its own: after a fork, and on Google's machines."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.fake_cloud_tasks import QUEUE, FakeCloudTasks
from tests.loopback import listening, serving

ACCOUNT = "functions@tulip.iam.gserviceaccount.com"
FLAVOR = {"Metadata-Flavor": "Google"}
MACHINE = "/computeMetadata/v1/instance/service-accounts/default/"

SCHEDULE = """
import asyncio, sys
from datetime import UTC, datetime
from handoff.errors import SchedulingError
from handoff.scheduler import CloudTasks
queue, url, endpoint = sys.argv[1:]
tasks = CloudTasks(queue=queue, url=url, endpoint=endpoint)
async def schedule(key):
    try:
        await tasks.schedule(key, datetime.now(UTC))
    except SchedulingError as error:
        print(error)
    await tasks.close()
"""
ONCE = SCHEDULE + "asyncio.run(schedule('a' * 40))"
IN_A_HURRY = ONCE.replace("endpoint=endpoint", "endpoint=endpoint, timeout=0.2")
FORKED = (
    SCHEDULE
    + """
import os
children = []
for key in ('a' * 40, 'b' * 40):
    child = os.fork()
    if not child:
        asyncio.run(schedule(key))
        os._exit(0)
    children.append(child)
for child in children:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
)


async def printed(code: str, url: str, endpoint: str, **variables: str) -> str:
    """Run code in a process of its own and return what it printed."""
    hidden = ("GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST", "GCE_METADATA_IP")
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, QUEUE, url, endpoint),
        env={**inherited, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return out.decode()


def machine(answers: Mapping[str, object]) -> Starlette:
    """Return a metadata server as a machine of Google's has one."""

    async def answer(request: Request) -> Response:
        found = answers.get(request.url.path)
        if isinstance(found, dict):
            return JSONResponse(found, headers=FLAVOR)
        return PlainTextResponse(str(found or ""), 200 if found else 404, headers=FLAVOR)

    return Starlette(routes=[Route("/{path:path}", answer)])


async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def on_machine(host: str, folder: Path) -> Mapping[str, str]:
    own = {"HOME": str(folder), "CLOUDSDK_CONFIG": str(folder), "GCE_METADATA_MTLS_MODE": "none"}
    return {**own, "GCE_METADATA_HOST": host, "GCE_METADATA_IP": host}


async def test_scheduler_survives_the_forks_of_the_framework() -> None:
    with FakeCloudTasks() as fake:
        said = await printed(FORKED, "http://127.0.0.1:8083", fake.address)
        assert said.split() == ["0", "0"]
        assert len(fake.tasks) == 2


async def test_account_of_the_machine_is_asked_for(tmp_path: Path) -> None:
    answers = {
        "/": "computeMetadata/",
        "/computeMetadata/v1/project/project-id": "tulip",
        MACHINE: {"email": ACCOUNT, "scopes": [], "aliases": ["default"]},
        f"{MACHINE}token": {"access_token": "a", "expires_in": 3600, "token_type": "Bearer"},
    }
    with FakeCloudTasks() as fake:
        async with serving(machine(answers)) as port:
            variables = on_machine(f"127.0.0.1:{port}", tmp_path)
            said = await printed(ONCE, "https://wake.example", fake.address, **variables)
        assert said == ""
        [task] = fake.tasks.values()
        assert task.http_request.oidc_token.service_account_email == ACCOUNT


async def test_machine_that_tells_no_account_is_a_failure(tmp_path: Path) -> None:
    answers = {"/": "computeMetadata/", "/computeMetadata/v1/project/project-id": "tulip"}
    with FakeCloudTasks() as fake:
        async with serving(machine(answers)) as port:
            variables = on_machine(f"127.0.0.1:{port}", tmp_path)
            said = await printed(ONCE, "https://wake.example", fake.address, **variables)
        assert said.startswith(f"cloud tasks did not schedule {'a' * 40}: ")
        assert not fake.tasks


async def test_machine_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    async with listening(say_nothing) as address:
        variables = on_machine(address.removeprefix("http://"), tmp_path)
        patience = {"GCE_METADATA_TIMEOUT": "1", "GCE_METADATA_DETECT_RETRIES": "1"}
        code, target = IN_A_HURRY, "https://wake.example"
        said = await printed(code, target, "127.0.0.1:1", **variables, **patience)
    assert said == f"cloud tasks did not schedule {'a' * 40}: TimeoutError\n"
