# SPDX-License-Identifier: Apache-2.0
"""A director of its own for tests: tables, programs and routes that nobody else sees, and that die with the process.

Its network namespace and its bpffs have no name anywhere: both are held by descriptors alone.
"""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.progrun.packets import CLIENT_MAC, INBOUND_MACS, SERVER_MAC
from tests.progrun.runner import Runner
from xlvs.ipvs import layout, program
from xlvs.ipvs.detour_plan import DEVICE
from xlvs.ipvs.objects import object_path
from xlvs.ipvs.pinned import PinnedTables
from xlvs.ipvs.store import Store
from xlvs.linux import xdp_attach
from xlvs.linux.bpf import Btf, Map, Program
from xlvs.linux.interface import interfaces
from xlvs.linux.syscall import CLONE_NEWNET, setns, unshare

if TYPE_CHECKING:
    from collections.abc import Iterator

# fsopen(2), fsconfig(2), fsmount(2): the same numbers on every architecture.
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_FSCONFIG_CMD_CREATE = 6

TC_OK, TC_SHOT, TC_REDIRECT = -1, 2, 7  # «OK»: other programs and the stack go on
XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT = 1, 2, 3, 4

# What a frame begins with when it leaves: towards the clients' and the servers' routers.
_OUTER_MAC, _INNER_MAC = INBOUND_MACS[:6], bytes.fromhex("0200000000d2")
TO_CLIENT, TO_SERVER = CLIENT_MAC + _OUTER_MAC, SERVER_MAC + _INNER_MAC
FROM_SERVER: Final = _INNER_MAC + SERVER_MAC

# Clients are behind a router at `outer`, servers behind one at `inner`; some servers are special.
_LINKS = f"""
link add outer address {_OUTER_MAC.hex(":")} type veth peer name outer-far address {CLIENT_MAC.hex(":")}
link add inner address {_INNER_MAC.hex(":")} type veth peer name inner-far address {SERVER_MAC.hex(":")}
"""
_NETWORK = f"""
link set lo up
link set outer-far up
link set inner-far up
link set outer up
link set inner up
address add 10.1.0.1/24 dev outer
address add 10.2.0.1/24 dev inner
address add 2001:db8:1::1/64 dev outer nodad
address add 2001:db8:2::1/64 dev inner nodad
neighbour add 10.1.0.254 lladdr {CLIENT_MAC.hex(":")} dev outer nud permanent
neighbour add 10.2.0.254 lladdr {SERVER_MAC.hex(":")} dev inner nud permanent
neighbour add 2001:db8:1::fe lladdr {CLIENT_MAC.hex(":")} dev outer nud permanent
neighbour add 2001:db8:2::fe lladdr {SERVER_MAC.hex(":")} dev inner nud permanent
route add default via 10.1.0.254
route add 10.2.0.0/16 via 10.2.0.254
route add 10.2.200.0/24 via 10.2.0.254 mtu lock 1000
route add 10.2.201.0/24 via 10.2.0.253
route add unreachable 10.2.202.0/24
route add 10.1.200.0/24 via 10.1.0.254 mtu lock 1000
route add unreachable 10.1.202.0/24
route add default via 2001:db8:1::fe
route add 2001:db8:2::/48 via 2001:db8:2::fe
route add 2001:db8:2:200::/64 via 2001:db8:2::fe mtu lock 1280
route add unreachable 2001:db8:2:202::/64
"""
_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    # The far ends say nothing of their own: their packets would be counted.
    "net/ipv6/conf/outer-far/disable_ipv6": "1",
    "net/ipv6/conf/inner-far/disable_ipv6": "1",
    "net/ipv4/conf/outer-far/forwarding": "0",
    "net/ipv4/conf/inner-far/forwarding": "0",
}
_KNOWN_LENGTH = 192

SMALL: Final = program.sizes(1 << 14)


