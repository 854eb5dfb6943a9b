# SPDX-License-Identifier: Apache-2.0
"""Persistence templates: which destination a client keeps, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reference.connections import End
    from tests.reference.destinations import LiveDestination
    from xlvs.model.service import VirtualService

EXTENSION_S = 60
FTP_PORT = 21
OUTDATED_PORT = 65535

TemplateKey = tuple[Protocol, bytes, "End"]


@dataclass(slots=True, eq=False)
class Template:
    """One template: protocol, the client's masked address, the virtual and the destination's end, and its timer.

    `timeout` is in ticks, `expires` a tick; `connections` is how many refer to it. An outdated one is no client's.
    """

    protocol: Protocol
    client: bytes
    virtual: End
    server: End
    destination: LiveDestination
    timeout: int
    expires: int = 0
    assured: bool = False
    outdated: bool = False
    connections: int = 0

    @property
    def key(self) -> TemplateKey:
        """Finds it."""
        return (self.protocol, self.client, self.virtual)

    @property
    def state(self) -> str:
        """The state's name as it is listed."""
        return "ASSURED" if self.assured else "NONE"


def template_key(service: VirtualService, protocol: Protocol, client: bytes, virtual: End) -> TemplateKey:
    """Key of the template of a client's packet. All ports of an FTP, port 0 or mark service share one."""
    masked = mask(client, service.netmask)
    if virtual[1] == service.key.port:
        port = 0 if virtual[1] == FTP_PORT else virtual[1]
        return protocol, masked, (virtual[0], port)
    if service.key.fwmark:
        mark = service.key.fwmark.to_bytes(4, "big")
        return Protocol.IP, masked, (mark if len(client) == 4 else mark + bytes(12), 0)
    return protocol, masked, (virtual[0], 0)


def mask(address: bytes, netmask: int) -> bytes:
    """What a netmask leaves of an address: a mask for IPv4, which may have holes, a prefix length for IPv6."""
    if len(address) == 4:
        return (int.from_bytes(address, "big") & netmask).to_bytes(4, "big")
    return ip_network((address, netmask), strict=False).network_address.packed


class TemplateTable:
    """All templates. The outdated ones wait for their end."""

    def __init__(self) -> None:
        self._found: dict[TemplateKey, Template] = {}
        self._all: list[Template] = []

    def __iter__(self) -> Iterator[Template]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def of_client(self, key: TemplateKey) -> Template | None:
        """Template of a key."""
        return self._found.get(key)

    def add(self, template: Template) -> None:
        """Add a template to its destination's."""
        template.destination.bind_template()
        self._found[template.key] = template
        self._all.append(template)

    def outdate(self, template: Template) -> None:
        """Its destination is not to be used any more: nobody finds it again."""
        del self._found[template.key]
        template.outdated = True
        template.virtual = template.virtual[0], OUTDATED_PORT
        template.server = template.server[0], OUTDATED_PORT

    def remove(self, template: Template) -> None:
        """Take a template out."""
        if not template.outdated:
            del self._found[template.key]
        self._all.remove(template)
        template.destination.unbind_template()
