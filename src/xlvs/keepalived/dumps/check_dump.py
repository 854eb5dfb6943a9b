# SPDX-License-Identifier: Apache-2.0
"""keepalived_check.data: virtual servers, real servers and checkers in the layout that exporters read."""

from __future__ import annotations

import os
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from xlvs.config.settings.servers import HttpCheck
from xlvs.keepalived.checks.check_translate import service_keys
from xlvs.keepalived.dumps import dump_checkers, dump_global
from xlvs.keepalived.dumps import dump_words as words
from xlvs.keepalived.dumps.dump import file_name, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.schema.lines import Member
    from xlvs.config.schema.special import Forwarding
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.general import GlobalSettings
    from xlvs.config.settings.servers import RealServer as GivenReal
    from xlvs.config.settings.servers import ServerGroup
    from xlvs.config.settings.servers import VirtualServer as Given
    from xlvs.healthcheck.virtual_server import RealServer, VirtualServer
    from xlvs.keepalived.checks.checking import Checking
    from xlvs.keepalived.daemon.log import Log

_VERSION: Final = "1.2.1"
_NAMED_FLAGS: Final = {"sh": ("sh-port", "sh-fallback"), "mh": ("mh-port", "mh-fallback")}
_SECOND: Final = 1_000_000


def write(checking: Checking, config: KeepalivedConfig, log: Log) -> None:
    """The virtual servers as they are, in the file that SIGUSR1 asks for."""
    log.write(f"Printing checker data for process({os.getpid()}) on signal")
    text = "".join(f"{line}\n" for line in lines(checking, config))
    try:
        write_file(file_name(config, "keepalived_check.data"), text)
    except OSError as error:
        log.write(f"Can't open dump file {error.filename} ({error.errno}: {error.strerror})")


def lines(checking: Checking, config: KeepalivedConfig) -> Iterator[str]:
    """All of it."""
    yield from dump_global.lines(config)
    if _asks_for_pages(config):
        yield "------< SSL definitions >------"
        yield from _tls(config)
    yield "------< LVS Topology >------"
    yield f" System is compiled with LVS v{_VERSION}"
    for group in config.server_groups:
        yield " ------< Virtual server group >------"
        yield from _group(group, config)
    pairs = list(_pairs(checking, config))
    for given, running in pairs:
        yield " ------< Virtual server >------"
        yield from _virtual_server(given, running, config.settings)
    yield "------< Health checkers >------"
    for given, running in pairs:
        yield from dump_checkers.of_server(given, running, config)


def _pairs(checking: Checking, config: KeepalivedConfig) -> Iterator[tuple[Given, VirtualServer]]:
    """Each virtual server as it is configured and as it runs."""
    running = {
        tuple(each.key for each in server.settings.services): server for server in checking.health.virtual_servers
    }
    for given in config.virtual_servers:
        server = running.pop(tuple(service_keys(given, config)), None)
        if server:
            yield given, server


def _asks_for_pages(config: KeepalivedConfig) -> bool:
    return any(
        isinstance(checker, HttpCheck)
        for server in config.virtual_servers
        for real in server.real_servers
        for checker in real.checkers
    )


def _tls(config: KeepalivedConfig) -> Iterator[str]:
    given = config.tls
    if given is None:
        yield " Using autogen SSL context"
        return
    for name, value in (("Password", given.password), ("CA-file", given.ca), ("Key file", given.key)):
        if value:
            yield f" {name} : {value}"
    if given.certificate:
        yield f" Certificate file : {given.certificate}"


def _group(group: ServerGroup, config: KeepalivedConfig) -> Iterator[str]:
    users = [each for each in config.virtual_servers if each.head.group == group.name]
    families = {each.address.version for each in group.members if each.address is not None}
    yield (
        f" Virtual Server Group = {group.name}, IPv4 = {'yes' if 4 in families else 'no'}, "
        f"IPv6 = {'yes' if 6 in families else 'no'}"
    )
    for member in group.members:
        yield f"   {_member(member)}"
        if member.address is None:
            six = sum(each.ip_family == "inet6" for each in users)
            yield f"     Alive: {len(users) - six} IPv4, {six} IPv6"
        else:
            counts = (sum(each.protocol == name for each in users) for name in ("TCP", "UDP", "SCTP"))
            yield "     Alive: {} tcp, {} udp, {} sctp".format(*counts)
        yield "     reloaded = False"


def _member(member: Member) -> str:
    if member.address is None:
        return f"FWMARK = {member.mark}"
    if member.count == 1:
        return f"VIP = {member.address}, VPORT = {member.port}"
    return f"VIP Range = {member.address}-{member.address + member.count - 1}, VPORT = {member.port}"


def _virtual_server(given: Given, running: VirtualServer, settings: GlobalSettings) -> Iterator[str]:
    head = given.head
    service = running.settings.services[0]
    if head.group:
        yield f" VS GROUP = {running.settings.name}"
    elif head.mark:
        yield f" VS FWMARK = {head.mark}"
    else:
        yield f" VS VIP = {head.address}, VPORT = {head.port}"
    if given.virtualhost:
        yield f"   VirtualHost = {given.virtualhost}"
    yield f"   Address family = {'inet6' if len(service.key.address) == 16 else 'inet'}"
    yield f"   connection timeout = {given.connect_timeout / _SECOND:f}"
    yield f"   delay_loop = {given.delay_loop / _SECOND:f}"
    yield f"   lvs_sched = {given.lvs_sched}"
    yield "   Hashed = disabled"
    yield from _flags(given)
    yield from _packets(given, only_marks=all(each.key.fwmark for each in running.settings.services))
    yield from _rules(given, settings)
    if given.sorry_server:
        yield f"   sorry server = {running.settings.sorry_name}"
        yield f"     forwarding method = {_forwarding(given.sorry_server_lvs_method or given.lvs_method)}"
        yield f"     Inhibit on failure is {_on(given.sorry_server_inhibit)}"
    yield "   alive = 1"
    yield f"   quorum_state_up = {int(running.quorum_up)}"
    yield "   reloaded = 0"
    for real, server in zip_longest(given.real_servers, running.servers):
        if real and server:
            yield "   ------< Real server >------"
            yield from _real_server(real, server, given, settings)


