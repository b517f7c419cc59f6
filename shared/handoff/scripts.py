"""The scripts that a customer's page loads from us, as they lie in the folder `browser`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handoff.errors import NotFound

FOLDER = Path(__file__).parent / "browser"

# A name with the hash in it never changes what it means; the other one may, with a deployment.
NAME = re.compile(r"(?P<name>handoff-[a-z]+)(\.(?P<hash>[0-9a-f]{16}))?\.js")
FOR_EVER, FOR_MINUTES = "public, max-age=31536000, immutable", "public, max-age=300"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script, and the headers that go with it."""

    content: bytes
    headers: Mapping[str, str]

    @property
    def etag(self) -> str:
        """Return what a browser asks with whether its copy is still good."""
        return self.headers["ETag"]


def script(name: str) -> Script:
    """Return the script of that name, with or without its content's hash; raises NotFound."""
    asked = NAME.fullmatch(name)
    path = FOLDER / f"{asked['name']}.js" if asked else None
    if asked is None or path is None or not path.is_file():
        raise NotFound("There is no such script.")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    if asked["hash"] not in {None, digest}:
        raise NotFound("There is no such version of this script.")
    headers = {
        "Content-Type": "text/javascript; charset=utf-8",
        "ETag": f'"{digest}"',
        "Cache-Control": FOR_EVER if asked["hash"] else FOR_MINUTES,
        # Any page may load it: there is nothing of anybody in it.
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Script(content=content, headers=headers)
