# SPDX-License-Identifier: Apache-2.0
"""Probes against real servers across the lab: what succeeds, and each way to fail with its reason."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
import struct
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.netns import services
from tests.netns.topology import REAL_SERVERS, SERVERS6, Net, built, nat_scene
from xlvs.checkers.prober import Prober
from xlvs.healthcheck.probe import (
    SECOND_US,
    DnsProbe,
    Endpoint,
    HttpProbe,
    MiscProbe,
    PingProbe,
    Probe,
    ProbeResult,
    SmtpProbe,
    TcpProbe,
    UdpProbe,
    Weight,
)
from xlvs.model.address import parse_ipv4, parse_ipv6

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = b"<html>hello from the real server</html>"
PORTS = {
    "http": 8080,
    "https": 8443,
    "smtp": 8025,
    "other": 8026,
    "silent": 8027,
    "dns": 8053,
    "echo": 8007,
    "mute": 8009,
}
DIGEST = hashlib.md5(PAGE, usedforsecurity=False).digest()


@pytest.fixture(scope="module")
def shared_net() -> Iterator[Net]:
    """One lab for all probes: they change nothing."""
    with built(nat_scene()) as lab:
        yield lab


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's TLS with a certificate that nobody signed."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=server"
    subprocess.run([*words.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


@pytest.fixture(scope="module")
def director(shared_net: Net, context: ssl.SSLContext) -> Iterator[Net]:
    """The lab with every kind of server on server1."""
    pages = {"/": PAGE, "/big": b"x" * 300_000 + b"needle"}
    with ExitStack() as stack, shared_net.lab.entered("server1"):
        address = REAL_SERVERS[0]
        for name, serve in {
            "http": services.http_server(pages),
            "https": services.https_server(context, services.http_server(pages)),
            "smtp": services.smtp_server(),
            "other": services.smtp_server(b"554 go away\r\n"),
            "silent": services.silent,
        }.items():
            stack.enter_context(services.listening(address, PORTS[name], serve))
        stack.enter_context(services.listening(SERVERS6[0], PORTS["http"], services.http_server(pages)))
        stack.enter_context(services.answering(address, PORTS["dns"], dns_answer))
        stack.enter_context(services.answering(address, PORTS["echo"], lambda data: data))
        stack.enter_context(services.answering(address, PORTS["mute"], lambda _: None))
        with shared_net.lab.entered("director"):
            yield shared_net


def dns_answer(query: bytes) -> bytes:
    """NXDOMAIN for names that begin with x, otherwise no error and no records."""
    number = struct.unpack("!H", query[:2])[0]
    code = 3 if query[13:14] == b"x" else 0
    return struct.pack("!6H", number, 0x8180 | code, 1, 0, 0, 0) + query[12:]


def end(port: str | int, timeout_s: float = 3.0, **settings: Any) -> Endpoint:
    """A port of server1, by name or number."""
    number = PORTS[port] if isinstance(port, str) else port
    packed = parse_ipv4(REAL_SERVERS[0])
    assert packed is not None
    return Endpoint(packed, number, timeout_us=int(timeout_s * SECOND_US), **settings)


def end6(port: int) -> Endpoint:
    """A port of server1 over IPv6."""
    packed = parse_ipv6(SERVERS6[0])
    assert packed is not None
    return Endpoint(packed, port, timeout_us=3 * SECOND_US)


def probed(*probes: Probe) -> list[ProbeResult]:
    """Run probes side by side, from the present namespace."""

    async def run() -> list[ProbeResult]:
        loop = asyncio.get_running_loop()
        prober = Prober(loop)
        futures = [loop.create_future() for _ in probes]
        for probe, future in zip(probes, futures, strict=True):
            prober.run(probe, future.set_result)
        return await asyncio.wait_for(asyncio.gather(*futures), 20)

    return asyncio.run(run())


def page(**settings: Any) -> HttpProbe:
    """The page at / by HTTP."""
    return replace(HttpProbe(end("http"), "/", "host"), **settings)


@pytest.mark.usefixtures("director")
@pytest.mark.parametrize(
    "probe",
    [
        TcpProbe(end("http")),
        TcpProbe(end6(8080)),
        TcpProbe(end("http", bind_address=bytes((192, 168, 10, 132)))),
        TcpProbe(end("http", fwmark=7)),
        page(),
        page(endpoint=end6(8080)),
        page(digest=DIGEST),
        page(version="1.1"),
        page(regex="real +server"),
        page(regex="REAL", regex_flags=frozenset({"caseless"})),
        page(regex="needle", path="/big"),
        page(regex="absent", regex_must_not_match=True),
        page(regex="hello", regex_from=6, regex_to=6),
        page(path="/none", statuses=((400, 404),)),
        page(endpoint=end("https"), tls=True, digest=DIGEST),
        page(endpoint=end("https"), tls=True, sni="server.example", path="/big", regex="needle"),
        SmtpProbe(end("smtp")),
        DnsProbe(end("dns"), "example.org", 1),
        DnsProbe(end("dns")),
        UdpProbe(end("echo"), b"hello", require_reply=True, reply=b"he", mask=b"\xff\xff"),
        UdpProbe(end("echo")),
        UdpProbe(end("mute", 0.2)),
        PingProbe(end(0)),
        PingProbe(end6(0)),
        MiscProbe(("true",), SECOND_US),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_good_server_is_found_good(probe: Probe) -> None:
    """Each kind of probe, with the options that have it succeed."""
    result = probed(probe)[0]
    assert result.ok, result.reason


@pytest.mark.usefixtures("director")
@pytest.mark.parametrize(
    ("probe", "reason"),
    [
        (TcpProbe(end(1)), "TCP connection to .*:tcp:1 failed: Connection refused"),
        (TcpProbe(end("http", 0.3, bind_address=bytes((10, 9, 8, 7)))), "Cannot assign requested address"),
        (page(endpoint=end(1)), "Connection refused"),
        (page(endpoint=end("silent", 0.3)), "Timeout reading from"),
        (page(path="/none"), r"HTTP status code error to .*url\(/none\).*404"),
        (page(digest=bytes(16)), rf"MD5 digest error to .*{DIGEST.hex()}"),
        (page(regex="absent"), "Regex match failed .*found"),
        (page(regex="real", regex_must_not_match=True), "Regex match failed .*found"),
        (page(regex="hello", regex_to=5), "Regex match failed .*found"),
        (page(endpoint=end("http"), tls=True), "TLS with .* failed"),
        (page(endpoint=end("https")), "No answer|status code error|broke off"),
        (SmtpProbe(end("other")), "554 go away"),
        (SmtpProbe(end("silent", 0.3)), "Timeout"),
        (DnsProbe(end("dns"), "x.example", 1), "rcode = 3"),
        (DnsProbe(end("silent", 0.3)), "refused|no answer"),
        (UdpProbe(end(9)), "refused"),
        (UdpProbe(end("echo"), b"hello", require_reply=True, reply=b"ha", mask=b"\xff\xff"), "another reply"),
        (UdpProbe(end("echo"), b"hello", require_reply=True, longest=4), "reply of 5 bytes"),
        (MiscProbe(("false",), SECOND_US), "exited with status 1"),
        (MiscProbe(("/nowhere/program",), SECOND_US), "Cannot run"),
        (MiscProbe(("sleep", "9"), SECOND_US // 10), "did not end in time"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_says_why(probe: Probe, reason: str) -> None:
    """Refused, timed out, wrong status, digest, text, greeting, answer."""
    result = probed(probe)[0]
    assert not result.ok
    assert re.search(reason, result.reason), result.reason


@pytest.mark.usefixtures("director")
def test_nobody_there() -> None:
    """An address where no host answers: connections and pings time out or are unreachable, each within its time."""
    nobody = replace(end("http", 0.5), address=bytes((192, 168, 10, 99)))
    for result in probed(TcpProbe(nobody), PingProbe(nobody), page(endpoint=nobody)):
        assert not result.ok


@pytest.mark.usefixtures("director")
def test_many_probes_run_side_by_side() -> None:
    """A slow server delays nobody."""
    results = probed(*[TcpProbe(end("http"))] * 200, page(endpoint=end("silent", 0.5)), *[page()] * 20)
    assert [result.ok for result in results] == [True] * 200 + [False] + [True] * 20, results[200:]


def test_the_request_is_the_originals(shared_net: Net) -> None:
    """Method, version, agent and host, as servers' logs and rules know them."""
    seen: list[bytes] = []
    with shared_net.lab.entered("server2"):
        server = services.listening(REAL_SERVERS[1], 8081, services.http_server({"/": PAGE}, seen))
        server.__enter__()
    try:
        packed = parse_ipv4(REAL_SERVERS[1])
        assert packed is not None
        endpoint = Endpoint(packed, 8081)
        with shared_net.lab.entered("director"):
            probed(page(endpoint=endpoint, host="www.example.org"))
            probed(page(endpoint=endpoint, host="h", version="1.1"))
            probed(page(endpoint=endpoint, host="h", version="1.0C"))
    finally:
        server.__exit__(None, None, None)
    assert seen == [
        b"GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: www.example.org\r\n\r\n",
        b"GET / HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: h\r\n\r\n",
    ]


def test_a_program_sets_the_weight(tmp_path: Path) -> None:
    """misc_dynamic: status - 2 is the weight, 0 leaves it, 1 is a failure."""
    script = tmp_path / "check"
    script.write_text("#!/bin/sh\nexit $1\n")
    script.chmod(0o755)
    probes = [MiscProbe((str(script), status), SECOND_US * 5, dynamic=True) for status in ("0", "1", "2", "12", "255")]
    assert [(result.ok, result.weight) for result in probed(*probes)] == [
        (True, None),
        (False, None),
        (True, Weight(0, absolute=True)),
        (True, Weight(10, absolute=True)),
        (True, Weight(253, absolute=True)),
    ]
