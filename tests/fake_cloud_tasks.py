"""A Cloud Tasks of our own on the loopback interface, with the rules of the real one.

https://docs.cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2 and
https://docs.cloud.google.com/tasks/docs/quotas
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from uuid import uuid4

import grpc  # type: ignore[import-untyped]
import requests
from google.cloud.tasks_v2 import CreateTaskRequest, HttpMethod, HttpRequest, Task

SERVICE = "google.cloud.tasks.v2.CloudTasks"
QUEUE = "projects/tulip/locations/europe-west1/queues/wake"

PARENT = re.compile(r"projects/[A-Za-z0-9.:-]+/locations/[a-z0-9-]+/queues/[A-Za-z0-9-]{1,100}")
TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
HORIZON = timedelta(hours=720)
DEADLINES = timedelta(seconds=15), timedelta(minutes=30)
NO_DEADLINE_GIVEN = timedelta(minutes=10)
MOST_BYTES = 1 << 20
LONGEST_URL = 2083
WITH_BODY = {HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH}

# A queue's default pauses between attempts: the shortest, doubled each time, up to the longest.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 3600.0
PATIENCE = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call of a target; status 0 says that there was no answer."""

    task: str
    at: datetime
    status: int


class FakeCloudTasks:
    """Takes tasks for one queue, and calls their targets when they are due if `dispatches`.

    `tasks` are those that wait, by name; `attempts` are the calls that were made; `asked` counts
    CreateTask, which `refuses_with` and `hangs` make fail.
    """

    def __init__(self, *, queue: str = QUEUE, dispatches: bool = False) -> None:
        self.queue = queue
        self.address = ""
        self.tasks: dict[str, Task] = {}
        self.attempts: list[Attempt] = []
        self.refuses_with: grpc.StatusCode | None = None
        self.hangs = False
        self.asked = 0
        self._dispatches = dispatches
        # Names of tasks that ran stay taken, as the real ones do for up to a day.
        self._names: set[str] = set()
        self._due: dict[str, float] = {}
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> FakeCloudTasks:
        # Here first, so that it ends last: whoever waits has been told by then.
        threads = self._stack.enter_context(ThreadPoolExecutor(max_workers=8))
        calls = self._stack.enter_context(ThreadPoolExecutor(max_workers=8))
        server = grpc.server(threads)
        method = grpc.unary_unary_rpc_method_handler(
            self._create,
            request_deserializer=CreateTaskRequest.deserialize,
            response_serializer=Task.serialize,
        )
        handler = grpc.method_handlers_generic_handler(SERVICE, {"CreateTask": method})
        server.add_generic_rpc_handlers((handler,))
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        if self._dispatches:
            calls.submit(self._dispatch, calls)
        self._stack.callback(lambda: server.stop(None).wait())
        self._stack.callback(self._end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def wait_until(self, condition: Callable[[FakeCloudTasks], bool]) -> None:
        """Wait until something is true of the tasks and attempts, or fail."""
        with self._changed:
            true = self._changed.wait_for(lambda: condition(self), PATIENCE)
        assert true, f"waiting: {sorted(self.tasks)}; attempts: {self.attempts}"

    def run(self, name: str) -> Attempt:
        """Call the target of a waiting task now, as RunTask does."""
        with self._changed:
            task = self.tasks[name]
            self._due.pop(name, None)
        return self._attempt(task)

    def _create(self, request: CreateTaskRequest, context: grpc.ServicerContext) -> Task:
        self.asked += 1
        if self.hangs:
            self._over.wait()
        if self.refuses_with is not None:
            context.abort(self.refuses_with, f"{request.parent} says {self.refuses_with.name}")
        for refusal in _refusals(request):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, refusal)
        if request.parent != self.queue:
            context.abort(grpc.StatusCode.NOT_FOUND, "Requested entity was not found.")
        task = request.task
        task.name = task.name or f"{request.parent}/tasks/{uuid4().hex}"
        if not self._added(task):
            context.abort(grpc.StatusCode.ALREADY_EXISTS, "Requested entity already exists")
        return task

    def _added(self, task: Task) -> bool:
        with self._changed:
            if task.name in self._names:
                return False
            self._names.add(task.name)
            # A time that is past, or none at all, means now.
            Task.pb(task).schedule_time.FromDatetime(max(scheduled(task), datetime.now(UTC)))
            self.tasks[task.name] = task
            self._due[task.name] = scheduled(task).timestamp()
            self._changed.notify_all()
        return True

    def _dispatch(self, calls: ThreadPoolExecutor) -> None:
        """Hand tasks that are due to the callers, until it is over."""
        while not self._over.is_set():
            with self._changed:
                now = time.time()
                for name in [one for one, due in self._due.items() if due <= now]:
                    del self._due[name]
                    calls.submit(self._attempt, self.tasks[name])
                soonest = min(self._due.values(), default=now + PATIENCE)
                self._changed.wait(max(soonest - time.time(), 0))

    def _attempt(self, task: Task) -> Attempt:
        """Call the target; a task that was not done is due again after a pause."""
        before = sum(one.task == task.name for one in self.attempts)
        at, status = datetime.now(UTC), _call(task, before)
        made = Attempt(task=task.name, at=at, status=status)
        with self._changed:
            self.attempts.append(made)
            if 200 <= status < 300:
                self.tasks.pop(task.name, None)
            else:
                pause = min(SHORTEST_PAUSE * 2**before, LONGEST_PAUSE)
                self._due[task.name] = time.time() + pause
            self._changed.notify_all()
        return made

    def _end(self) -> None:
        self._over.set()
        with self._changed:
            self._changed.notify_all()


