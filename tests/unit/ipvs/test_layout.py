# SPDX-License-Identifier: Apache-2.0
"""Every offset that Python knows of the maps, held against the types in the compiled object."""

import re
from pathlib import Path
from struct import Struct

import pytest

from xlvs.ipvs import layout
from xlvs.ipvs.objects import object_path
from xlvs.linux.btf import Btf, Layout
from xlvs.model.address import Family
from xlvs.model.errors import NotSupported
from xlvs.model.sysctl import SYSCTLS
from xlvs.schedulers import registry
from xlvs.syncwire.entry import IPV6_SIZE


def types_of(name: str) -> Btf:
    """The types of a compiled object."""
    try:
        return Btf.from_elf(Path(object_path(name)).read_bytes())
    except NotSupported as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def btf() -> Btf:
    """The types of the packet path at tc."""
    return types_of("director_tc")


# Our constant: struct, member.
OFFSETS = {
    "SERVICE_FLAGS": ("service", "flags"),
    "SERVICE_LIST": ("service", "list"),
    "SERVICE_TABLE": ("service", "table"),
    "SERVICE_WRR": ("service", "wrr_max"),
    "SERVICE_CURSOR": ("service", "cursor"),
    "SERVICE_FAMILY": ("service", "key.family"),
    "DEST_FAMILY": ("dest", "family"),
    "DEST_SERVICE": ("dest", "service"),
    "DEST_FLAGS": ("dest", "flags"),
    "DEST_WEIGHT": ("dest", "weight"),
    "DEST_DELETED": ("dest", "deleted_s"),
    "DEST_DRAINED": ("dest", "drained"),
    "DEST_KEY": ("dest", "service_key"),
    "DEST_SOURCE": ("dest", "source"),
    "SERVICE_SCHEDULER": ("service", "scheduler"),
    "SERVICE_PERSISTENCE": ("service", "persistence_s"),
    "SERVICE_INSTANCE": ("service", "instance"),
    "DEST_UPPER_THRESHOLD": ("dest", "upper_threshold"),
    "DEST_LAST_WEIGHT": ("dest", "last_weight"),
    "CONN_EXPIRES": ("conn", "word.expires"),
    "CONN_PARTNER": ("conn", "companion"),
    "DEST_INSTANCE": ("dest", "instance"),
    "DEST_GENERATION": ("dest", "generation"),
    "SERVICE_TENURE": ("service", "tenure"),
    "SERVICE_TENURE_SINCE": ("service", "tenure_since"),
    "SERVICE_LOCALITIES": ("service", "localities"),
    "SERVICE_SHAPE": ("service", "shape"),
    "SERVICE_TIMEOUTS": ("service", "timeout_tcp_s"),
    "SERVICE_ON_REMOVED": ("service", "on_removed"),
    "SERVICE_ON_QUIESCED": ("service", "on_quiesced"),
    "DEST_ENDED": ("dest", "ended"),
    "SETTINGS_SERVICES_TIMEOUTS": ("settings", "services_timeouts"),
    "SETTINGS_ENDED_UNTIL": ("settings", "ended_until"),
    "LEDGER_INSTANCES": ("ledger", "instances"),
    "LEDGER_PURGED": ("ledger", "purged_s"),
    "LEDGER_LAYOUT": ("ledger", "layout"),
    "LEDGER_LOCAL_ADDRESS_HIGH": ("ledger", "local_address_high"),
    "SERVICE_LOCAL_LIST": ("service", "local_list"),
    "LOCAL_ADDRESS_FLAGS": ("local_address", "flags"),
    "LOCAL_ADDRESS_USED": ("local_address", "used"),
    "DEST_METHOD": ("dest", "method"),
    "DEST_DRY": ("dest", "dry"),
    "DEST_COUNTS": ("dest", "active"),
    "DEST_OVERLOADED": ("dest", "overloaded"),
    "DEST_PLACE": ("dest", "place"),
    "SETTINGS_SERVICE_HIGH": ("settings", "service_high"),
    "SETTINGS_DEST_HIGH": ("settings", "dest_high"),
    "SETTINGS_TIMEOUTS": ("settings", "timeouts"),
    "SETTINGS_EDITING_UNTIL": ("settings", "editing_until"),
    "SETTINGS_SYSCTLS": ("settings", "sysctls"),
    "SETTINGS_FREE_PAGES_AT": ("settings", "free_pages_at"),
    "SETTINGS_FREE_PAGES": ("settings", "free_pages"),
    "SETTINGS_UNPRIVILEGED_PORT": ("settings", "unprivileged_port"),
    "SETTINGS_ACCEPT_LOCAL": ("settings", "accept_local"),
    "SETTINGS_SERVICES_ENGINE": ("settings", "services_engine"),
    "SETTINGS_SYNC": ("settings", "sync"),
    "SETTINGS_TURN_BY_REDIRECT": ("settings", "turn_by_redirect"),
    "SYNC_DAEMON_DUMP": ("sync_daemon", "dump"),
    "SYNC_DAEMON_LOST": ("sync_daemon", "lost"),
    "SERVICE_ENGINE": ("service", "engine"),
    "LEDGER_HASH_SEED": ("ledger", "hash_seed"),
    "LEDGER_EDITING": ("ledger", "editing"),
    "LEDGER_ATTACH_CHOSEN": ("ledger", "attach_chosen"),
    "SETTINGS_MARK_DEVICE": ("settings", "mark_device"),
    "SETTINGS_MARK_RANGES": ("settings", "mark_ranges"),
    "LEDGER_SERVICE_FREE": ("ledger", "service_free"),
    "LEDGER_DEST_FREE": ("ledger", "dest_free"),
    "LEDGER_SLOT_NEXT": ("ledger", "slot_next"),
    "LEDGER_SLOT_FREE": ("ledger", "slot_free"),
    "LEDGER_TICKS_PER_SECOND": ("ledger", "ticks_per_second"),
    "ESTIMATE_ZERO": ("estimate", "zero"),
    "ESTIMATE_BASE": ("estimate", "base"),
    "ESTIMATE_RATES": ("estimate", "cps"),
    "FILTER_DEST": ("filter", "dest"),
    "CLOCKWORK_TICKS": ("clockwork", "ticks"),
}

