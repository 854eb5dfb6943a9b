# SPDX-License-Identifier: Apache-2.0
"""Names that the resolver knows come back, others are None; nothing leaves the host."""

import socket

import pytest

from xlvs.linux import resolver


def test_well_known_services_resolve_both_ways() -> None:
    """From the host's services file."""
    assert resolver.service_port("http", "tcp") == 80
    assert resolver.service_name(80, "tcp") == "http"


@pytest.mark.parametrize(
    ("name", "protocol"), [("no-such-service", "tcp"), ("http", "no-such-protocol"), ("a\0b", "tcp")]
)
def test_unknown_services_are_none(name: str, protocol: str) -> None:
    """Whatever is asked for."""
    assert resolver.service_port(name, protocol) is None


@pytest.mark.parametrize("port", [65536, -1])
def test_a_number_that_is_no_port_has_no_name(port: int) -> None:
    """No error comes of it."""
    assert resolver.service_name(port, "tcp") is None


def test_numeric_addresses_need_no_resolver() -> None:
    """They come back packed."""
    assert resolver.host_address("192.0.2.1", 2) == b"\xc0\x00\x02\x01"
    assert resolver.host_address("2001:db8::1", 10) == bytes.fromhex("20010db8000000000000000000000001")


def test_a_failing_resolver_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it does not know or does not answer."""

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    monkeypatch.setattr(socket, "gethostbyaddr", fail)
    assert resolver.host_address("example.invalid", 2) is None
    assert resolver.host_name(b"\xc0\x00\x02\x01") is None
