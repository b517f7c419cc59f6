"""The Cloud Tasks of the tests is as strict as the real one, and calls as often."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc  # type: ignore[import-untyped]
import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument, NotFound
from google.cloud.tasks_v2 import CloudTasksClient, HttpMethod, OidcToken, Task
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from tests.emulator import free_port
from tests.fake_cloud_tasks import QUEUE, FakeCloudTasks

TARGET = "http://127.0.0.1:8083/"
REQUEST = {"oidc_token", "http_method"}
TOO_FAR = datetime.now(UTC) + timedelta(days=31)


class Target:
    """Answers calls with these statuses in turn, then 200, and remembers them."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.url = ""


@contextmanager
def serving(target: Target) -> Iterator[Target]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target.calls.append((dict(self.headers), body))
            self.send_response(target.statuses.pop(0) if target.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass  # the test prints nothing

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    target.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield target
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def client(fake: FakeCloudTasks) -> Iterator[CloudTasksClient]:
    with grpc.insecure_channel(fake.address) as channel:
        yield CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


def task(name: str = "a", url: str = TARGET, **more: object) -> Task:
    fields = {"url": url, "http_method": HttpMethod.POST, "body": b"{}"}
    request = {**fields, **{one: more.pop(one) for one in list(more) if one in REQUEST}}
    return Task(name=f"{QUEUE}/tasks/{name}", http_request=request, **more)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (task("a b"), "Task name must be"),
        (task("x" * 501), "Task name must be"),
        (task("a/tasks/b"), "Task name must be"),
        (task(schedule_time=TOO_FAR), "no more than 720h"),
        (task(dispatch_deadline=timedelta(seconds=14)), "dispatchDeadline"),
        (task(dispatch_deadline=timedelta(minutes=31)), "dispatchDeadline"),
        (task(url="ftp://x"), "must start with 'http://' or 'https://'"),
        (task(url=f"https://{'x' * 2083}"), "must start with"),
        (task(http_method=HttpMethod.GET), "Body must be empty"),
        (task(oidc_token=OidcToken(service_account_email="a@b.c")), "start with 'https://' for"),
        (task(url="https://x", oidc_token=OidcToken(audience="a")), "valid email"),
        (Task(name=f"{QUEUE}/tasks/a"), "http_request is required"),
    ],
)
def test_task_against_the_rules_is_refused(wrong: Task, said: str) -> None:
    with FakeCloudTasks() as fake, client(fake) as tasks:
        with pytest.raises(InvalidArgument) as caught:
            tasks.create_task(parent=QUEUE, task=wrong)
        assert said in caught.value.message
        assert not fake.tasks


@pytest.mark.parametrize("queue", ["wake", f"{QUEUE}2", f"{QUEUE}/tasks"])
def test_task_of_another_queue_is_refused(queue: str) -> None:
    with FakeCloudTasks() as fake, client(fake) as tasks, pytest.raises(InvalidArgument):
        tasks.create_task(parent=queue, task=task())


def test_queue_that_is_not_there_is_not_found() -> None:
    with FakeCloudTasks(queue=f"{QUEUE}2") as fake, client(fake) as tasks, pytest.raises(NotFound):
        tasks.create_task(parent=QUEUE, task=task())


def test_task_without_a_name_gets_one() -> None:
    with FakeCloudTasks() as fake, client(fake) as tasks:
        nameless = task()
        nameless.name = ""
        made = [tasks.create_task(parent=QUEUE, task=nameless).name for _ in range(2)]
        assert list(fake.tasks) == made


def test_due_task_is_called_once_and_its_name_stays_taken() -> None:
    with serving(Target()) as target, FakeCloudTasks(dispatches=True) as fake:
        with client(fake) as tasks:
            tasks.create_task(parent=QUEUE, task=task(url=target.url))
            fake.wait_until(lambda fake: not fake.tasks)
            with pytest.raises(AlreadyExists):
                tasks.create_task(parent=QUEUE, task=task(url=target.url))
        [(headers, body)] = target.calls
        assert (headers["X-CloudTasks-TaskName"], body) == ("a", b"{}")
        assert headers["X-CloudTasks-QueueName"] == "wake"


def test_task_waits_for_its_time() -> None:
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    with serving(Target()) as target, FakeCloudTasks(dispatches=True) as fake:
        with client(fake) as tasks:
            tasks.create_task(parent=QUEUE, task=task(url=target.url, schedule_time=due))
            tasks.create_task(parent=QUEUE, task=task("b", url=target.url))
        fake.wait_until(lambda fake: not fake.tasks)
        assert [one.task.rpartition("/")[2] for one in fake.attempts] == ["b", "a"]
        assert fake.attempts[1].at >= due


def test_task_that_was_not_done_is_called_again() -> None:
    with serving(Target(503, 301)) as target, FakeCloudTasks(dispatches=True) as fake:
        with client(fake) as tasks:
            tasks.create_task(parent=QUEUE, task=task(url=target.url))
        fake.wait_until(lambda fake: not fake.tasks)
        assert [one.status for one in fake.attempts] == [503, 301, 200]
        retries = [headers["X-CloudTasks-TaskRetryCount"] for headers, _ in target.calls]
        assert retries == ["0", "1", "2"]


def test_target_that_is_not_there_is_tried_again() -> None:
    with FakeCloudTasks(dispatches=True) as fake, client(fake) as tasks:
        tasks.create_task(parent=QUEUE, task=task(url=f"http://127.0.0.1:{free_port()}/"))
        fake.wait_until(lambda fake: len(fake.attempts) > 1)
        assert {one.status for one in fake.attempts} == {0}
        assert len(fake.tasks) == 1


def test_waiting_task_may_be_run_by_hand() -> None:
    due = datetime.now(UTC) + timedelta(days=1)
    with serving(Target()) as target, FakeCloudTasks() as fake, client(fake) as tasks:
        made = tasks.create_task(parent=QUEUE, task=task(url=target.url, schedule_time=due))
        assert fake.run(made.name).status == 200
        assert not fake.tasks
        assert len(target.calls) == 1