SIZES = {
    "SERVICE_SIZE": "service",
    "DEST_SIZE": "dest",
    "CONN_SIZE": "conn",
    "ESTIMATE_SIZE": "estimate",
    "LOCAL_ADDRESS_SIZE": "local_address",
    "SYNC_DAEMON_SIZE": "sync_daemon",
}

# Our packed form: struct and the members that it holds in order, from the first one's offset on.
_SERVICE = """
key.virtual key.fwmark key.vport key.protocol key.family flags scheduler engine list table persistence_s netmask wrr_max
wrr_gcd
"""
_DEST = """
addr port family method service flags weight upper_threshold lower_threshold tunnel_type tunnel_flags tunnel_port
deleted_s last_weight
"""
_CONN = "client virtual cport vport dport protocol method word.expires word.state word.life word.bits dest control"
PACKED = {
    "SERVICE_KEY": ("service_key", "virtual fwmark vport protocol family"),
    "SERVICE": ("service", _SERVICE),
    "DEST": ("dest", _DEST),
    "COUNTS": ("dest", "active inactive persistent overloaded"),
    "CONN": ("conn", _CONN),
    "LOCAL_ADDRESS": ("local_address", "addr key first last flags cursor used"),
    "CALL": ("call", "hash length bytes"),
    "SYNC_DAEMON": (
        "sync_daemon",
        "state error interface group maxlen port ttl syncid keyed key dump lost",
    ),
    "COUNTERS": ("counters", "conns inpkts outpkts inbytes outbytes"),
}


_SELECTION = """
first count act kinds states since client client_mask server service client_port server_port protocol by_service dest
left
"""
SELECTION_OFFSETS = {"KINDS": "kinds", "SINCE": "since", "CHOSEN": "chosen", "FOUND": "found"}


def test_an_order_to_choose_connections_has_its_members_in_place() -> None:
    """They are those of an object of its own."""
    declared = types_of("live").layout("selection")
    members = [declared.member(each) for each in _SELECTION.split()]

    assert places(layout.SELECTION) == [(each.offset, each.size) for each in members]
    assert {name: getattr(layout, f"SELECTION_{name}") for name in SELECTION_OFFSETS} == {
        name: declared.member(member).offset for name, member in SELECTION_OFFSETS.items()
    }


