# SPDX-License-Identifier: Apache-2.0
"""Names of hosts and services, both ways, as the host's resolver has them. Addresses are packed bytes (4 or 16)."""


def host_address(name: str, family: int) -> bytes | None:
    """The first address of a host in a family (2 IPv4, 10 IPv6); None when the name has none."""
    import socket

    try:
        found = socket.getaddrinfo(name, None, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    return socket.inet_pton(family, str(found[0][4][0]).partition("%")[0])


def host_name(address: bytes) -> str | None:
    """The name of an address, None when it has none."""
    import socket

    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    try:
        return socket.gethostbyaddr(socket.inet_ntop(family, address))[0]
    except (OSError, UnicodeError):
        return None


def service_port(name: str, protocol: str) -> int | None:
    """The port of a service name for `tcp`, `udp` or `sctp`, None when it is unknown."""
    import socket

    try:
        return socket.getservbyname(name, protocol)
    except (OSError, UnicodeError, ValueError):
        return None


def service_name(port: int, protocol: str) -> str | None:
    """The service name of a port for `tcp`, `udp` or `sctp`, None when it has none."""
    import socket

    try:
        return socket.getservbyport(port, protocol)
    except (OSError, OverflowError):
        return None
