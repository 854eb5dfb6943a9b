# SPDX-License-Identifier: Apache-2.0
"""The settings below net.ipv4.vs: names, defaults and what may be written (Linux 6.1, measured).

Values are integers (32 bits, signed); `sync_threshold` is a pair, shown with a tab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlvs.model.errors import InvalidArgument, NoSuchSetting

if TYPE_CHECKING:
    from collections.abc import Callable

_INT_MIN, _INT_MAX = -(1 << 31), (1 << 31) - 1

Values = tuple[int, ...]


def _anything(_values: Values) -> bool:
    return True


def _up_to_three(values: Values) -> bool:
    return 0 <= values[0] <= 3


def _not_negative(values: Values) -> bool:
    return values[0] >= 0


def _boolean(values: Values) -> bool:
    return 0 <= values[0] <= 1


def _power_of_two(values: Values) -> bool:
    return values[0] > 0 and values[0] & (values[0] - 1) == 0


def _threshold_and_period(values: Values) -> bool:
    threshold, period = values
    return threshold >= 0 and period >= 0 and (threshold < period or period == 0)


class Sysctl(NamedTuple):
    """One setting: default and the values that are accepted.

    A defence has modes 0 (off), 1 (when memory is short), 3 (on); 2 means that mode 1 is active, which the director
    decides itself, so it reads back as 1.
    """

    default: Values
    accepts: Callable[[Values], bool] = _anything
    is_defence: bool = False


SYSCTLS: dict[str, Sysctl] = {
    "am_droprate": Sysctl((10,)),
    "amemthresh": Sysctl((1024,)),
    "backup_only": Sysctl((0,)),
    "cache_bypass": Sysctl((0,)),
    "conn_reuse_mode": Sysctl((1,)),
    "conntrack": Sysctl((0,)),
    "drop_entry": Sysctl((0,), _up_to_three, is_defence=True),
    "drop_packet": Sysctl((0,), _up_to_three, is_defence=True),
    "expire_nodest_conn": Sysctl((0,)),
    "expire_quiescent_template": Sysctl((0,)),
    "ignore_tunneled": Sysctl((0,)),
    "lblc_expiration": Sysctl((86400,)),
    "lblcr_expiration": Sysctl((86400,)),
    "nat_icmp_send": Sysctl((0,)),
    "pmtu_disc": Sysctl((1,)),
    "run_estimation": Sysctl((1,)),
    "schedule_icmp": Sysctl((0,)),
    "secure_tcp": Sysctl((0,), _up_to_three, is_defence=True),
    "sloppy_sctp": Sysctl((0,)),
    "sloppy_tcp": Sysctl((0,)),
    "snat_reroute": Sysctl((1,)),
    "sync_persist_mode": Sysctl((0,)),
    "sync_ports": Sysctl((1,), _power_of_two),
    # The kernel's default follows the machine's memory (pages / 32); this is that of 2 GB.
    "sync_qlen_max": Sysctl((16384,), _not_negative),
    "sync_refresh_period": Sysctl((0,)),
    "sync_retries": Sysctl((0,), _up_to_three),
    "sync_sock_size": Sysctl((0,)),
    "sync_threshold": Sysctl((3, 50), _threshold_and_period),
    "sync_version": Sysctl((1,), _boolean),
}


def sysctl_of(name: str) -> Sysctl:
    """The setting of that name, or NoSuchSetting."""
    setting = SYSCTLS.get(name)
    if setting is None:
        raise NoSuchSetting
    return setting


def format_values(values: Values) -> str:
    """Values as the setting's file shows them, without newline."""
    return "\t".join(map(str, values))


def parse_values(name: str, text: str, current: Values) -> Values:
    """The setting's values after writing `text` over `current`; InvalidArgument if the kernel would refuse.

    As the kernel reads: blank-separated integers in C notation; missing ones keep their value, surplus is ignored.
    """
    words = text.split()
    if not words:
        raise InvalidArgument
    written = tuple(_parse_integer(word) for word in words[: len(current)])
    values = written + current[len(written) :]
    setting = sysctl_of(name)
    if not setting.accepts(values):
        raise InvalidArgument
    return (1,) if setting.is_defence and values == (2,) else values


def _parse_integer(word: str) -> int:
    digits = word[1:] if word[0] == "-" else word
    if not digits[:1].isdigit() or not digits.isascii() or "_" in digits:
        raise InvalidArgument
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    try:
        value = int(digits, 8 if octal else 16 if digits[:2] in ("0x", "0X") else 10)
    except ValueError:
        raise InvalidArgument from None
    value = -value if word[0] == "-" else value
    if not _INT_MIN <= value <= _INT_MAX:
        raise InvalidArgument
    return value
