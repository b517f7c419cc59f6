"""Values that are kept in Google Secret Manager, read by their `sm://` references.

`python -m handoff.secret_manager` reads a JSON list of references from its input and prints a
JSON object of their values; or, with status 1, one line `<reference>: <reason>` per failure.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from handoff.errors import ConfigurationError

if TYPE_CHECKING:
    from google.cloud.secretmanager import AccessSecretVersionResponse, SecretManagerServiceClient

# https://docs.cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions
REFERENCE = re.compile(r"sm://([\w:.-]+)/([\w-]{1,255})(?:/([\w-]+))?", re.ASCII)
READ_SECONDS = 10.0
RETRY_SECONDS = 3.0
CHILD_SECONDS = 60.0

# Reasons in words by the status of the answer; any other is given by its name.
REASONS = {
    "NOT_FOUND": "not found",
    "PERMISSION_DENIED": "permission denied",
    "UNAUTHENTICATED": "not authenticated",
    "FAILED_PRECONDITION": "disabled or destroyed",
    "RESOURCE_EXHAUSTED": "quota used up",
    "DEADLINE_EXCEEDED": "no answer in time",
    "UNAVAILABLE": "not reachable",
}


class _Unreadable(Exception):
    """Why one reference has no value; the text never holds one."""


def read(
    references: Sequence[str], client: SecretManagerServiceClient | None = None
) -> dict[str, str]:
    """Return the value of every reference, or name all that have none with the reason."""
    if not references:
        return {}
    values: dict[str, str] = {}
    failures: list[str] = []
    try:
        reader = client or _client()
    except _Unreadable as reason:
        raise ConfigurationError("\n".join(f"{one}: {reason}" for one in references)) from reason
    for reference in dict.fromkeys(references):
        try:
            values[reference] = _value(reference, reader)
        except _Unreadable as reason:
            failures.append(f"{reference}: {reason}")
    if failures:
        raise ConfigurationError("\n".join(failures))
    return values


def read_in_child(references: Sequence[str]) -> dict[str, str]:
    """Do the same in a process that ends at once, and leave no gRPC behind in this one.

    The functions framework forks after it has loaded a function, and gRPC does not survive that.
    """
    if not references:
        return {}
    try:
        # Values pass through pipes alone: arguments and environment are there for all to see.
        done = subprocess.run(
            [sys.executable, "-m", "handoff.secret_manager"],
            input=json.dumps(list(references)),
            capture_output=True,
            text=True,
            timeout=CHILD_SECONDS,
            env=_with_our_source(os.environ.copy()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        # Without the cause: it carries what the child had printed.
        raise ConfigurationError("Secret Manager did not answer in time") from None
    if done.returncode != 0:
        raise ConfigurationError(_failures(references, done.stderr, done.returncode))
    values: dict[str, str] = json.loads(done.stdout)
    return values


def main() -> int:
    """Read references from the input, print values; the child's side of `read_in_child`."""
    try:
        values = read(json.load(sys.stdin))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    json.dump(values, sys.stdout)
    return 0


def _client() -> SecretManagerServiceClient:
    # Imported here: the parent needs this module, and is spared 0.6 s and gRPC.
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.secretmanager import SecretManagerServiceClient

    emulator = os.environ.get("SECRET_MANAGER_EMULATOR_HOST")
    try:
        return _emulated(emulator) if emulator else SecretManagerServiceClient()
    except GoogleAuthError as error:
        raise _Unreadable("no Google credentials were found") from error


def _emulated(host: str) -> SecretManagerServiceClient:
    import grpc  # type: ignore[import-untyped]
    from google.cloud.secretmanager import SecretManagerServiceClient
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
        SecretManagerServiceGrpcTransport,
    )

    channel = grpc.insecure_channel(host)
    return SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))


def _value(reference: str, client: SecretManagerServiceClient) -> str:
    parts = REFERENCE.fullmatch(reference)
    if parts is None:
        raise _Unreadable("is not of the form sm://<project>/<secret>[/<version>]")
    project, secret, version = parts.groups(default="latest")
    answer = _access(f"projects/{project}/secrets/{secret}/versions/{version}", client)
    data = answer.payload.data
    if "data_crc32c" in answer.payload and answer.payload.data_crc32c != _crc32c(data):
        raise _Unreadable("damaged on the way")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _Unreadable("is not UTF-8 text") from None
    # One line end, as `echo value | gcloud secrets versions add` leaves it: nobody means it to be
    # part of a key, and a signature made with it fails without a visible reason. Lines inside
    # stay: a secret may hold two values during a rotation.
    return text.removesuffix("\n").removesuffix("\r")


def _access(name: str, client: SecretManagerServiceClient) -> AccessSecretVersionResponse:
    from google.api_core import exceptions
    from google.api_core.retry import Retry, if_exception_type

    # The client's own retry waits up to a minute; a start that slow has failed already.
    retry = Retry(
        predicate=if_exception_type(exceptions.ServiceUnavailable),
        initial=0.1,
        maximum=1.0,
        timeout=RETRY_SECONDS,
    )
    try:
        return client.access_secret_version(name=name, retry=retry, timeout=READ_SECONDS)
    except exceptions.RetryError as error:
        raise _Unreadable(_reason(error.cause)) from error
    except exceptions.GoogleAPICallError as error:
        raise _Unreadable(_reason(error)) from error


def _reason(error: object) -> str:
    status = getattr(getattr(error, "grpc_status_code", None), "name", type(error).__name__)
    return REASONS.get(status, status)


def _crc32c(data: bytes) -> int:
    """Return the Castagnoli checksum; slow, and fast enough for the 64 KiB of a secret."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _with_our_source(environ: dict[str, str]) -> dict[str, str]:
    """Let the child find this package where the framework loaded it from."""
    source = str(Path(__file__).resolve().parent.parent)
    known = environ.get("PYTHONPATH")
    return environ | {"PYTHONPATH": os.pathsep.join([source, known] if known else [source])}


def _failures(references: Sequence[str], printed: str, status: int) -> str:
    """Pick our lines out of what the child printed; gRPC and a traceback print there too."""
    starts = tuple(f"{reference}: " for reference in references)
    ours = [line for line in printed.splitlines() if line.startswith(starts)]
    return "\n".join(ours) or f"Secret Manager could not be read: the child ended with {status}"


if __name__ == "__main__":
    sys.exit(main())
