"""Wake-ups asked of Cloud Tasks: one named task for a session and a second."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import google.auth
import grpc  # type: ignore[import-untyped]
from google.api_core.exceptions import AlreadyExists, GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.cloud.tasks_v2 import CloudTasksAsyncClient, HttpMethod, HttpRequest, OidcToken, Task
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

from handoff.errors import SchedulingError
from handoff.vocabulary import SessionKey

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)

# How long the function may take for one session. Cloud Tasks waits 15 seconds at least; a function
# that was cut off is called again.
DISPATCH_DEADLINE = timedelta(seconds=60)

# What the metadata server's credentials call their account until they have asked for its name.
NOT_ASKED_YET = "default"


class CloudTasks:
    """Asks one queue to call the `wake` function; a call is tried once.

    A task's name stays taken for up to a day after it ran, so who asks for the same session again
    has to ask for a later second. The task calls in the name of this process's own service
    account. An `endpoint` is an emulator's `host:port`.
    """

    def __init__(
        self,
        *,
        queue: str,
        url: str,
        timeout: float = 2.0,
        endpoint: str = "",
    ) -> None:
        self._queue = queue
        self._url = url
        self._account = ""
        self._timeout = timeout
        self._endpoint = endpoint
        self._client: CloudTasksAsyncClient | None = None

    async def schedule(self, key: SessionKey, at: datetime) -> None:
        """Have the session woken at that time, rounded up to the second; twice is once.

        Raises SchedulingError when Cloud Tasks did not say that it will.
        """
        second = math.ceil(at.timestamp())
        with _translated(key):
            async with asyncio.timeout(self._timeout):
                task = self._task(key, second, await self._token())
                try:
                    await self._connected().create_task(
                        parent=self._queue, task=task, retry=None, timeout=self._timeout
                    )
                except AlreadyExists:
                    return

    async def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.transport.close()  # type: ignore[no-untyped-call]

    def _task(self, key: SessionKey, second: int, token: OidcToken | None) -> Task:
        request = HttpRequest(
            url=self._url,
            http_method=HttpMethod.POST,
            headers={"Content-Type": "application/json"},
            body=json.dumps({"session": key}).encode(),
            oidc_token=token,
        )
        return Task(
            name=f"{self._queue}/tasks/{key}-{second}",
            http_request=request,
            schedule_time=datetime.fromtimestamp(second, UTC),
            dispatch_deadline=DISPATCH_DEADLINE,
        )

    async def _token(self) -> OidcToken | None:
        """Return who the task is to be; on this machine it is nobody, and nobody asks."""
        if urlsplit(self._url).scheme != "https":
            return None
        if not self._account:
            # In a thread: Google's library waits for the metadata server, and all else with it.
            self._account = await asyncio.to_thread(_own_account)
        return OidcToken(service_account_email=self._account, audience=audience(self._url))

    def _connected(self) -> CloudTasksAsyncClient:
        # In the first call, never before: gRPC does not survive the framework's fork.
        if self._client is None:
            self._client = _emulated(self._endpoint) if self._endpoint else CloudTasksAsyncClient()
        return self._client


def audience(url: str) -> str:
    """Return whom an identity token for this address is meant for.

    Cloud Run takes its host alone, a cloudfunctions.net address is taken with the function's name:
    https://docs.cloud.google.com/run/docs/samples/cloudrun-service-to-service-auth and
    https://docs.cloud.google.com/functions/docs/samples/functions-bearer-token
    """
    parts = urlsplit(url)
    named = (parts.hostname or "").endswith(".cloudfunctions.net")
    return f"{parts.scheme}://{parts.netloc}" + (parts.path.rstrip("/") if named else "")


def _own_account() -> str:
    """Return the service account that this process runs as."""
    credentials, _ = google.auth.default(scopes=SCOPES)
    if getattr(credentials, "service_account_email", "") == NOT_ASKED_YET:
        credentials.refresh(Request())  # type: ignore[no-untyped-call]
    account: str | None = getattr(credentials, "service_account_email", None)
    if not account:
        raise SchedulingError("no service account to wake as: these credentials are a person's")
    return account


def _emulated(endpoint: str) -> CloudTasksAsyncClient:
    channel = grpc.aio.insecure_channel(endpoint)
    return CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))


@contextmanager
def _translated(key: SessionKey) -> Iterator[None]:
    """Turn what Google's libraries raise into our error."""
    try:
        yield
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        # The kind only: Google's sentence may quote an address, and stays with the cause.
        kind = type(error).__name__
        raise SchedulingError(f"cloud tasks did not schedule {key}: {kind}") from error
