"""Wake-ups through Google's own client against a Cloud Tasks of our own."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.tasks_v2 import HttpMethod, Task

from handoff.errors import SchedulingError
from handoff.scheduler import DISPATCH_DEADLINE, CloudTasks, audience
from handoff.store import session_key
from handoff.vocabulary import SessionId
from tests.emulator import free_port
from tests.environment import environment
from tests.fake_cloud_tasks import QUEUE, FakeCloudTasks, scheduled

KEY, OTHER = session_key(SessionId("s1")), session_key(SessionId("s2"))
NEAR, FAR = "http://127.0.0.1:8083/", "https://wake-x.a.run.app/"
ACCOUNT = "wake@tulip.iam.gserviceaccount.com"
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
A_LITTLE = timedelta(microseconds=1)


@pytest.fixture
def fake() -> Iterator[FakeCloudTasks]:
    with FakeCloudTasks() as one:
        yield one


@pytest.fixture
def near(fake: FakeCloudTasks, runner: asyncio.Runner) -> Iterator[CloudTasks]:
    """Give a scheduler whose target is on this machine."""
    one = CloudTasks(queue=QUEUE, url=NEAR, endpoint=fake.address)
    yield one
    runner.run(one.close())


def far(fake: FakeCloudTasks) -> CloudTasks:
    return CloudTasks(queue=QUEUE, url=FAR, endpoint=fake.address)


def only(fake: FakeCloudTasks) -> Task:
    [task] = fake.tasks.values()
    return task


async def test_task_carries_the_session_and_nothing_else(
    fake: FakeCloudTasks, near: CloudTasks
) -> None:
    await near.schedule(KEY, SOON)
    task = only(fake)
    assert task.name == f"{QUEUE}/tasks/{KEY}-{int(SOON.timestamp())}"
    assert (task.http_request.http_method, task.http_request.url) == (HttpMethod.POST, NEAR)
    assert json.loads(task.http_request.body) == {"session": KEY}
    assert dict(task.http_request.headers) == {"Content-Type": "application/json"}
    assert Task.pb(task).dispatch_deadline.ToTimedelta() == DISPATCH_DEADLINE


@pytest.mark.parametrize(
    ("at", "second"),
    [
        (SOON, SOON),
        (SOON + A_LITTLE, SOON + timedelta(seconds=1)),
        (SOON - A_LITTLE, SOON),
        (SOON.astimezone(), SOON),
    ],
)
async def test_session_is_never_woken_early(
    fake: FakeCloudTasks, near: CloudTasks, at: datetime, second: datetime
) -> None:
    await near.schedule(KEY, at)
    assert scheduled(only(fake)) == second
    assert only(fake).name.endswith(f"-{int(second.timestamp())}")


async def test_same_wish_twice_is_one_task(fake: FakeCloudTasks, near: CloudTasks) -> None:
    await near.schedule(KEY, SOON)
    await near.schedule(KEY, SOON - A_LITTLE)
    assert len(fake.tasks) == 1


async def test_other_second_and_other_session_are_tasks_of_their_own(
    fake: FakeCloudTasks, near: CloudTasks
) -> None:
    await near.schedule(KEY, SOON)
    await near.schedule(KEY, SOON + A_LITTLE)
    await near.schedule(OTHER, SOON)
    assert len(fake.tasks) == 3


async def test_time_that_is_past_means_now(fake: FakeCloudTasks, near: CloudTasks) -> None:
    before = datetime.now(UTC)
    await near.schedule(KEY, SOON - timedelta(days=1))
    assert before <= scheduled(only(fake)) <= datetime.now(UTC)


async def test_two_instances_may_wish_at_once(fake: FakeCloudTasks, near: CloudTasks) -> None:
    await asyncio.gather(*(near.schedule(KEY, SOON) for _ in range(8)))
    assert len(fake.tasks) == 1


async def test_target_on_this_machine_gets_no_identity(
    fake: FakeCloudTasks, near: CloudTasks
) -> None:
    await near.schedule(KEY, SOON)
    assert "oidc_token" not in only(fake).http_request


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("https://wake-x.a.run.app", "https://wake-x.a.run.app"),
        ("https://wake-x.a.run.app/", "https://wake-x.a.run.app"),
        ("https://wake-1.europe-west1.run.app/a/b?c=d#e", "https://wake-1.europe-west1.run.app"),
        ("https://wake.example:8443/a", "https://wake.example:8443"),
        ("https://eu-p.cloudfunctions.net/wake", "https://eu-p.cloudfunctions.net/wake"),
        ("https://eu-p.cloudfunctions.net/wake/?c=d", "https://eu-p.cloudfunctions.net/wake"),
        ("https://cloudfunctions.net.example/wake", "https://cloudfunctions.net.example"),
    ],
)
def test_audience_is_what_the_platform_takes(url: str, meant: str) -> None:
    assert audience(url) == meant


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, "ServiceUnavailable"),
        (grpc.StatusCode.PERMISSION_DENIED, "PermissionDenied"),
        (grpc.StatusCode.UNAUTHENTICATED, "Unauthenticated"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "ResourceExhausted"),
        (grpc.StatusCode.ABORTED, "Aborted"),
    ],
)
async def test_refusal_is_told_by_its_kind_alone(
    fake: FakeCloudTasks, near: CloudTasks, status: grpc.StatusCode, kind: str
) -> None:
    fake.refuses_with = status
    with pytest.raises(SchedulingError) as caught:
        await near.schedule(KEY, SOON)
    assert str(caught.value) == f"cloud tasks did not schedule {KEY}: {kind}"
    assert isinstance(caught.value.__cause__, GoogleAPICallError)


async def test_refused_wish_is_tried_once_and_may_be_asked_again(
    fake: FakeCloudTasks, near: CloudTasks
) -> None:
    fake.refuses_with = grpc.StatusCode.UNAVAILABLE
    with pytest.raises(SchedulingError):
        await near.schedule(KEY, SOON)
    assert fake.asked == 1
    fake.refuses_with = None
    await near.schedule(KEY, SOON)
    assert len(fake.tasks) == 1


async def test_queue_that_is_not_there_is_told(fake: FakeCloudTasks) -> None:
    tasks = CloudTasks(queue=f"{QUEUE}-other", url=NEAR, endpoint=fake.address)
    with pytest.raises(SchedulingError, match="NotFound"):
        await tasks.schedule(KEY, SOON)
    await tasks.close()


async def test_time_beyond_the_horizon_is_told(fake: FakeCloudTasks, near: CloudTasks) -> None:
    with pytest.raises(SchedulingError, match="InvalidArgument"):
        await near.schedule(KEY, datetime.now(UTC) + timedelta(days=31))


async def test_nobody_there_is_told() -> None:
    tasks = CloudTasks(queue=QUEUE, url=NEAR, endpoint=f"127.0.0.1:{free_port()}")
    with pytest.raises(SchedulingError, match="ServiceUnavailable"):
        await tasks.schedule(KEY, SOON)
    await tasks.close()


async def test_silence_ends_in_time(fake: FakeCloudTasks) -> None:
    fake.hangs = True
    tasks = CloudTasks(queue=QUEUE, url=NEAR, timeout=0.3, endpoint=fake.address)
    start = time.monotonic()
    with pytest.raises(SchedulingError, match=f"did not schedule {KEY}"):
        await tasks.schedule(KEY, SOON)
    assert time.monotonic() - start < 3
    await tasks.close()


async def test_line_that_nobody_answers_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"127.0.0.1:{silent.getsockname()[1]}"
        tasks = CloudTasks(queue=QUEUE, url=NEAR, timeout=0.3, endpoint=endpoint)
        with pytest.raises(SchedulingError):
            await tasks.schedule(KEY, SOON)
        await tasks.close()


async def test_caller_may_leave_sooner_and_come_again(
    fake: FakeCloudTasks, near: CloudTasks
) -> None:
    fake.hangs = True
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await near.schedule(KEY, SOON)
    fake.hangs = False
    await near.schedule(KEY, SOON)
    assert len(fake.tasks) == 1


async def test_closed_scheduler_connects_again(fake: FakeCloudTasks, near: CloudTasks) -> None:
    await near.schedule(KEY, SOON)
    await near.close()
    await near.close()
    await near.schedule(OTHER, SOON)
    assert len(fake.tasks) == 2


async def test_account_of_a_key_file_is_our_own(fake: FakeCloudTasks, tmp_path: Path) -> None:
    tasks = far(fake)
    with environment(GOOGLE_APPLICATION_CREDENTIALS=str(key_file(tmp_path))):
        await tasks.schedule(KEY, SOON)
    await tasks.schedule(OTHER, SOON)  # it is asked for once
    await tasks.close()
    tokens = [one.http_request.oidc_token for one in fake.tasks.values()]
    named = {(one.service_account_email, one.audience) for one in tokens}
    assert named == {(ACCOUNT, "https://wake-x.a.run.app")}


async def test_person_cannot_wake_and_is_told_so(fake: FakeCloudTasks, tmp_path: Path) -> None:
    person = {"type": "authorized_user", "client_id": "a", "client_secret": "b"}
    path = tmp_path / "person.json"
    path.write_text(json.dumps({**person, "refresh_token": "c"}))
    with (
        environment(GOOGLE_APPLICATION_CREDENTIALS=str(path)),
        pytest.raises(SchedulingError, match="these credentials are a person's"),
    ):
        await far(fake).schedule(KEY, SOON)


async def test_missing_credentials_are_told_and_looked_for_again(
    fake: FakeCloudTasks, tmp_path: Path
) -> None:
    tasks = far(fake)
    with (
        environment(GOOGLE_APPLICATION_CREDENTIALS="/nowhere/key.json"),
        pytest.raises(SchedulingError, match="DefaultCredentialsError") as caught,
    ):
        await tasks.schedule(KEY, SOON)
    assert isinstance(caught.value.__cause__, DefaultCredentialsError)
    with environment(GOOGLE_APPLICATION_CREDENTIALS=str(key_file(tmp_path))):
        await tasks.schedule(KEY, SOON)
    await tasks.close()
    assert len(fake.tasks) == 1


async def test_real_service_is_not_called_without_credentials() -> None:
    tasks = CloudTasks(queue=QUEUE, url=NEAR)
    with (
        environment(GOOGLE_APPLICATION_CREDENTIALS="/nowhere/key.json"),
        pytest.raises(SchedulingError, match="DefaultCredentialsError"),
    ):
        await tasks.schedule(KEY, SOON)
    await tasks.close()


def key_file(folder: Path) -> Path:
    """Write what `gcloud iam service-accounts keys create` writes."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    content = {
        "type": "service_account",
        "project_id": "tulip",
        "private_key_id": "1",
        "private_key": pem,
        "client_email": ACCOUNT,
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    path = folder / "key.json"
    path.write_text(json.dumps(content))
    return path