@pytest.mark.parametrize("name", OFFSETS)
def test_an_offset_is_that_of_its_member(btf: Btf, name: str) -> None:
    """C declares, Python follows."""
    struct, member = OFFSETS[name]

    assert getattr(layout, name) == btf.layout(struct).member(member).offset


def test_no_offset_is_forgotten() -> None:
    """What is added to the layout is added here."""
    prefixes = ("SERVICE_", "DEST_", "SETTINGS_", "LEDGER_", "ESTIMATE_", "CLOCKWORK_", "SYNC_DAEMON_")
    known = {*OFFSETS, *SIZES, *PACKED, "SETTINGS_SERVICES", "SETTINGS_MARKS"}

    assert [name for name in vars(layout) if name.startswith(prefixes) and name not in known] == []


@pytest.mark.parametrize("name", SIZES)
def test_a_size_is_that_of_its_struct(btf: Btf, name: str) -> None:
    """An entry of the mapped array begins where the one before it ends."""
    assert getattr(layout, name) == btf.layout(SIZES[name]).size


def test_services_are_counted_by_family(btf: Btf) -> None:
    """One place for each."""
    members = {Family.IPV4: "services_ipv4", Family.IPV6: "services_ipv6"}
    declared = btf.layout("settings")

    assert {family: declared.member(name).offset for family, name in members.items()} == layout.SETTINGS_SERVICES


def test_marks_count_by_family(btf: Btf) -> None:
    """One place for each."""
    members = {Family.IPV4: "marks_ipv4", Family.IPV6: "marks_ipv6"}
    declared = btf.layout("settings")

    assert {family: declared.member(name).offset for family, name in members.items()} == layout.SETTINGS_MARKS


def places(packed: Struct) -> list[tuple[int, int]]:
    """Offset and size of each value in a packed form."""
    order, found = packed.format[0], []
    items = re.findall(r"(\d*)([a-zA-Z])", packed.format[1:])
    before = order
    for count, code in items:
        repeat = 1 if code == "s" or not count else int(count)
        for _ in range(repeat):
            one = f"{count}{code}" if code == "s" else code
            if code != "x":
                found.append((Struct(before).size, Struct(order + one).size))
            before += one
    return found


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_form_has_its_members_in_place(btf: Btf, name: str) -> None:
    """Each value where C has it, as wide as C has it."""
    struct, members = PACKED[name]
    declared: Layout = btf.layout(struct)
    found = [declared.member(each) for each in members.split()]
    first = found[0].offset

    assert places(getattr(layout, name)) == [(each.offset - first, each.size) for each in found]


def test_an_estimate_is_four_rows_of_five(btf: Btf) -> None:
    """Seen, zero, base, and the rates."""
    declared = btf.layout("estimate")

    assert [declared.member(name).offset for name in ("seen", "zero", "base", "cps")] == [0, 40, 80, 120]
    assert layout.ESTIMATE.size == declared.size


@pytest.mark.parametrize(
    ("name", "struct"),
    [
        ("settings", "settings"),
        ("ledger", "ledger"),
        ("services", "service"),
        ("dests", "dest"),
        ("slots", "slot_line"),
        ("conns", "conn"),
        ("service_estimates", "estimate"),
        ("dest_estimates", "estimate"),
    ],
)
def test_what_is_checked_when_tables_are_opened_is_right(btf: Btf, name: str, struct: str) -> None:
    """The size of an entry tells another version's tables."""
    assert layout.MAP_VALUES[name] == btf.layout(struct).size


def constants(header: str, enum: str, root: Path) -> dict[str, int]:
    """The constants of an enum, as its header counts them: clang keeps no enum that no variable has."""
    source = (root / "bpf" / "ipvs" / header).read_text()
    body = re.sub(r"/\*.*?\*/", "", source[source.index(f"enum {enum} {{") :].partition("{")[2], flags=re.DOTALL)
    found, following = {}, 0
    for part in body.partition("}")[0].split(","):
        name, _, value = (each.strip() for each in part.partition("="))
        if name:
            found[name] = int(value, 0) if value else following
            following = found[name] + 1
    return found


def test_verdicts_have_the_names_of_the_packet_path(project_root: Path) -> None:
    """In its order."""
    declared = constants("verdict.h", "verdict", project_root)
    assert declared.pop("VERDICT_COUNT") == len(layout.VERDICT_NAMES)

    ours = {name: number for number, name in enumerate(layout.VERDICT_NAMES)}
    assert {name.removeprefix("VERDICT_").lower(): number for name, number in declared.items()} == ours


