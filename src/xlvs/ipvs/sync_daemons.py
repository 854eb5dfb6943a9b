# SPDX-License-Identifier: Apache-2.0
"""Synchronisation daemons as the director remembers them: what was asked for outlives the process that does it.

A daemon is configured in the pinned map `sync_daemons`; a process, one for both roles, takes up what it finds there
(`xlvs.syncd`). It holds a lock as long as it lives, so that anybody can tell whether to start it.
"""

from __future__ import annotations

import os
import sys
import time
from errno import ECANCELED, ETIMEDOUT
from fcntl import LOCK_EX, LOCK_NB, flock
from struct import pack
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from xlvs.ipvs import layout
from xlvs.linux import bpffs
from xlvs.linux.bpf_map import F_INNER_MAP, TYPE_ARRAY, TYPE_RINGBUF, Map
from xlvs.model.errors import KernelError
from xlvs.model.settings import DaemonRole, SyncDaemon

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

ROLES: Final[tuple[DaemonRole, ...]] = get_args(DaemonRole)
RING_BYTES: Final = 1 << 22  # some 50,000 connections on their way to the process
_PATIENCE_S: Final = 10.0
_LOOK_S: Final = 0.002
_FIRST: Final = bytes(4)
_BITS: Final = {"master": layout.SYNC_MASTER, "backup": layout.SYNC_BACKUP}


class Configured(NamedTuple):
    """One entry of the map."""

    daemon: SyncDaemon
    state: int
    error: int
    key: bytes
    dump: int
    lost: int


def entry(store: Store, role: DaemonRole) -> Configured:
    """What stands in the map for a role; `state` says whether it means anything."""
    memory = store.array("sync_daemons").memory
    fields = layout.SYNC_DAEMON.unpack_from(memory, ROLES.index(role) * layout.SYNC_DAEMON_SIZE)
    state, error, interface, group, maxlen, port, ttl, syncid, keyed, key, dump, lost = fields
    name = interface.rstrip(b"\0").decode(errors="surrogateescape")
    daemon = SyncDaemon(role, name, syncid, maxlen, group[12:] if group[:12] == _MAPPED else group, port, ttl)
    return Configured(daemon, state, error, key if keyed else b"", dump, lost)


def configured(store: Store) -> list[SyncDaemon]:
    """The daemons that run, or would if their process had not died; master first."""
    found = (entry(store, role) for role in ROLES)
    return [each.daemon for each in found if each.state == layout.SYNC_CONFIGURED]


def begin(store: Store, daemon: SyncDaemon, key: bytes) -> None:
    """Note that a daemon is wanted, under the director's lock; `await_start` follows.

    `key`: 32 bytes, or empty: messages are not authenticated.
    """
    make_room(store)
    _write(store, daemon, key)


def await_start(store: Store, role: DaemonRole) -> None:
    """Returns when the process has taken up what was noted. Raises KernelError, and nothing is configured then."""
    try:
        run_process(store)
        _await(store, role)
    except BaseException:
        set_state(store, role, layout.SYNC_NONE)
        raise
    apply(store)


def stop(store: Store, role: DaemonRole) -> None:
    """End a daemon; returns when its process has let go."""
    set_state(store, role, layout.SYNC_NONE)
    apply(store)
    if is_alive(store.directory):
        wake(store)
    until = time.monotonic() + _PATIENCE_S
    while entry(store, role).error != _RELEASED and is_alive(store.directory) and time.monotonic() < until:
        time.sleep(_LOOK_S)


