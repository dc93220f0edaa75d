"""How clients connect: with TLS, to whom they trust, and for no longer than they were told."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from interlock.client import Client, Patience, Unreachable

IMPATIENT = Patience(attempts_max=1)
WELL = b'HTTP/1.1 200 OK\r\ncontent-length: 35\r\nconnection: close\r\n\r\n{"status":"ok","dependencies":[]}  '


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of localhost that no authority knows, beside its key."""
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made)]
    subprocess.run(["openssl", *command.split(), *names], check=True, capture_output=True)
    return made


@contextmanager
def answering(answer: bytes, certificate: Path | None = None) -> Generator[str]:
    """A server that gives one answer to whoever comes; an empty one, never."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        made, _ = listening.accept()
        with made:
            speak(made, answer, certificate, over)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://localhost:{listening.getsockname()[1]}"
    finally:
        over.set()
        thread.join(10)
        listening.close()


def speak(made: socket.socket, answer: bytes, certificate: Path | None, over: threading.Event) -> None:
    """Take a request and answer it, if the client goes so far: it need not trust this server."""
    with suppress(ssl.SSLError), secured(made, certificate) as connection:
        connection.recv(65_536)
        if answer:
            connection.sendall(answer)
        else:
            over.wait(10)


def secured(made: socket.socket, certificate: Path | None) -> socket.socket:
    """A connection with TLS, or as it is."""
    if certificate is None:
        return made
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return context.wrap_socket(made, server_side=True)


def test_a_server_with_a_certificate_of_ones_own_is_trusted_when_told_to(certificate: Path) -> None:
    """Inside a company the authority is its own."""
    trusted = ssl.create_default_context(cafile=certificate)

    with answering(WELL, certificate) as url, Client(url, key="", patience=IMPATIENT, tls=trusted) as client:
        assert client.health().status == "ok"


def test_a_server_that_nobody_vouches_for_is_told_nothing(certificate: Path) -> None:
    """The key would be in the hands of whoever answered."""
    with (
        answering(WELL, certificate) as url,
        Client(url, key="ilk_a", patience=IMPATIENT) as client,
        pytest.raises(Unreachable, match="certificate") as told,
    ):
        client.health()

    assert not told.value.in_doubt


def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    """Half a network is worse than none: every call has its time."""
    with (
        answering(b"") as url,
        Client(url, key="", patience=IMPATIENT, timeout_seconds=0.2) as client,
        pytest.raises(Unreachable, match="did not answer in time") as told,
    ):
        client.health()

    assert told.value.in_doubt
