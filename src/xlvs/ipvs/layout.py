# SPDX-License-Identifier: Apache-2.0
"""Layouts of the pinned maps as this side reads and writes them; `bpf/ipvs/types.h` declares them.

A test holds every offset here against the BTF of the compiled object, and `MAP_VALUES` is checked at each load.
All are little-endian; ports and addresses are in network order (bytes).
"""

from struct import Struct
from typing import Final

# The number of this set of layouts, LAYOUT in types.h: raised with every change, so that no version edits or takes
# over the tables of another.
LAYOUT: Final = 7

# service: key (address, mark, port, protocol, family), flags, scheduler, engine, list, table, persistence, netmask,
# wrr max, wrr gcd
SERVICE: Final = Struct("<16sI2sBBIBBxxQQIIII")
SERVICE_SIZE: Final = 128
SERVICE_SCHEDULER: Final = 28
SERVICE_ENGINE: Final = 29
SERVICE_PERSISTENCE: Final = 48
SERVICE_FAMILY: Final = 23
SERVICE_FLAGS: Final = 24
SERVICE_LIST: Final = 32
SERVICE_TABLE: Final = 40
SERVICE_WRR: Final = 56
SERVICE_CURSOR: Final = 64
SERVICE_INSTANCE: Final = 72
SERVICE_TENURE: Final = 76
SERVICE_TENURE_SINCE: Final = 80
SERVICE_LOCALITIES: Final = 84
SERVICE_SHAPE: Final = 88
SERVICE_TIMEOUTS: Final = 104  # TCP, closing TCP, UDP, in seconds
SERVICE_ON_REMOVED: Final = 116
SERVICE_ON_QUIESCED: Final = 117
SERVICE_LOCAL_LIST: Final = 120
SERVICE_KEY: Final = Struct("<16sI2sBB")

LIVE: Final = 1
PERSISTENT: Final = 2
ONE_PACKET: Final = 4
SCHEDULER_FLAGS: Final = 0x38
NO_TOA: Final = 0x40

# dest: address, port, family, method, service, flags, weight, upper, lower, tunnel type, flags, port, deleted, last
# weight
DEST: Final = Struct("<16s2sBBIIIIIBB2sII")
DEST_SIZE: Final = 192
DEST_FAMILY: Final = 18
DEST_METHOD: Final = 19
DEST_SERVICE: Final = 20
DEST_FLAGS: Final = 24
DEST_WEIGHT: Final = 28
DEST_UPPER_THRESHOLD: Final = 32
DEST_DELETED: Final = 44
DEST_LAST_WEIGHT: Final = 48
DEST_INSTANCE: Final = 52
DEST_GENERATION: Final = 56
DEST_DRAINED: Final = 60
DEST_KEY: Final = 64
DEST_SOURCE: Final = 88
DEST_COUNTS: Final = 128
DEST_OVERLOADED: Final = 140
DEST_PLACE: Final = 160
DEST_ENDED: Final = 168
DEST_DRY: Final = 172
COUNTS: Final = Struct("<IIII")  # active, inactive, persistent, overloaded

USED: Final = 1
AVAILABLE: Final = 2
KEPT: Final = 4
DROPPED: Final = 8
FOREIGN: Final = 16

# selection: first, count, act, kinds, states, since; client, its mask, server; service; ports; protocol, by service,
# destination
SELECTION: Final = Struct("<6I16s16s16s24s2s2sBBxxII")
SELECTION_KINDS: Final = 12
SELECTION_SINCE: Final = 20
SELECTION_CHOSEN: Final = 112  # all, TCP, templates
SELECTION_FOUND: Final = 128

# local address: address, service key, first and last port, flags, cursor, used
LOCAL_ADDRESS: Final = Struct("<16s24sHHIII8x")
LOCAL_ADDRESS_SIZE: Final = 64
LOCAL_ADDRESS_FLAGS: Final = 44
LOCAL_ADDRESS_USED: Final = 52
LOCAL_ADDRESS_LISTED: Final = 1

# conn: client, virtual, cport, vport, dport, protocol, method, expires, state, life, bits, dest, control; hops
CONN: Final = Struct(">16s16sHHHBB4sBBH4s4s8x")
CONN_SIZE: Final = 64
CONN_EXPIRES: Final = 40
CONN_PARTNER: Final = 60  # of full NAT: number of its companion
CONN_LIVE: Final = 1
CONN_ONE_PACKET: Final = 8  # of the bits
CONN_COMPANION: Final = 1024
CONN_SYNCED: Final = 2048  # but of full NAT
CONN_PLACE_SHIFT: Final = 4
PLACE_LEVEL_MASK: Final = 31
PLACE_SPILLED: Final = 32
PROTOCOL_TEMPLATE: Final = 0x40  # in the protocol: a persistence template
ENDED_LIFE_S: Final = 30  # for so long one that was ended on command is remembered
TEMPLATE_STATES: Final = ("NONE", "ASSURED")

CALL: Final = Struct("<II256s")  # hash, length, Call-ID