def _refusals(request: CreateTaskRequest) -> Iterator[str]:
    """Yield what the real service would not take."""
    task = request.task
    start, _, task_id = task.name.rpartition("/tasks/")
    if not PARENT.fullmatch(request.parent):
        yield "Queue name must be formatted: projects/<p>/locations/<l>/queues/<q>"
    if task.name and (start != request.parent or not TASK_ID.fullmatch(task_id)):
        yield "Task name must be formatted: <queue name>/tasks/<id of [A-Za-z0-9_-]{1,500}>"
    if scheduled(task) > datetime.now(UTC) + HORIZON:
        yield "Schedule time must be no more than 720h in the future."
    if not DEADLINES[0] <= _deadline(task) <= DEADLINES[1]:
        yield "Task.dispatchDeadline must be between [15s, 30m]."
    if "http_request" not in task:
        yield "Task.http_request is required."
    if len(Task.serialize(task)) > MOST_BYTES:
        yield "Task size too large."
    yield from _refused_target(task.http_request)


def _refused_target(target: HttpRequest) -> Iterator[str]:
    if not target.url.startswith(("http://", "https://")) or len(target.url) > LONGEST_URL:
        yield "HttpRequest.url must start with 'http://' or 'https://'."
    if target.body and target.http_method not in WITH_BODY | {HttpMethod.HTTP_METHOD_UNSPECIFIED}:
        yield "HTTP Body must be empty for this HTTP method."
    if "oidc_token" in target:
        if not target.url.startswith("https://"):
            yield (
                "HttpRequest.url must start with 'https://' "
                "for request with HttpRequest.authorization_header"
            )
        if not EMAIL.fullmatch(target.oidc_token.service_account_email):
            yield "OidcToken.service_account_email must be a valid email address."


def scheduled(task: Task) -> datetime:
    """Return when a task is to run."""
    at: datetime = Task.pb(task).schedule_time.ToDatetime(UTC)
    return at


def _deadline(task: Task) -> timedelta:
    given: timedelta = Task.pb(task).dispatch_deadline.ToTimedelta()
    return given if "dispatch_deadline" in task else NO_DEADLINE_GIVEN


def _call(task: Task, retries: int) -> int:
    target = task.http_request
    try:
        answer = requests.request(
            HttpMethod(target.http_method or HttpMethod.POST).name,
            target.url,
            data=target.body,
            headers={**target.headers, **_own_headers(task, retries)},
            timeout=_deadline(task).total_seconds(),
            allow_redirects=False,
        )
    except requests.RequestException:
        return 0  # nobody there, or no answer in time: the next attempt comes by itself
    return answer.status_code


def _own_headers(task: Task, retries: int) -> Mapping[str, str]:
    """Return what the real service adds; nobody on loopback checks the token's signature.

    https://docs.cloud.google.com/tasks/docs/creating-http-target-tasks#handler
    """
    queue, _, name = task.name.rpartition("/tasks/")
    headers = {
        "User-Agent": "Google-Cloud-Tasks",
        "X-CloudTasks-QueueName": queue.rpartition("/")[2],
        "X-CloudTasks-TaskName": name,
        "X-CloudTasks-TaskRetryCount": str(retries),
        "X-CloudTasks-TaskExecutionCount": str(retries),
        "X-CloudTasks-TaskETA": f"{scheduled(task).timestamp():.6f}",
    }
    if "oidc_token" in task.http_request:
        headers["Authorization"] = "Bearer a-token-of-the-test"
    return headers
