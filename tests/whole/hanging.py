"""Providers that hang in every way there is, on raw sockets, and a way station that may stop."""

from __future__ import annotations

import datetime
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from handoff.cli.processes import free_port

DRIP_SECONDS = 0.2
PIECE = 65_536

Behaviour = Callable[[socket.socket, threading.Event], None]


class Server:
    """Does one thing with every connection, each in its own thread, until it is closed."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._door.getsockname()[1]
        self.met = 0
        self._over = threading.Event()
        self._held: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections and end those there are."""
        self._over.set()
        for one in (self._door, *self._held):
            shut(one)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._door.accept()
            except OSError:  # the door is closed: the test is over
                return
            self.met += 1
            self._held.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):  # the other side gave up, which is what it should do
            self._behave(connection, self._over)
        connection.close()


def shut(one: socket.socket) -> None:
    """Close a socket so that whoever waits in it wakes up."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def silent(connection: socket.socket, over: threading.Event) -> None:
    """Take the request and never answer."""
    connection.recv(PIECE)
    over.wait()


def drips(head: bytes, drop: bytes) -> Behaviour:
    """Return the behaviour of one whose answer begins well and never ends."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(PIECE)
        connection.sendall(head)
        while not over.wait(DRIP_SECONDS):
            connection.sendall(drop)

    return behave


def answers(raw: bytes) -> Behaviour:
    """Return the behaviour of one who answers each request with the same bytes and goes."""

    def behave(connection: socket.socket, _over: threading.Event) -> None:
        connection.recv(PIECE)
        connection.sendall(raw)

    return behave


def floods(connection: socket.socket, over: threading.Event) -> None:
    """Answer more than anybody can read."""
    connection.recv(PIECE)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not over.is_set():
        connection.sendall(bytes(PIECE))


def closes(_connection: socket.socket, _over: threading.Event) -> None:
    """Accept and go away at once."""


def resets(connection: socket.socket, _over: threading.Event) -> None:
    """Take the request and break the connection."""
    connection.recv(PIECE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def self_signed(folder: Path) -> Behaviour:
    """Return the behaviour of a TLS server whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))

    def behave(connection: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(PIECE)
            over.wait()

    return behave


def _certificate(folder: Path) -> Path:
    """Write a key and a certificate for 127.0.0.1 into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path = folder / "self-signed.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(key.private_bytes(pem, form, plain) + made.public_bytes(pem))
    return path


# A look-up that hangs needs a name server that hangs, and which one is asked only root decides.
# So the function's process is started with this in its path, which Python loads by itself: the
# look-up of one name blocks its thread for ever, as getaddrinfo does while it waits. Without
# uvloop, which asks the system past Python; what waits for the answer is the same.
HANGING_NAME = "lookup-hangs.test"
HANGING_LOOKUP = f"""
import socket, sys, threading
sys.modules["uvloop"] = None
ask = socket.getaddrinfo
def getaddrinfo(host, *rest, **more):
    if host == {HANGING_NAME!r}:
        threading.Event().wait()
    return ask(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """One provider that hangs: where it is, and what else its caller's process is started with."""

    url: str
    environ: Mapping[str, str] = field(default_factory=dict)


OK = b"HTTP/1.1 200 OK\r\n"
REDIRECT = b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"

# What a server does with a connection.
SERVERS: Mapping[str, Behaviour] = {
    "accepts and never answers": silent,
    "drips headers": drips(OK, b"X: y\r\n"),
    "drips a body": drips(OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "closes at once": closes,
    "resets after the request": resets,
    "dies in half a body": answers(OK + b'Content-Length: 100\r\n\r\n{"half'),
    "floods": floods,
    "redirects for ever": answers(REDIRECT),
    "speaks no HTTP": answers(b"SSH-2.0-OpenSSH_9\r\n\r\n"),
}


@contextmanager
def hanging(kind: str, folder: Path) -> Iterator[Hanging]:
    """Give a provider that hangs in this way."""
    with ExitStack() as stack:
        yield _ADDRESSES[kind](stack, folder) if kind in _ADDRESSES else _at(stack, SERVERS[kind])


def _at(stack: ExitStack, behave: Behaviour, scheme: str = "http") -> Hanging:
    server = Server(behave)
    stack.callback(server.close)
    return Hanging(url=f"{scheme}://127.0.0.1:{server.port}")


def _never_accepts(stack: ExitStack, _folder: Path) -> Hanging:
    """Listen, with a queue that others have filled: a connection is never made."""
    door = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(door.getsockname())
    return Hanging(url=f"http://127.0.0.1:{door.getsockname()[1]}")


def _hanging_lookup(_stack: ExitStack, folder: Path) -> Hanging:
    (folder / "sitecustomize.py").write_text(HANGING_LOOKUP, encoding="utf-8")
    return Hanging(url=f"http://{HANGING_NAME}", environ={"PYTHONPATH": str(folder)})


# What hangs before there is a connection to behave badly on.
_ADDRESSES: Mapping[str, Callable[[ExitStack, Path], Hanging]] = {
    "never accepts": _never_accepts,
    # https://datatracker.ietf.org/doc/html/rfc5737: nobody is there, wherever the test runs
    "cannot be routed to": lambda _stack, _folder: Hanging(url="http://192.0.2.1"),
    "refuses connections": lambda _stack, _folder: Hanging(url=f"http://127.0.0.1:{free_port()}"),
    "has no such name": lambda _stack, _folder: Hanging(url="http://nowhere.invalid"),
    "has a name whose look-up hangs": _hanging_lookup,
    "speaks no TLS": lambda stack, _: _at(stack, answers(OK + b"\r\n"), "https"),
    "hangs in the TLS handshake": lambda stack, _: _at(stack, silent, "https"),
    "has a certificate nobody trusts": lambda stack, folder: _at(
        stack, self_signed(folder), "https"
    ),
}
KINDS = (*SERVERS, *_ADDRESSES)


class Station:
    """Passes connections on to wherever traffic goes now, and may stop passing answers back."""

    def __init__(self, to: int, port: int = 0) -> None:
        self.to = to
        self._flowing = True
        self._door = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._door.getsockname()[1]
        self._held: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """Return its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    def stop_answering(self) -> None:
        """Let no byte come back any more, on old connections and new ones."""
        self._flowing = False

    def close(self) -> None:
        """End every connection."""
        for one in (self._door, *self._held):
            shut(one)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:  # the door is closed: the test is over
                return
            self._held.append(near)
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:  # nobody is where traffic goes
                shut(near)
                continue
            self._held.append(far)
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, always: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                if always or self._flowing:
                    target.sendall(piece)
        if always or self._flowing:
            shut(target)


@contextmanager
def station(to: int, port: int = 0) -> Iterator[Station]:
    """Give a way station to a port; at a port of its own choice if none is named."""
    one = Station(to, port)
    try:
        yield one
    finally:
        one.close()
