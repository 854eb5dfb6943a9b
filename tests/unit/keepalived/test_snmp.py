# SPDX-License-Identifier: Apache-2.0
"""KEEPALIVED-MIB from a configuration and the states of its parts; a master agent that asks for it."""

from __future__ import annotations

import asyncio
import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.config.texts import read
from xlvs.healthcheck.effects import Cause, QuorumChanged, ServerChanged
from xlvs.healthcheck.health import Health
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.monitoring.snmp_agent import SnmpAgent
from xlvs.keepalived.monitoring.snmp_checks import (
    CHECK,
    QUORUM_TRAP,
    SERVER_TRAP,
    Views,
    VirtualRow,
    real_objects,
    real_rows,
    trap_of,
    virtual_objects,
)
from xlvs.keepalived.monitoring.snmp_plan import KEEPALIVED, global_objects, of_checks, of_routers
from xlvs.keepalived.monitoring.snmp_vrrp import (
    GroupRow,
    RouterRow,
    ScriptRow,
    address_objects,
    group_objects,
    router_objects,
    script_objects,
)
from xlvs.keepalived.monitoring.snmp_vrrp import trap_of as router_trap
from xlvs.keepalived.routers.vrrp_translate import plan as vrrp_plan
from xlvs.model.statistics import Counters
from xlvs.model.views import DestinationView, ServiceView
from xlvs.snmp.agentx import HEADER, Pdu, Type, encode_oid, take
from xlvs.snmp.objects import END_OF_VIEW, Kind, Objects, Value, octets, scalars
from xlvs.vrrp.effects import State
from xlvs.vrrp.router import VirtualRouter

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDED = Path(__file__).with_name("recorded")
VA = 3
"""The number of the interface vA when the walk was recorded."""
SERVERS = """
global_defs {
 enable_snmp_checker
 router_id R
}
virtual_server 10.0.0.1 80 {
 lvs_sched sh
 lvs_method DR
 protocol TCP
 persistence_timeout 9
 quorum_up "/bin/x a"
 sorry_server 10.0.0.9 80
 real_server 10.0.0.2 80 {
 weight 7
 uthreshold 5
 TCP_CHECK {
 }
 }
 real_server 10.0.0.3 80 {
 }
}
virtual_server fwmark 5 {
 real_server fd00::2 80 {
 }
}
"""


def walk(objects: Objects) -> dict[str, Value]:
    """Everything from the beginning on, names below KEEPALIVED-MIB shortened."""
    found: dict[str, Value] = {}
    at: tuple[int, ...] = (1, 3)
    while True:
        at, value = objects.following(at)
        if value is END_OF_VIEW:
            return found
        found[".".join(map(str, at[len(KEEPALIVED) :]))] = value


def shown(value: Value) -> str:
    """As snmpwalk writes it."""
    if not isinstance(value.data, bytes):
        return f"{ {Kind.INTEGER: 'INTEGER', Kind.GAUGE: 'Gauge32'}[value.kind] }: {value.data}"
    if value.data and not all(32 <= byte < 127 for byte in value.data):
        return f"Hex-STRING: {value.data.hex(' ').upper()}"
    return f'STRING: "{value.data.decode()}"' if value.data else '""'


@pytest.mark.keyword("global_defs.enable_snmp_vrrp", "global_defs.enable_snmp_keepalived")
def test_routers_are_shown_as_the_original_shows_them() -> None:
    """Its walk by snmpd, recorded: settings, groups, routers and addresses of a master."""
    written = (RECORDED / "snmp.conf").read_text(encoding="utf-8")
    config = read(written).config
    plan, snmp = vrrp_plan(config), of_routers(config)
    assert snmp is not None
    rows = [RouterRow(each, VirtualRouter(each.router), lambda _: True, lambda _: VA) for each in plan.instances]
    for row in rows:
        row.router.state = State.MASTER
    groups = [GroupRow(each, State.MASTER) for each in plan.groups]
    group_of = {name: each.name for each in plan.groups for name in each.members}
    objects = Objects(
        [
            *global_objects(snmp),
            *router_objects(lambda: rows, lambda name: group_of.get(name, "")),
            *address_objects(lambda: rows),
            *group_objects(lambda: groups),
        ]
    )
    found = walk(objects)
    lines = (RECORDED / "snmp.txt").read_text(encoding="utf-8").replace("/usr/bin/", "/bin/").splitlines()
    expected = dict(line.split(" = ", 1) for line in lines)
    prefix = ".".join(map(str, KEEPALIVED))
    assert {
        f"{prefix}.{name}": shown(value) for name, value in found.items() if f"{prefix}.{name}" in expected
    } == expected
    assert of_routers(read(written.replace("enable_snmp_vrrp", "")).config) is None
    assert of_routers(read(written.replace("enable_snmp_vrrp", "enable_snmp_keepalived")).config) is not None