SETTINGS_SERVICES: Final = {2: 0, 10: 4}  # by family
SETTINGS_SERVICE_HIGH: Final = 8
SETTINGS_DEST_HIGH: Final = 12
SETTINGS_TIMEOUTS: Final = 16
SETTINGS_EDITING_UNTIL: Final = 144
SETTINGS_SYSCTLS: Final = 148
SETTINGS_FREE_PAGES_AT: Final = 416
SETTINGS_FREE_PAGES: Final = 424
SETTINGS_MARKS: Final = {2: 428, 10: 432}  # by family
SETTINGS_MARK_DEVICE: Final = 436
SETTINGS_MARK_RANGES: Final = 440
SETTINGS_UNPRIVILEGED_PORT: Final = 444
SETTINGS_ACCEPT_LOCAL: Final = 452
SETTINGS_SERVICES_ENGINE: Final = 448
SETTINGS_SERVICES_TIMEOUTS: Final = 456
SETTINGS_ENDED_UNTIL: Final = 460
SETTINGS_SYNC: Final = 464
SETTINGS_TURN_BY_REDIRECT: Final = 468

# What is told of a connection between directors; all but number and call as on the wire.
SYNC_ENTRY_SIZE: Final = 80
SYNC_TRACK_SIZE: Final = 12
# daemon: state, error, interface, group, maxlen, port, ttl, syncid, keyed, key, dump, lost
SYNC_DAEMON: Final = Struct("<II16s16sIHBBI32sII4x")
SYNC_DAEMON_SIZE: Final = 96
SYNC_DAEMON_DUMP: Final = 84
SYNC_DAEMON_LOST: Final = 88
SYNC_MASTER: Final = 1
SYNC_BACKUP: Final = 2
SYNC_NONE: Final = 0
SYNC_STARTING: Final = 1
SYNC_CONFIGURED: Final = 2
SYNC_REFUSED: Final = 3

LEDGER_HASH_SEED: Final = 0
LEDGER_EDITING: Final = 8
LEDGER_ATTACH_CHOSEN: Final = 12
LEDGER_SERVICE_FREE: Final = 16
LEDGER_DEST_FREE: Final = 20
LEDGER_SLOT_NEXT: Final = 24
LEDGER_SLOT_FREE: Final = 28
LEDGER_TICKS_PER_SECOND: Final = 124
LEDGER_INSTANCES: Final = 128
LEDGER_PURGED: Final = 132
LEDGER_LAYOUT: Final = 136
LEDGER_LOCAL_ADDRESS_HIGH: Final = 140
SLOT_CLASSES: Final = 24

COUNTERS: Final = Struct("<5Q")
ESTIMATE: Final = Struct("<20Q")  # seen, zero, base: five each; then the five rates
ESTIMATE_SIZE: Final = 160
ESTIMATE_ZERO: Final = 40
ESTIMATE_BASE: Final = 80
ESTIMATE_RATES: Final = 120

FILTER_WORDS: Final = 8192
FILTER_DEST: Final = FILTER_WORDS * 8

STATE_NAMES: Final = (
    "NONE",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "SYNACK",
    "UDP",
    "INIT1",
    "INIT",
    "C-SENT",
    "C-REPLIED",
    "C-WAIT",
    "COOKIE",
    "C-ECHOED",
    "ESTABLISHED",
    "S-SENT",
    "S-RECEIVED",
    "S-ACK-SENT",
    "REJECTED",
    "CLOSED",
)
CLOCKWORK_TICKS: Final = 32  # how often the timer ran

# What became of packets, in the order of `enum verdict` (verdict.h); from `forward` on each is counted.
VERDICT_NAMES: Final = (
    "continue",
    "pass",
    "forward",
    "reply",
    "forward_icmp",
    "reply_icmp",
    "hand_up",
    "stack",
    "answered",
    "unreachable",
    "held",
    "back",
    "reset",
    "drop_no_destination",
    "drop_destination_gone",
    "drop_table_full",
    "drop_no_route",
    "drop_forwarding_off",
    "drop_ttl",
    "drop_too_big",
    "drop_malformed",
    "drop_method",
    "drop_icmp_limit",
    "drop_fragments",
    "drop_defence",
    "drop_mark_loop",
    "drop_no_call_id",
    "drop_no_local_port",
    "drop_internal",
)

STATE_ESTABLISHED: Final = 1
STATE_FIN_WAIT: Final = 4
STATE_UDP: Final = 11
# Seconds by state, in the order of STATE_NAMES; three of them can be set with --set.
STATE_TIMEOUTS_S: Final = (
    *(2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120),
    300,
    *(4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61),
)

MAP_VALUES: Final = {
    "settings": 512,
    "ledger": 144,
    "services": SERVICE_SIZE,
    "dests": DEST_SIZE,
    "local_addresses": LOCAL_ADDRESS_SIZE,
    "slots": 64,
    "conns": CONN_SIZE,
    "sync_daemons": SYNC_DAEMON_SIZE,
    "service_estimates": ESTIMATE_SIZE,
    "dest_estimates": ESTIMATE_SIZE,
}

NO_SLOTS: Final = 0xFFFFFFFF
NO_CURSOR: Final = 0xFFFFFFFF
_MAPPED: Final = bytes(10) + b"\xff\xff"
_MULTIPLIER: Final = 0x9E3779B97F4A7C15
_WORD: Final = (1 << 64) - 1


def wide(address: bytes) -> bytes:
    """An address in the 16 bytes of the maps: IPv4 in its mapped form."""
    return _MAPPED + address if len(address) == 4 else address


def narrow(address: bytes, family: int) -> bytes:
    """Back to 4 bytes for IPv4."""
    return address[12:] if family == 2 else address


def filter_bit(address: bytes) -> int:
    """Which of the 524,288 bits of a filter stands for an address (16 bytes): `hash_addr` in hash.h."""
    low, high = int.from_bytes(address[:8], "little"), int.from_bytes(address[8:], "little")
    return ((low ^ high ^ low >> 31) * _MULTIPLIER & _WORD) >> 45
