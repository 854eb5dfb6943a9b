# SPDX-License-Identifier: Apache-2.0
"""Checkers: what each kind has of its own, and what it inherits from its real and virtual server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xlvs.config.build.collect import Given, Problems, collect
from xlvs.config.build.general import only
from xlvs.config.problem import Severity
from xlvs.config.schema.blocks import GRAMMARS
from xlvs.config.settings.servers import (
    RETRIES,
    BfdCheck,
    Checker,
    DnsCheck,
    FileCheck,
    HttpCheck,
    MiscCheck,
    SmtpCheck,
    UdpCheck,
    Url,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlvs.config.tree import Statement

CLASSES: Final[Mapping[str, type[Checker]]] = {
    "TCP_CHECK": Checker,
    "PING_CHECK": Checker,
    "HTTP_GET": HttpCheck,
    "SSL_GET": HttpCheck,
    "SMTP_CHECK": SmtpCheck,
    "DNS_CHECK": DnsCheck,
    "UDP_CHECK": UdpCheck,
    "MISC_CHECK": MiscCheck,
    "FILE_CHECK": FileCheck,
    "BFD_CHECK": BfdCheck,
}
KINDS: Final = tuple(CLASSES)
SECOND_US: Final = 1_000_000
HTTP_RETRY_DELAY_US: Final = 3 * SECOND_US


def checkers(
    server: Given, inherited: Mapping[str, Any], names: Mapping[str, frozenset[str]], problems: Problems
) -> Iterator[Checker]:
    """The checkers of a real server in the order of the file. `inherited` is what the servers say for all of them."""
    sessions: set[str] = set()
    for kind, statement in server.inner_of(KINDS):
        given = collect(statement.statements, GRAMMARS[kind], problems)
        for each in _hosts(given, problems) or [given]:
            found = _checker(kind, statement, each, inherited, names, problems)
            if isinstance(found, BfdCheck) and found.name in sessions:
                text = f"BFD_CHECK with {found.name} stands twice"
                problems.say(text, statement.origin, kind, "remove one of them")
            elif found:
                yield found
                sessions.add(found.name if isinstance(found, BfdCheck) else "")


def _hosts(given: Given, problems: Problems) -> list[Given]:
    """The hosts of an SMTP_CHECK, of which each is a checker with what stands around it."""
    hosts: list[Given] = []
    for host in given.inner("smtp_host"):
        problems.say("host is out of date", host.origin, "host", "put what is inside into SMTP_CHECK", Severity.NOTICE)
        own = collect(host.statements, GRAMMARS["smtp_host"], problems)
        hosts.append(Given({**given.values, **own.values}, {**given.where, **own.where}))
    return hosts


def _checker(
    kind: str,
    statement: Statement,
    given: Given,
    inherited: Mapping[str, Any],
    names: Mapping[str, frozenset[str]],
    problems: Problems,
) -> Checker | None:
    values = _timing(kind, {**inherited, **given.values})
    if kind in {"HTTP_GET", "SSL_GET"}:
        values["urls"] = tuple(_urls(kind, given, problems))
        if not values["urls"]:
            problems.say(f"{kind} has no url", statement.origin, kind, "url { path / }")
            return None
    _families(values, given, statement, problems)
    missing = _missing(kind, values, names)
    if missing:
        problems.say(missing[0], given.where.get(missing[1], statement.origin), kind, missing[2])
        return None
    cls = CLASSES[kind]
    return cls(kind, **only(cls, values))


def _families(values: Mapping[str, Any], given: Given, statement: Statement, problems: Problems) -> None:
    target = values.get("connect_ip")
    source = values.get("bindto")
    where = given.where.get("connect_ip", statement.origin)
    if target and target.version == 6 and target.is_link_local and not values.get("bind_if"):
        problems.say(f"{target} is link-local: it needs bind_if", where, str(target), "bind_if INTERFACE")
    target = target or values.get("server_address")
    if target and source and target.version != source.version and statement.keyword != "SMTP_CHECK":
        text = f"bindto {source} is not of the family of {target}"
        problems.say(text, given.where.get("bindto", where), str(source))
    lengths = values.get("min_reply_length", 0), values.get("max_reply_length", 255)
    if lengths[0] > lengths[1]:
        text = "min_reply_length is more than max_reply_length: the check fails always"
        problems.say(text, given.where.get("min_reply_length", statement.origin), "min_reply_length")


def _timing(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    loop = values.get("delay_loop") or 60 * SECOND_US
    values["delay_loop"] = loop
    if values.get("retry") is None:
        values["retry"] = RETRIES.get(kind, 1)
    if values.get("delay_before_retry") is None:
        usual = {"HTTP_GET": HTTP_RETRY_DELAY_US, "SSL_GET": HTTP_RETRY_DELAY_US, "DNS_CHECK": loop}
        values["delay_before_retry"] = usual.get(kind, SECOND_US)
    if values.get("warmup") is None:
        values["warmup"] = loop
    return values


def _missing(kind: str, values: Mapping[str, Any], names: Mapping[str, frozenset[str]]) -> tuple[str, str, str] | None:
    """Message, field and remedy when a checker lacks what it cannot do without."""
    if kind == "MISC_CHECK" and not values.get("misc_path"):
        return "MISC_CHECK has no misc_path", "misc_path", 'misc_path "COMMAND ARGUMENT..."'
    if kind == "FILE_CHECK":
        name = values.get("track_file", "")
        if name not in names["track_file"]:
            return f"there is no track_file {name}".rstrip(), "track_file", "track_file NAME { file PATH }"
    if kind == "BFD_CHECK":
        name = values.get("name", "")
        if name not in names["BFD_CHECK"]:
            return f"there is no bfd_instance {name}".rstrip(), "name", "bfd_instance NAME { neighbor_ip ADDRESS }"
    return None


def _urls(kind: str, given: Given, problems: Problems) -> Iterator[Url]:
    block = "ssl_url" if kind == "SSL_GET" else "http_url"
    for statement in given.inner(block):
        url = collect(statement.statements, GRAMMARS[block], problems)
        if not url.get("path", ""):
            problems.say("url has no path", statement.origin, "url", "path /")
            continue
        yield Url(**only(Url, url.values))
