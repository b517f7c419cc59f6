"""Secrets through Google's own client against a small gRPC fake, here and in a child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from google.cloud.secretmanager import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    SecretManagerServiceClient,
)
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from handoff.errors import ConfigurationError
from handoff.secret_manager import read, read_in_child
from tests.emulator import free_port
from tests.environment import environment

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
CRC_OF_123456789 = 0xE3069283
"""https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-32-iscsi"""


@dataclass
class FakeSecretManager:
    """Answers AccessSecretVersion from a table of names; a status instead of bytes is an error."""

    address: str = ""
    secrets: dict[str, bytes | grpc.StatusCode] = field(default_factory=dict)
    checksums: dict[str, int] = field(default_factory=dict)

    def access(
        self, request: AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> AccessSecretVersionResponse:
        found = self.secrets.get(request.name, grpc.StatusCode.NOT_FOUND)
        if isinstance(found, grpc.StatusCode):
            context.abort(found, f"{request.name} says {found.name}")
        payload: dict[str, object] = {"data": found}
        if request.name in self.checksums:
            payload["data_crc32c"] = self.checksums[request.name]
        return AccessSecretVersionResponse(name=request.name, payload=payload)


@pytest.fixture
def fake() -> Iterator[FakeSecretManager]:
    one = FakeSecretManager()
    method = grpc.unary_unary_rpc_method_handler(
        one.access,
        request_deserializer=AccessSecretVersionRequest.deserialize,
        response_serializer=AccessSecretVersionResponse.serialize,
    )
    with ThreadPoolExecutor(max_workers=2) as threads:
        server = grpc.server(threads)
        handler = grpc.method_handlers_generic_handler(SERVICE, {"AccessSecretVersion": method})
        server.add_generic_rpc_handlers((handler,))
        one.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        yield one
        server.stop(None).wait()


@pytest.fixture
def client(fake: FakeSecretManager) -> Iterator[SecretManagerServiceClient]:
    with grpc.insecure_channel(fake.address) as channel:
        transport = SecretManagerServiceGrpcTransport(channel=channel)
        yield SecretManagerServiceClient(transport=transport)


@pytest.fixture
def emulated(fake: FakeSecretManager) -> Iterator[FakeSecretManager]:
    with environment(SECRET_MANAGER_EMULATOR_HOST=fake.address):
        yield fake


def name(secret: str, version: str = "latest") -> str:
    return f"projects/p/secrets/{secret}/versions/{version}"


def run_child(references: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "handoff.secret_manager"]
    text = json.dumps(references)
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_latest_version_is_read(
    fake: FakeSecretManager, client: SecretManagerServiceClient
) -> None:
    fake.secrets[name("key")] = b"value"
    assert read(["sm://p/key"], client) == {"sm://p/key": "value"}


def test_named_version_is_read(fake: FakeSecretManager, client: SecretManagerServiceClient) -> None:
    fake.secrets |= {name("key"): b"new", name("key", "3"): b"old", name("key", "live"): b"alias"}
    references = ["sm://p/key/3", "sm://p/key", "sm://p/key/live", "sm://p/key/3"]
    assert list(read(references, client).values()) == ["old", "new", "alias"]


@pytest.mark.parametrize(
    ("kept", "value"),
    [
        (b"value\n", "value"),
        (b"value\r\n", "value"),
        (b"value\n\n", "value\n"),
        (b" value ", " value "),
        (b"new\nold\n", "new\nold"),
        (b"", ""),
        ("ünï 😀".encode(), "ünï 😀"),
    ],
)
def test_one_line_end_is_not_part_of_the_value(
    fake: FakeSecretManager, client: SecretManagerServiceClient, kept: bytes, value: str
) -> None:
    fake.secrets[name("key")] = kept
    assert read(["sm://p/key"], client) == {"sm://p/key": value}


def test_everything_unreadable_is_named_at_once(
    fake: FakeSecretManager, client: SecretManagerServiceClient
) -> None:
    fake.secrets |= {
        name("good"): b"top-secret",
        name("denied"): grpc.StatusCode.PERMISSION_DENIED,
        name("destroyed"): grpc.StatusCode.FAILED_PRECONDITION,
        name("odd"): grpc.StatusCode.INTERNAL,
        name("binary"): b"top-secret\xff",
    }
    names = ["good", "denied", "missing", "destroyed", "odd", "binary", "bad/form/x/y"]
    with pytest.raises(ConfigurationError) as caught:
        read([f"sm://p/{one}" for one in names], client)
    assert str(caught.value).splitlines() == [
        "sm://p/denied: permission denied",
        "sm://p/missing: not found",
        "sm://p/destroyed: disabled or destroyed",
        "sm://p/odd: INTERNAL",
        "sm://p/binary: is not UTF-8 text",
        "sm://p/bad/form/x/y: is not of the form sm://<project>/<secret>[/<version>]",
    ]


@pytest.mark.parametrize(
    "form", ["", "sm://", "sm://p", "sm://p/", "sm://p/s/1\n", "sm://p/s/../x"]
)
def test_reference_of_another_form_is_refused(
    fake: FakeSecretManager, client: SecretManagerServiceClient, form: str
) -> None:
    with pytest.raises(ConfigurationError, match="is not of the form"):
        read([form], client)


def test_right_checksum_is_accepted(
    fake: FakeSecretManager, client: SecretManagerServiceClient
) -> None:
    fake.secrets[name("key")] = b"123456789"
    fake.checksums[name("key")] = CRC_OF_123456789
    assert read(["sm://p/key"], client) == {"sm://p/key": "123456789"}


def test_wrong_checksum_is_refused(
    fake: FakeSecretManager, client: SecretManagerServiceClient
) -> None:
    fake.secrets[name("key")] = b"123456780"
    fake.checksums[name("key")] = CRC_OF_123456789
    with pytest.raises(ConfigurationError, match="sm://p/key: damaged on the way"):
        read(["sm://p/key"], client)


def test_nothing_to_read_needs_no_client() -> None:
    assert read([]) == {}
    assert read_in_child([]) == {}


def test_child_reads_values(emulated: FakeSecretManager) -> None:
    emulated.secrets |= {name("a"): "ä\n\x00".encode(), name("b"): b"2"}
    assert read_in_child(["sm://p/a", "sm://p/b"]) == {"sm://p/a": "ä\n\x00", "sm://p/b": "2"}


def test_child_is_found_from_any_folder(emulated: FakeSecretManager, tmp_path: Path) -> None:
    emulated.secrets[name("a")] = b"1"
    with chdir(tmp_path):
        assert read_in_child(["sm://p/a"]) == {"sm://p/a": "1"}


def test_child_names_everything_unreadable(emulated: FakeSecretManager) -> None:
    emulated.secrets |= {name("a"): b"top-secret", name("b"): grpc.StatusCode.PERMISSION_DENIED}
    with pytest.raises(ConfigurationError) as caught:
        read_in_child(["sm://p/a", "sm://p/b", "sm://p/c"])
    assert str(caught.value) == "sm://p/b: permission denied\nsm://p/c: not found"


def test_child_that_fails_prints_no_value(emulated: FakeSecretManager) -> None:
    emulated.secrets |= {name("a"): b"top-secret", name("b"): b"top-secret\xff"}
    done = run_child(["sm://p/a", "sm://p/b"])
    assert done.returncode == 1
    assert done.stdout == ""
    assert "sm://p/b: is not UTF-8 text" in done.stderr
    assert "top-secret" not in done.stderr


def test_child_that_succeeds_prints_values_and_nothing_else(emulated: FakeSecretManager) -> None:
    emulated.secrets[name("a")] = b"top-secret"
    done = run_child(["sm://p/a"])
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"sm://p/a": "top-secret"}


def test_nobody_there_is_a_reason() -> None:
    nobody = f"127.0.0.1:{free_port()}"
    with (
        environment(SECRET_MANAGER_EMULATOR_HOST=nobody),
        pytest.raises(ConfigurationError, match="sm://p/a: not reachable"),
    ):
        read_in_child(["sm://p/a"])


def test_missing_credentials_are_a_reason() -> None:
    key = "/nowhere/key.json"
    with (
        environment(SECRET_MANAGER_EMULATOR_HOST=None, GOOGLE_APPLICATION_CREDENTIALS=key),
        pytest.raises(ConfigurationError) as caught,
    ):
        read_in_child(["sm://p/a", "sm://p/b"])
    reason = "no Google credentials were found"
    assert str(caught.value) == f"sm://p/a: {reason}\nsm://p/b: {reason}"


def test_parent_never_loads_grpc() -> None:
    code = "import sys, handoff.secret_manager; sys.exit('grpc' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == 0
