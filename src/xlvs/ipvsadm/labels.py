# SPDX-License-Identifier: Apache-2.0
"""Commands and options under the names that messages use, and which option goes with which command."""

from __future__ import annotations

from enum import Enum

# The order is that in which options are checked, so that of several wrong ones the first here is named.
OPTION_LABELS = (
    "numeric",
    "connection",
    "service-address",
    "scheduler",
    "persistent",
    "netmask",
    "real-server",
    "forwarding-method",
    "weight",
    "u-threshold",
    "l-threshold",
    "mcast-interface",
    "timeout",
    "daemon",
    "stats",
    "rate",
    "thresholds",
    "persistent-conn",
    "nosort",
    "syncid",
    "exact",
    "ops",
    "pe",
    "sched-flags",
    "mcast-group",
    "mcast-port",
    "mcast-ttl",
    "sync-maxlen",
    "tun-info",
    "tun-type",
    "tun-port",
    "tun-nocsum",
    "tun-csum",
    "tun-remcsum",
)

BIT_OF = {label: 1 << index for index, label in enumerate(OPTION_LABELS)}


def bits(labels: str) -> int:
    """The set of options, given as blank-separated labels, as bits."""
    total = 0
    for label in labels.split():
        total |= BIT_OF[label]
    return total


class Command(Enum):
    """A command, by its name in messages."""

    ADD_SERVICE = "add-service"
    EDIT_SERVICE = "edit-service"
    DELETE_SERVICE = "delete-service"
    FLUSH = "flush"
    LIST = "list"
    ADD_SERVER = "add-server"
    EDIT_SERVER = "edit-server"
    DELETE_SERVER = "delete-server"
    SET = "set"
    START_DAEMON = "start-daemon"
    STOP_DAEMON = "stop-daemon"
    RESTORE = "restore"
    SAVE = "save"
    ZERO = "zero"
    HELP = "help"
    VERSION = "version"

    # Members are singletons, and Enum's own hash goes through the name.
    __hash__ = object.__hash__


_SERVICE_OPTIONS = "scheduler persistent netmask ops pe sched-flags"
TUNNEL_OPTIONS = bits("tun-type tun-port tun-nocsum tun-csum tun-remcsum")
_SERVER_OPTIONS = "forwarding-method weight u-threshold l-threshold tun-type tun-port tun-nocsum tun-csum tun-remcsum"
_LIST_OPTIONS = (
    "numeric connection service-address timeout daemon stats rate thresholds persistent-conn tun-info "
    "nosort syncid exact"
)
_DAEMON_OPTIONS = "mcast-interface syncid mcast-group mcast-port mcast-ttl sync-maxlen"

SERVICE = bits("service-address")
SERVICE_AND_SERVER = bits("service-address real-server")

# Command: options that it must have, options that it may have besides.
ALLOWED: dict[Command, tuple[int, int]] = {
    Command.ADD_SERVICE: (SERVICE, bits(_SERVICE_OPTIONS)),
    Command.EDIT_SERVICE: (SERVICE, bits(_SERVICE_OPTIONS)),
    Command.DELETE_SERVICE: (SERVICE, 0),
    Command.FLUSH: (0, 0),
    Command.LIST: (0, bits(_LIST_OPTIONS)),
    Command.ADD_SERVER: (SERVICE_AND_SERVER, bits(_SERVER_OPTIONS)),
    Command.EDIT_SERVER: (SERVICE_AND_SERVER, bits(_SERVER_OPTIONS)),
    Command.DELETE_SERVER: (SERVICE_AND_SERVER, 0),
    Command.SET: (0, 0),
    Command.START_DAEMON: (0, bits(_DAEMON_OPTIONS)),
    Command.STOP_DAEMON: (0, bits("syncid")),
    Command.RESTORE: (0, 0),
    Command.SAVE: (0, bits("numeric")),
    Command.ZERO: (0, SERVICE),
}

# Of these a listing takes one.
EXCLUSIVE_LIST_OPTIONS = bits("connection service-address timeout daemon")