def test_states_have_the_names_of_the_packet_path(project_root: Path) -> None:
    """In its order, each with a timeout."""
    declared = constants("types.h", "conn_state", project_root)
    del declared["STATE_TCP_COUNT"]
    names = {
        number: name.removeprefix("STATE_SCTP_").replace("_", "-") if "_SCTP_" in name else name.removeprefix("STATE_")
        for name, number in declared.items()
        if number < declared["STATE_COUNT"]
    }

    assert names == dict(enumerate(layout.STATE_NAMES))
    assert len(layout.STATE_TIMEOUTS_S) == len(layout.STATE_NAMES)


def test_the_settings_of_the_kernel_stand_in_the_order_of_their_table(project_root: Path) -> None:
    """One place per value; only sync_threshold has two."""
    declared = constants("types.h", "sysctl", project_root)
    declared.pop("SYSCTL_COUNT")
    firsts = [name.upper() for name in SYSCTLS]
    firsts.insert(firsts.index("SYNC_THRESHOLD") + 1, "SYNC_THRESHOLD_PERIOD")

    assert [name.removeprefix("SYSCTL_") for name in declared] == firsts
    assert list(declared.values()) == list(range(sum(len(setting.default) for setting in SYSCTLS.values())))


def test_schedulers_have_the_numbers_of_the_packet_path(project_root: Path) -> None:
    """Which the registry fixes."""
    declared = constants("types.h", "scheduler", project_root)

    assert {name.removeprefix("SCHED_").lower(): number for name, number in declared.items() if number} == {
        row.name: row.number for row in registry.SCHEDULERS
    }


@pytest.mark.parametrize(
    ("name", "constant"),
    [
        ("LIVE", "SERVICE_LIVE"),
        ("PERSISTENT", "SERVICE_PERSISTENT"),
        ("ONE_PACKET", "SERVICE_ONE_PACKET"),
        ("USED", "DEST_USED"),
        ("AVAILABLE", "DEST_AVAILABLE"),
        ("KEPT", "DEST_KEPT"),
        ("DROPPED", "DEST_DROPPED"),
        ("CONN_LIVE", "LIFE_LIVE"),
        ("CONN_ONE_PACKET", "CONN_ONE_PACKET"),
        ("CONN_COMPANION", "CONN_COMPANION"),
        ("LOCAL_ADDRESS_LISTED", "LOCAL_ADDRESS_LISTED"),
        ("CONN_SYNCED", "CONN_SYNCED"),
        ("FOREIGN", "DEST_FOREIGN"),
        ("SYNC_MASTER", "SYNC_MASTER"),
        ("SYNC_BACKUP", "SYNC_BACKUP"),
        ("SYNC_NONE", "SYNC_NONE"),
        ("SYNC_STARTING", "SYNC_STARTING"),
        ("SYNC_CONFIGURED", "SYNC_CONFIGURED"),
        ("SYNC_REFUSED", "SYNC_REFUSED"),
    ],
)
def test_flags_are_the_same(name: str, constant: str, project_root: Path) -> None:
    """Single bits that both sides look at."""
    declared: dict[str, int] = {}
    for enum in ("service_flags", "dest_flags", "conn_life", "conn_bits", "local_address_flags"):
        declared |= constants("types.h", enum, project_root)
    for enum in ("sync_roles", "sync_daemon_state"):
        declared |= constants("types_sync.h", enum, project_root)

    assert getattr(layout, name) == declared[constant]


def test_what_directors_tell_each_other_has_the_size_of_the_packet_path(project_root: Path) -> None:
    """The program of those who hear has it in its types; the length of what was told is fixed beside its declaration."""
    try:
        heard = Btf.from_elf(Path(object_path("sync")).read_bytes()).layout("sync_entry")
    except NotSupported as error:
        pytest.skip(error.message)
    header = (project_root / "bpf" / "ipvs" / "types_sync.h").read_text(encoding="utf-8")

    assert heard.size == layout.SYNC_ENTRY_SIZE
    assert heard.member("number").offset == IPV6_SIZE
    assert f"sizeof(struct sync_track) == {layout.SYNC_TRACK_SIZE}" in header
