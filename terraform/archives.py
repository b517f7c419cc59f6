"""Builds the archives of the Cloud Functions: the same sources give the same bytes, anywhere.

    python terraform/archives.py [--out FOLDER] [--config handoff.toml] [--json] [function ...]

Each archive is `main.py`, `handoff/` without its commands, `requirements.txt` with hashes out of
`uv.lock`, and `handoff.toml` when it is given. Its name holds the hash of its content.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT / "shared"
PACKAGE = SHARED / "handoff"
OUT = ROOT / ".handoff" / "archives"

# What a function needs of the package; the commands in `cli` are for people.
WANTED = ("**/*.py", "browser/*.js")
NOT_DEPLOYED = "cli"

# The oldest time that a zip can say, and what everybody may read.
TIME = (1980, 1, 1, 0, 0, 0)
UNIX, FILE = 3, 0o100644 << 16

EXPORT = (
    *("export", "--frozen", "--offline", "--no-config", "--no-python-downloads"),
    *("--no-dev", "--no-emit-project", "--no-header", "--no-annotate"),
    *("--format", "requirements-txt"),
)


class BuildError(Exception):
    """Why there is no archive; the text is for the person who wanted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One function's archive as it lies on the disk."""

    function: str
    path: str
    size: int
    sha256: str


def functions() -> list[str]:
    """Return the names of all functions."""
    return sorted(one.parent.name for one in (ROOT / "functions").glob("*/main.py"))


def build(names: Sequence[str], out: Path, config: Path | None = None) -> list[Archive]:
    """Build the archives of these functions into a folder, and remove older ones of theirs."""
    unknown = sorted(set(names) - set(functions()))
    if unknown:
        raise BuildError(f"no such function: {', '.join(unknown)}; known: {', '.join(functions())}")
    common = {**package(), "requirements.txt": requirements()}
    if config is not None:
        common["handoff.toml"] = checked(config)
    out.mkdir(parents=True, exist_ok=True)
    return [_built(name, out, common) for name in names]


def package() -> dict[str, bytes]:
    """Return what every archive holds of ours, by its name there."""
    found = {path for pattern in WANTED for path in PACKAGE.glob(pattern)}
    names = {path.relative_to(SHARED).as_posix(): path for path in found}
    unwanted = f"{PACKAGE.name}/{NOT_DEPLOYED}/"
    return {name: names[name].read_bytes() for name in names if not name.startswith(unwanted)}


def requirements() -> bytes:
    """Return what has to be installed for a function, each package with its hashes."""
    # Who has settings of their own for uv gets the same lines as everybody.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    done = subprocess.run(  # noqa: S603 - nothing in it comes from outside
        [uv(), *EXPORT], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BuildError(f"uv could not read uv.lock: {done.stderr.strip()}")
    return done.stdout.encode()


def uv() -> str:
    """Return the `uv` that `make setup` installed, else another that is at hand."""
    beside = [ROOT / ".venv" / "bin", Path(sys.executable).parent]
    places = os.pathsep.join([*map(str, beside), os.environ.get("PATH", "")])
    found = shutil.which("uv", path=places)
    if found is None:
        raise BuildError("`uv` was not found; `make setup` installs it.")
    return found


def checked(config: Path) -> bytes:
    """Return a `handoff.toml` that the functions will accept; they would not start with another."""
    sys.path.insert(0, str(SHARED))
    from handoff.config_file import read
    from handoff.errors import ConfigurationError

    try:
        read(config)
    except ConfigurationError as error:
        raise BuildError(str(error)) from error
    return config.read_bytes()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of these files whose bytes depend on nothing else."""
    content = io.BytesIO()
    # Stored: what compresses differs between versions of zlib, and the upload is small as it is.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system, entry.external_attr = UNIX, FILE
            archive.writestr(entry, files[name])
    return content.getvalue()


def _built(name: str, out: Path, common: Mapping[str, bytes]) -> Archive:
    main = (ROOT / "functions" / name / "main.py").read_bytes()
    content = zipped({**common, "main.py": main})
    digest = hashlib.sha256(content).hexdigest()
    path = out / f"{name}-{digest[:16]}.zip"
    # Whole or not there: who looks for the archive meanwhile must not find half of it.
    half = path.with_suffix(f".{os.getpid()}.half")
    half.write_bytes(content)
    half.replace(path)
    for other in out.iterdir():
        if other != path and re.fullmatch(rf"{re.escape(name)}-[0-9a-f]{{16}}\.zip", other.name):
            other.unlink()
    return Archive(function=name, path=str(path), size=len(content), sha256=digest)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what is asked for and print one line for each archive."""
    asked = _parser().parse_args(arguments)
    try:
        built = build(asked.function or functions(), asked.out, asked.config)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps([asdict(one) for one in built], indent=2))
        return 0
    for one in built:
        print(f"{Path(one.path).name}  {one.size} bytes  sha256 {one.sha256}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Build the archives of the Cloud Functions.")
    parser.add_argument("function", nargs="*", help="default: every folder in functions/")
    parser.add_argument("--out", type=Path, default=OUT, help="default: .handoff/archives")
    parser.add_argument("--config", type=Path, help="the handoff.toml that goes into each archive")
    parser.add_argument("--json", action="store_true", help="tell function, path, size and hash")
    return parser


if __name__ == "__main__":
    sys.exit(main())