def run_process(store: Store) -> None:
    """Start the process where there is none, and tell the one that there is to look."""
    if is_alive(store.directory):
        wake(store)
        return
    import subprocess

    with open(os.devnull, "r+b") as null:
        starter = subprocess.run(
            [sys.executable, "-m", "xlvs.syncd", store.directory],
            stdin=null, stdout=null, stderr=null, check=False, cwd="/", start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
    if starter.returncode:
        raise KernelError("starting the synchronisation daemon", ECANCELED)


def revive(store: Store) -> bool:
    """Start the process again where daemons are configured and it died; True when it did."""
    if not store.setting(layout.SETTINGS_SYNC) or is_alive(store.directory):
        return False
    run_process(store)
    return True


def is_alive(directory: str) -> bool:
    """Whether the director has its process."""
    fd = take_lock(directory)
    if fd is None:
        return True
    os.close(fd)
    return False


def take_lock(directory: str) -> int | None:
    """Become the director's process: a descriptor to be held, None when another one is."""
    path = f"{directory}/syncd"
    bpffs.make_directory(path)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def request_dump(store: Store) -> None:
    """Have the master send the whole table."""
    words = store.array("sync_daemons").words
    words[layout.SYNC_DAEMON_DUMP >> 2] = (words[layout.SYNC_DAEMON_DUMP >> 2] + 1) & 0xFFFFFFFF
    wake(store)


def answer(store: Store, role: DaemonRole, error: int = 0) -> None:
    """The process says whether it does what was asked for: 0, or why not."""
    words = store.array("sync_daemons").words
    base = ROLES.index(role) * layout.SYNC_DAEMON_SIZE >> 2
    words[base + 1] = error
    if words[base] == layout.SYNC_STARTING:
        words[base] = layout.SYNC_REFUSED if error else layout.SYNC_CONFIGURED
    apply(store)


def make_room(store: Store) -> None:
    """The maps that a daemon needs; those that are there stay."""
    if store.map("sync_rings").lookup(_FIRST) is None:
        with Map.create(TYPE_RINGBUF, "sync_ring", 0, 0, RING_BYTES) as ring:
            store.map("sync_rings").update(_FIRST, pack("<I", ring.fd))
    if store.map("sync_tracks").lookup(_FIRST) is None:
        room = store.room("conns")
        with Map.create(TYPE_ARRAY, "sync_track", 4, layout.SYNC_TRACK_SIZE, room, flags=F_INNER_MAP) as tracks:
            store.map("sync_tracks").update(_FIRST, pack("<I", tracks.fd))


def ring(store: Store) -> Map:
    """The way of changed connections; the caller closes it."""
    found = store.map("sync_rings").lookup(_FIRST)
    if found is None:
        raise KernelError("opening the ring of the synchronisation daemon", ECANCELED)
    return Map.from_id(int.from_bytes(found, "little"))


_MAPPED: Final = bytes(10) + b"\xff\xff"


def _write(store: Store, daemon: SyncDaemon, key: bytes) -> None:
    base = ROLES.index(daemon.role) * layout.SYNC_DAEMON_SIZE
    packed = layout.SYNC_DAEMON.pack(
        layout.SYNC_STARTING, 0, daemon.interface.encode(errors="surrogateescape"), layout.wide(daemon.group),
        daemon.sync_maxlen, daemon.port, daemon.ttl, daemon.syncid, bool(key), key, 0, 0,
    )  # fmt: skip
    store.array("sync_daemons").memory[base + 4 : base + layout.SYNC_DAEMON_SIZE] = packed[4:]
    store.array("sync_daemons").words[base >> 2] = layout.SYNC_STARTING


def set_state(store: Store, role: DaemonRole, state: int) -> None:
    """Store the state of a role."""
    store.array("sync_daemons").words[ROLES.index(role) * layout.SYNC_DAEMON_SIZE >> 2] = state


def apply(store: Store) -> None:
    """Let the packet path know. What is remembered of connections is given back with the master daemon."""
    roles = {each.role for each in configured(store)}
    store.set_setting(layout.SETTINGS_SYNC, sum(_BITS[role] for role in roles))
    if not any(entry(store, "master").state == each for each in (layout.SYNC_STARTING, layout.SYNC_CONFIGURED)):
        store.map("sync_tracks").delete(_FIRST)


def wake(store: Store) -> None:
    """Let the process look at what is configured now, not within a second."""
    from xlvs.linux.bpf_program import Program

    with Program.from_pin(f"{store.directory}/prog_sync_wake") as program:
        program.test_run(bytes(64))


def _await(store: Store, role: DaemonRole) -> None:
    until = time.monotonic() + _PATIENCE_S
    while (found := entry(store, role)).state == layout.SYNC_STARTING:
        if time.monotonic() > until:
            raise KernelError("starting the synchronisation daemon", ETIMEDOUT)
        if not is_alive(store.directory):  # it was about to end, having nothing to do
            run_process(store)
        time.sleep(_LOOK_S)
    if found.state == layout.SYNC_REFUSED:
        raise KernelError("starting the synchronisation daemon", found.error)


_RELEASED: Final = 0xFFFFFFFF


def drop_ring(store: Store) -> None:
    """The process ends, with nothing to do: the ring's memory is given back."""
    store.map("sync_rings").delete(_FIRST)


def released(store: Store, role: DaemonRole) -> None:
    """The process says that it has stopped a daemon."""
    store.array("sync_daemons").words[(ROLES.index(role) * layout.SYNC_DAEMON_SIZE >> 2) + 1] = _RELEASED