def test_scripts_are_shown_with_their_result() -> None:
    """Good is 3, bad 2, not yet known 1."""
    (script,) = vrrp_plan(read((RECORDED / "snmp.conf").read_text(encoding="utf-8")).config).scripts
    for up, result in ((True, 3), (False, 2), (None, 1)):
        found = walk(Objects(script_objects(lambda up=up: [ScriptRow(script, up)])))  # type: ignore[misc]  # bound in this round; no type is inferred for it
        assert [shown(found[f"2.9.1.{column}.1"]) for column in (2, 4, 5, 6)] == [
            'STRING: "chk"',
            "INTEGER: 3",
            "INTEGER: 5",
            f"INTEGER: {result}",
        ]


def check_rows() -> list[VirtualRow]:
    """Two virtual servers and what the tables count of them."""
    health = Health(translate(read(SERVERS).config).health)
    first = health.virtual_servers[0].settings
    counters = Counters(2**32 + 5, 6, 7, 8, 9)
    view = ServiceView(
        first.services[0], counters, destinations=[DestinationView(first.servers[0].destination, 3, 4, 5, counters)]
    )
    return [VirtualRow(each, Views(lambda: [view])) for each in health.virtual_servers]


@pytest.mark.keyword("global_defs.enable_snmp_checker")
def test_servers_are_shown_with_what_the_tables_count() -> None:
    """An address and a mark; real servers behind their sorry server."""
    rows = check_rows()
    found = walk(Objects([*virtual_objects(lambda: rows), *real_objects(lambda: real_rows(rows))]))
    shows = {
        name: shown(value) for name, value in found.items() if value.kind in {Kind.INTEGER, Kind.GAUGE, Kind.OCTETS}
    }
    assert [shows.get(f"3.3.1.{column}.1") for column in (2, 6, 7, 8, 9, 10, 11, 14, 20, 21, 22, 23)] == [
        *(
            "INTEGER: 2",
            "Hex-STRING: 0A 00 00 01",
            "Gauge32: 80",
            "INTEGER: 1",
            "INTEGER: 8",
            "INTEGER: 2",
            "INTEGER: 1",
        ),
        *("Gauge32: 9", "Gauge32: 2", "Gauge32: 2", "Gauge32: 1", "INTEGER: 1"),
    ]
    assert shows["3.3.1.24.1"] == "STRING: \"'/bin/x' 'a'\""
    assert [shows.get(f"3.3.1.{column}.2") for column in (2, 4, 6, 8)] == [
        "INTEGER: 1",
        "Gauge32: 5",
        None,
        "INTEGER: 4",
    ]
    assert (found["3.3.1.27.1"], found["3.3.1.38.1"]) == (Value(Kind.COUNTER, 5), Value(Kind.COUNTER64, 2**32 + 5))
    assert [shows[f"3.4.1.2.1.{place}"] for place in (1, 2, 3)] == ["INTEGER: 2", "INTEGER: 1", "INTEGER: 1"]
    assert [shows[f"3.4.1.{column}.1.2"] for column in (4, 6, 7, 8, 15, 16, 17)] == [
        *(
            "Hex-STRING: 0A 00 00 02",
            "INTEGER: 1",
            "INTEGER: 7",
            "Gauge32: 5",
            "Gauge32: 3",
            "Gauge32: 4",
            "Gauge32: 5",
        ),
    ]
    config = read(SERVERS).config
    assert of_checks(config) is not None
    assert of_checks(read(SERVERS.replace("enable_snmp_checker", "")).config) is None


