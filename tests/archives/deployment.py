"""Archives at work as the platform has them: unpacked, alone on the path, in their own packages.

https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/python/functions_framework/lib/lib.go
"""

from __future__ import annotations

import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from google.cloud.secretmanager import AccessSecretVersionRequest, AccessSecretVersionResponse

from handoff.cli.processes import Function, Plan, signals_held_back
from tests.test_secret_manager import SERVICE, FakeSecretManager

PROJECT = "tulip"
START_SECONDS = 60.0
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One function's archive, unpacked, and the environment that its requirements are in."""

    name: str
    folder: Path
    venv: Path
    port: int
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """Return where it runs and what it prints goes."""
        log = self.folder.parent / f"{self.name}-{self.port}.log"
        return Plan(name=self.name, source=self.folder / "main.py", port=self.port, log=log)

    def environ(self) -> dict[str, str]:
        """Return the whole environment of its process: the platform's, and what it is told."""
        return {
            "PATH": f"{self.venv / 'bin'}:{SYSTEM_PATH}",
            "HOME": str(self.folder),
            "PYTHONUNBUFFERED": "TRUE",
            "FUNCTION_TARGET": self.name,
            "FUNCTION_SIGNATURE_TYPE": "http",
            "K_SERVICE": self.name.replace("_", "-"),
            "K_REVISION": f"{self.name.replace('_', '-')}-00001-abc",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **self.variables,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run its Python in its folder, to the end."""
        return subprocess.run(
            [str(self.venv / "bin" / "python"), *arguments],
            cwd=self.folder,
            env=self.environ(),
            capture_output=True,
            text=True,
            check=False,
        )


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack an archive into a folder of its own, which did not exist."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    return folder


def compile_all(site: Site) -> None:
    """Compile all sources as the buildpack does, which refuses those with errors."""
    done = site.run("-m", "compileall", "-f", "-q", ".")
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def process(site: Site) -> Iterator[Function]:
    """Start a function with the platform's own command, and end it with the block."""
    plan = site.plan
    assert plan.log is not None
    with ExitStack() as stack:
        with signals_held_back():
            # The server keeps a control socket in there, beside those of other instances.
            own = stack.enter_context(tempfile.TemporaryDirectory(prefix="handoff-"))
            output = stack.enter_context(plan.log.open("wb"))
            begun = subprocess.Popen(
                [str(site.venv / "bin" / "functions-framework")],
                cwd=site.folder,
                env={**site.environ(), "XDG_RUNTIME_DIR": own},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            one = Function(plan, begun)
            stack.callback(one.end)
        yield one


def wait_until_up(one: Function) -> None:
    """Wait until a function answers, or fail with what it printed last."""
    give_up = time.monotonic() + START_SECONDS
    while not one.answers():
        one.raise_if_dead()
        assert time.monotonic() < give_up, f"{one.plan.name} does not answer"
        time.sleep(0.01)


@contextmanager
def secret_manager(values: Mapping[str, str]) -> Iterator[str]:
    """Yield the address of a Secret Manager that has these secrets; `name/2` is one's version 2."""
    fake = FakeSecretManager()
    for name, value in values.items():
        secret, _, version = name.partition("/")
        resource = f"projects/{PROJECT}/secrets/{secret}/versions/{version or 'latest'}"
        fake.secrets[resource] = value.encode()
    method = grpc.unary_unary_rpc_method_handler(
        fake.access,
        request_deserializer=AccessSecretVersionRequest.deserialize,
        response_serializer=AccessSecretVersionResponse.serialize,
    )
    with ThreadPoolExecutor(max_workers=4) as threads:
        server = grpc.server(threads)
        handler = grpc.method_handlers_generic_handler(SERVICE, {"AccessSecretVersion": method})
        server.add_generic_rpc_handlers((handler,))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()