class Outcome(NamedTuple):
    """What became of a packet: the verdict's name, the program's return value, the frame as it left."""

    verdict: str
    action: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a packet came in: on `outer` or `inner`, and for tc its offload state.

    With `mark` (also 0) it came in there, and leaves by the mark device with that mark of netfilter.
    """

    interface: str = "outer"
    segment: int = 0  # payload of one segment of a GSO packet
    segments: int = 0
    mark: int | None = None


OUTER, INNER = Arrival(), Arrival("inner")


def detached_bpffs() -> int:
    """A descriptor of a bpffs that is mounted nowhere; it goes with its last descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(number: int, *arguments: object) -> int:
        result: int = libc.syscall(number, *arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), "making a bpffs")
        return result

    context = call(_FSOPEN, b"bpf", 1)
    try:
        call(_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        return call(_FSMOUNT, context, 1, 0)
    finally:
        os.close(context)


@contextmanager
def private_network() -> Iterator[None]:
    """This thread, and all that it starts, in a network namespace of its own with the routes of the tests."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        unshare(CLONE_NEWNET)
        try:
            _ip(_LINKS)
            set_forwarding()
            _ip(_NETWORK)
            yield
        finally:
            setns(own, CLONE_NEWNET)
    finally:
        os.close(own)


def _ip(lines: str) -> None:
    subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True, capture_output=True)


def set_forwarding() -> None:
    """The director forwards, the far ends do not. To be said again where ip_forward was changed: that changes all of them."""
    for name, value in _SYSCTLS.items():
        set_sysctl(name, value)


def set_sysctl(name: str, value: str) -> None:
    """Write a value below /proc/sys of this thread's network namespace."""
    Path(f"/proc/sys/{name}").write_text(value, encoding="ascii")


@contextmanager
def director(sizes: program.Sizes = SMALL) -> Iterator[Director]:
    """A director with empty tables. Entered in a thread, it is that thread's network namespace until it ends."""
    with private_network():
        mount = detached_bpffs()
        made = None
        try:
            directory = f"/proc/self/fd/{mount}"
            program.load(directory, sizes)
            made = Director(directory)
            yield made
        finally:
            if made is not None:
                made.close()
            os.close(mount)


class Director:
    """Tables by `tables`, packets by `tc` and `xdp`, and time that can be held and moved on."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.store = Store(directory)
        self.tables = PinnedTables()
        self.tables._opened = self.store
        self.tables._attached = True  # nothing real comes in here
        self.ifindex = {each.name: each.ifindex for each in interfaces()}
        self.ticks_per_second = self.store.kept(layout.LEDGER_TICKS_PER_SECOND)
        self._tc = Program.from_pin(f"{directory}/prog_tc")
        self._xdp = Program.from_pin(f"{directory}/prog_xdp")
        self._clock = Program.from_pin(f"{directory}/prog_clock")
        self._sweep = Program.from_pin(f"{directory}/prog_sweep")
        self.tc_runner = Runner(self._tc)
        self.xdp_runner = Runner(self._xdp)
        self._clock_runner = Runner(self._clock)
        self._verdicts = Map.from_pin(f"{directory}/verdicts")
        self._open_xdp()
        self._held = self.now()

    def close(self) -> None:
        """Give everything back."""
        for each in (self._tc, self._xdp, self._clock, self._sweep, self._verdicts):
            each.close()

    def _open_xdp(self) -> None:
        """XDP says where a packet came from only on an interface that has a program, and sends only by known ports."""
        with Map.from_pin(f"{self.directory}/xdp_ports") as ports:
            for name in ("outer", "inner"):
                index = self.ifindex[name].to_bytes(4, "little")
                xdp_attach.attach(self._xdp.fd, self.ifindex[name], f"{self.directory}/xdp_{name}", "native")
                ports.update(index, index)

    # Packets

    def new_runner(self, *, xdp: bool) -> Runner:
        """A runner for another thread."""
        return Runner(self._xdp if xdp else self._tc)

    def tc_context(self, arrival: Arrival) -> bytes:
        """A `struct __sk_buff`; the kernel takes nothing but the fields set here."""
        context = bytearray(_KNOWN_LENGTH)
        device = self.store.setting(layout.SETTINGS_MARK_DEVICE)
        index = device if arrival.interface == DEVICE else self.ifindex[arrival.interface]
        struct.pack_into("<II", context, 36, index, index)
        if arrival.mark is not None:
            struct.pack_into("<I", context, 8, arrival.mark)
            struct.pack_into("<I", context, 40, device)
        struct.pack_into("<I", context, 164, arrival.segments)
        struct.pack_into("<I", context, 176, arrival.segment)
        return bytes(context)

    def xdp_context(self, arrival: Arrival, length: int) -> bytes:
        """A `struct xdp_md`."""
        return struct.pack("<6I", 0, length, 0, self.ifindex[arrival.interface], 0, 0)

    def tc(self, frame: bytes, arrival: Arrival = OUTER) -> Outcome:
        """Run the tc program."""
        before = self.verdict_counts()
        action, after = self.tc_runner.run(frame, self.tc_context(arrival))
        return Outcome(self._verdict_since(before), action, after)

    def xdp(self, frame: bytes, arrival: Arrival = OUTER) -> Outcome:
        """Run the XDP program."""
        before = self.verdict_counts()
        action, after = self.xdp_runner.run(frame, self.xdp_context(arrival, len(frame)))
        return Outcome(self._verdict_since(before), action, after)

    @cached_property
    def verdict_names(self) -> list[str]:
        """Verdicts by number, as the object says."""
        numbers = Btf.from_elf(Path(object_path("director_tc")).read_bytes()).enum("verdict")
        return sorted(numbers, key=numbers.__getitem__)

    def verdict_counts(self) -> list[int]:
        """Packets by verdict, all processors together."""
        sums = []
        for _, values in self._verdicts.batches():
            size = self._verdicts.slot_size
            sums += [sum(struct.unpack_from(f"<{size // 8}Q", values, start)) for start in range(0, len(values), size)]
        return sums

    def _verdict_since(self, before: list[int]) -> str:
        changed = [
            (self.verdict_names[number].removeprefix("VERDICT_"), now - old)
            for number, (old, now) in enumerate(zip(before, self.verdict_counts(), strict=True))
            if now != old
        ]
        if not changed:
            return "PASS"  # the one that is not counted
        ((name, count),) = changed
        assert count == 1
        return name

    # Time

    def now(self) -> int:
        """The director's time in ticks."""
        code = self._clock_runner.run(bytes(64), b"")[0]
        return code & 0xFFFFFFFF

    def sweep(self) -> None:
        """Have what expired given back."""
        self._sweep.test_run(bytes(64))

    def stop_clock(self) -> None:
        """For ever: only `sweep` gives something back from now on. A timer ends when its map's entry is written."""
        clockworks, first = self.store.map("clockworks"), bytes(4)
        clockworks.update(first, clockworks.lookup(first) or b"")

    def hold(self) -> None:
        """Undo the time that went by since the last call, for everything that has a timer."""
        self.pass_time(0)

    def pass_time(self, ticks: int) -> None:
        """Let exactly so many ticks go by since the last call, as far as anybody can see."""
        now = self.now()
        late = now - self._held & 0xFFFFFFFF
        self._shift(late - ticks)
        self._shift_localities(late - ticks, now - ticks)
        self._held = now
        if ticks:
            self.sweep()

    def _shift(self, by: int) -> None:
        if not by:
            return
        words = self.store.array("conns").words
        step = layout.CONN_SIZE >> 2
        for number in range(1, self.conn_high() + 1):
            if self._life(number):  # of a dead one it is the tick of its death
                place = number * step + 10
                words[place] = words[place] + by & 0xFFFFFFFF
        fragments = self.store.map("fragments")
        for key in list(fragments.keys()):
            value = fragments.lookup(key)
            if value:
                conn, reply, seen = struct.unpack("<3I", value)
                fragments.update(key, struct.pack("<3I", conn, reply, seen + by & 0xFFFFFFFF))

    def _shift_localities(self, by: int, latest: int) -> None:
        """What lblc and lblcr remember, and since when; what happened since the last call happened then, `latest`."""

        def shifted(tick: int) -> int:
            behind = latest - tick - by & 0xFFFFFFFF
            return (latest - (0 if behind >> 31 else behind)) & 0xFFFFFFFF

        for number in self.store.live_services():
            since = self.store.service_word(number, layout.SERVICE_TENURE_SINCE)
            self.store.set_service_word(number, layout.SERVICE_TENURE_SINCE, shifted(since))
        localities = self.store.map("localities")
        for key in list(localities.keys()):
            value = localities.lookup(key)
            if value:
                used, changed = map(shifted, struct.unpack_from("<II", value))
                localities.update(key, struct.pack("<II", used, changed) + value[8:])

    # The connection table

    def conn_high(self) -> int:
        """The highest number of a connection that was ever used."""
        return min(self.store.array("pool").words[0], self.store.array("conns").entries - 1)

    def _life(self, number: int) -> int:
        return self.store.array("conns").memory[number * layout.CONN_SIZE + 45]

    def clear(self) -> None:
        """No service, no connection, all memory given back; deleted destinations stay remembered."""
        self.tables.flush()
        self.end_connections()
        fragments = self.store.map("fragments")
        for key in list(fragments.keys()):
            with suppress(KeyError):
                fragments.delete(key)
        localities = self.store.map("localities")
        for key in list(localities.keys()):
            localities.delete(key)

    def end_connections(self) -> None:
        """Let every connection expire, and its memory rest long enough."""
        for _ in range(2):
            self._shift(-(1 << 29))
            self.sweep()
        self._held = self.now()
