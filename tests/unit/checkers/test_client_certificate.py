# SPDX-License-Identifier: Apache-2.0
"""SSL_GET shows the certificate of the SSL block to a server that asks for one, and takes leave if told to."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import create_server
from typing import TYPE_CHECKING

import pytest

from xlvs.checkers.prober import Prober
from xlvs.healthcheck.probe import SECOND_US, Endpoint, HttpProbe, ProbeResult, TlsIdentity

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that signs itself, its key under a password in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=probe"
    where = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem", "-passout", f"pass:{PASSWORD}"]
    subprocess.run([*words.split(), *where], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "certificate.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return both


@contextmanager
def strict_server(certificate: Path, seen: list[str]) -> Iterator[int]:
    """A port that answers one GET of whoever has the certificate, and notes how the connection ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, password=PASSWORD)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    with create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            with (
                suppress(OSError),
                context.wrap_socket(listener.accept()[0], server_side=True, suppress_ragged_eofs=False) as connection,
            ):
                connection.settimeout(10)
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
                try:
                    seen.append("left" if connection.recv(1, 0) == b"" else "said more")
                except OSError:
                    seen.append("gone")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def probed(port: int, identity: TlsIdentity | None, *, takes_leave: bool = False) -> ProbeResult:
    """The result of one probe."""

    async def run() -> ProbeResult:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[ProbeResult] = loop.create_future()
        end = Endpoint(bytes((127, 0, 0, 1)), port, timeout_us=10 * SECOND_US)
        probe = HttpProbe(end, "/", "server", tls=True, identity=identity, takes_leave=takes_leave)
        Prober(loop).run(probe, answer.set_result)
        return await answer

    return asyncio.run(run())


@pytest.mark.parametrize("takes_leave", [False, True])
def test_server_that_asks_for_a_certificate_gets_it(certificate: Path, *, takes_leave: bool) -> None:
    """Certificate and key from one file, the key opened by its password."""
    identity = TlsIdentity(str(certificate), str(certificate), PASSWORD, str(certificate))
    seen: list[str] = []
    with strict_server(certificate, seen) as port:
        result = probed(port, identity, takes_leave=takes_leave)
    assert result.ok, result.reason
    assert seen == ["left" if takes_leave else "gone"]


def test_server_that_asks_for_a_certificate_refuses_a_probe_without(certificate: Path) -> None:
    """The probe fails."""
    with strict_server(certificate, []) as port:
        assert not probed(port, None).ok


@pytest.mark.parametrize(("certificate_file", "password"), [("/nope.pem", PASSWORD), ("", "wrong"), ("", "")])
def test_identity_that_cannot_be_had_fails_the_probe_with_its_reason(
    certificate: Path, certificate_file: str, password: str
) -> None:
    """A missing file, a wrong password: nothing is asked at a terminal."""
    path = certificate_file or str(certificate)
    with strict_server(certificate, []) as port:
        result = probed(port, TlsIdentity(path, path, password))
    assert not result.ok
    assert "TLS with" in result.reason