@pytest.mark.keyword("global_defs.enable_traps")
def test_traps_carry_who_changed_and_how() -> None:
    """A router, a group, a real server and a quorum, by the places that a walk has them at."""
    assert read(SERVERS.replace("router_id R", "enable_traps")).config.settings.enable_traps
    trap, bindings = router_trap("INSTANCE", "V2", "FAULT", 2, "BACKUP")
    assert (trap[-1], [(name[-2:], shown(value)) for name, value in bindings]) == (
        2,
        [((2, 2), 'STRING: "V2"'), ((4, 2), "INTEGER: 3"), ((5, 2), "INTEGER: 1")],
    )
    assert router_trap("GROUP", "G", "MASTER", 1, "")[0][-1] == 1
    rows = check_rows()
    server = rows[0].settings.servers[1]
    found = trap_of(ServerChanged(rows[0].settings, server, up=False, cause=Cause.CHECKER), rows)
    assert found is not None
    assert found[0] == SERVER_TRAP
    assert ((*CHECK, 4, 1, 6, 1, 3), Value(Kind.INTEGER, 2)) in found[1]
    found = trap_of(QuorumChanged(rows[0].settings, up=False), rows)
    assert found is not None
    assert found[0] == QUORUM_TRAP
    assert ((*CHECK, 3, 1, 23, 1), Value(Kind.INTEGER, 2)) in found[1]


def pdus(data: bytearray) -> Iterator[Pdu]:
    """Those that have come."""
    while taken := take(bytes(data)):
        data[:] = taken[1]
        yield taken[0]


@pytest.mark.keyword("global_defs.snmp_socket")
def test_agent_registers_answers_and_sends_traps(tmp_path: Path) -> None:
    """To a master at the place that the configuration names."""
    place = tmp_path / "master"
    assert read(f"global_defs {{\nsnmp_socket unix:{place}\n}}").config.settings.snmp_socket == f"unix:{place}"

    async def run() -> list[Pdu]:
        seen: list[Pdu] = []
        agent: Any = None

        async def master(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            data = bytearray()
            while part := await reader.read(4096):
                data += part
                for pdu in pdus(data):
                    seen.append(pdu)
                    if pdu.type == Type.OPEN:
                        writer.write(HEADER.pack(1, Type.RESPONSE, 16, 0, 7, 0, pdu.packet, 8) + bytes(8))
                    elif pdu.type == Type.REGISTER:
                        writer.write(
                            Pdu(
                                Type.GET_NEXT, session=7, packet=3, payload=encode_oid(KEEPALIVED) + encode_oid(())
                            ).encode()
                        )
                    elif pdu.type == Type.RESPONSE:
                        agent.trap((1, 2, 3), [((1, 2), octets("x"))])
                    elif pdu.type == Type.NOTIFY:
                        agent.close()
            writer.close()
            done.set()

        done = asyncio.Event()
        server = await asyncio.start_unix_server(master, place)
        columns = scalars((*KEEPALIVED, 1), {2: lambda: octets("R")})
        agent = SnmpAgent(f"unix:{place}", "me", [KEEPALIVED], columns, Log("test", to_syslog=False))
        async with asyncio.timeout(10):
            await done.wait()
        server.close()
        return seen

    seen = asyncio.run(run())
    assert [pdu.type for pdu in seen] == [Type.OPEN, Type.REGISTER, Type.RESPONSE, Type.NOTIFY, Type.CLOSE]
    assert {pdu.session for pdu in seen[1:]} == {7}
    assert seen[2].payload.endswith(struct.pack("!I", 1) + b"R\0\0\0")


@pytest.mark.parametrize("place", ["tcp:127.0.0.1:99999", f"tcp:{'a' * 70}.example:705", f"unix:/{'x' * 200}"])
def test_agent_outlives_a_place_that_is_none(place: str) -> None:
    """It says so, once."""
    said = io.StringIO()

    async def run() -> None:
        agent = SnmpAgent(place, "me", [KEEPALIVED], [], Log("test", said, to_syslog=False))
        async with asyncio.timeout(10):
            while not said.getvalue():
                await asyncio.sleep(0.001)
        agent.close()

    asyncio.run(run())
    assert f"no master agent at {place}" in said.getvalue()