def _packets(given: Given, *, only_marks: bool) -> Iterator[str]:
    ops = " (inactive due to not UDP)" if given.ops and (only_marks or given.protocol != "UDP") else ""
    yield f"   One packet scheduling = {'enabled' if given.ops else 'disabled'}{ops}"
    if given.persistence_timeout:
        yield f"   persistence timeout = {given.persistence_timeout}"
        if given.persistence_granularity is not None:
            yield f"   persistence granularity = {_granularity(given)}"
    if given.persistence_engine:
        yield f"   persistence engine = {given.persistence_engine}"
    yield f"   protocol = {'none' if only_marks else given.protocol}"


def _rules(given: Given, settings: GlobalSettings) -> Iterator[str]:
    yield f"   alpha is {_on(given.alpha)}"
    yield f"   omega is {_on(given.omega)}"
    yield from _attempts(given)
    yield f"   Inhibit on failure is {_on(given.inhibit_on_failure)}"
    yield f"   quorum = {given.quorum}, hysteresis = {given.hysteresis}"
    for word, script in (("up", given.quorum_up), ("down", given.quorum_down)):
        if script:
            yield f"   Quorum {word} notify script = {words.script(script, settings)}"
    if given.ha_suspend and not given.head.mark:
        yield "   Using HA suspend"
    yield f"   Using smtp notification = {'yes' if given.smtp_alert else 'no'}"
    yield f"   default forwarding method = {_forwarding(given.lvs_method)}"


def _attempts(given: Given | GivenReal) -> Iterator[str]:
    """What is said for all checkers below."""
    if given.retry is not None:
        yield f"   Retry count = {given.retry}"
    if given.delay_before_retry is not None:
        yield f"   Retry delay = {given.delay_before_retry / _SECOND:f}"
    if given.warmup is not None:
        yield f"   Warmup = {given.warmup / _SECOND:f}"


def _flags(given: Given) -> Iterator[str]:
    named = _NAMED_FLAGS.get(given.lvs_sched)
    if named:
        port, fallback = named
        kind = given.lvs_sched
        values = (getattr(given, f"{kind}_port") or given.flag_2, getattr(given, f"{kind}_fallback") or given.flag_1)
        for name, value in zip((port, fallback), values, strict=True):
            yield f"   {name} = {'enabled' if value else 'disabled'}"
        return
    for number, value in enumerate((given.flag_1, given.flag_2, given.flag_3), 1):
        yield f"   flag-{number} = {'enabled' if value else 'disabled'}"


def _granularity(given: Given) -> str:
    from ipaddress import ip_network

    length = given.persistence_granularity
    if length is None or (given.head.address is not None and given.head.address.version == 6):
        return str(length)
    return str(ip_network(f"0.0.0.0/{length}").netmask)


def _on(value: object) -> str:
    return "ON" if value else "OFF"


def _real_server(given: GivenReal, server: RealServer, around: Given, settings: GlobalSettings) -> Iterator[str]:
    destination = server.settings.destination
    port = 0 if around.head.mark else destination.key.port
    yield f"   RIP = {given.address}, RPORT = {port}, WEIGHT = {given.weight} EFF WEIGHT = {server.weight}"
    yield f"   forwarding method = {_forwarding(given.lvs_method)}"
    yield f"   Alpha is {_on(given.alpha)}"
    yield f"   connection timeout = {given.connect_timeout / _SECOND:f}"
    yield f"   connection limit range = {given.lthreshold} -> {given.uthreshold}"
    yield f"   Delay loop = {given.delay_loop / _SECOND:f}"
    yield from _attempts(given)
    yield f"   Inhibit on failure is {_on(server.settings.inhibit)}"
    if given.virtualhost and given.virtualhost != around.virtualhost:
        yield f"    VirtualHost = '{given.virtualhost}'"
    for word, script in (("up", given.notify_up), ("down", given.notify_down)):
        if script:
            yield f"     RS {word} notify script = {words.script(script, settings)}"
    yield f"   Using smtp notification = {'yes' if given.smtp_alert else 'no'}"
    yield f"   initial weight = {given.weight}"
    yield f"   effective weight = {server.weight}"
    yield "   previous effective_weight = 0"
    yield f"   alive = {int(server.up)}"
    yield f"   num failed checkers = {sum(each.failed for each in server.checkers)}"
    yield f"   RS set = {int(server.up or server.settings.inhibit)}"
    yield "   reloaded = 0"


def _forwarding(given: Forwarding) -> str:
    if given.method != "TUN":
        return given.method
    kind = (given.tunnel or "ipip").upper()
    words_of_kind = [f"TUN, type = {kind}", *([f"port {given.port}"] if given.port else [])]
    return " ".join([*words_of_kind, *([given.checksum] if given.checksum else [])])
