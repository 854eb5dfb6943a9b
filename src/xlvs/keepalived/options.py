# SPDX-License-Identifier: Apache-2.0
"""The original's command line."""

from __future__ import annotations

import argparse
import os
import sys
import syslog
from typing import TYPE_CHECKING, Final

from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNALS: Final = {"STOP": 15, "RELOAD": 1, "DATA": 10, "STATS": 12, "STATS_CLEAR": 63, "JSON": 36}
DEFAULT_FILE: Final = "/etc/keepalived/keepalived.conf"
CORE_PATTERN: Final = "core"
_WITHOUT_EFFECT: Final = {
    "perf": "--perf: use perf record -p with the pid file",
    "debug": "--debug: the options of the original's debug builds are not there; -D logs in detail",
}


def facility(word: str) -> int:
    """The number of a facility: 0 to 7, local0 to local7, user, daemon. Raises UsageError."""
    names = {"user": syslog.LOG_USER, "daemon": syslog.LOG_DAEMON}
    if word in names:
        return names[word]
    number = word.removeprefix("local")
    if len(number) != 1 or number not in "01234567":
        raise UsageError(f"there is no log facility {word} (0 to 7, local0 to local7, user, daemon)")
    return syslog.LOG_LOCAL0 + (int(number) << 3)


def print_signal(word: str) -> int:
    """``--signum``: the number of a signal; 1 when there is none of this name, as the original."""
    if word not in SIGNALS:
        print(f"Unknown sigfunc {word}; there are {', '.join(SIGNALS)}", file=sys.stderr)
        return 1
    print(SIGNALS[word])
    return 0


def notices(options: argparse.Namespace) -> list[str]:
    """What is asked for and not done, one line each."""
    return [text for name, text in _WITHOUT_EFFECT.items() if getattr(options, name)]


def umask(word: str) -> int:
    """-u: a number as C has it. Raises UsageError."""
    try:
        value = int(word, 8 if word.startswith("0") and not word.lower().startswith("0x") else 0)
    except ValueError:
        value = -1
    if not 0 <= value <= 0o777:
        raise UsageError(f"{word} is not a umask (0 to 0777)")
    return value


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options."""
    options = _parser().parse_args(argv)
    facility(options.log_facility)
    if options.umask is not None:
        options.umask = umask(options.umask)
    options.config_id = options.config_id or os.uname().nodename.partition(".")[0]
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs keepalived",
        description="VRRP and health checks from keepalived.conf",
        epilog="xlvs keepalived status: what the daemon does; plan FILE: what a reload would change; "
        "check FILE: what is wrong with a configuration",
    )
    _what_runs(parser)
    _logging(parser)
    _files(parser)
    _instead(parser)
    return parser


def _what_runs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what runs")
    add = group.add_argument
    add("-f", "--use-file", default=DEFAULT_FILE, metavar="FILE", help="the configuration (default: %(default)s)")
    add("-P", "--vrrp", action="store_true", help="VRRP only (with -C: both, without BFD)")
    add("-C", "--check", action="store_true", help="health checks only")
    add("-B", "--no_bfd", action="store_true", help="no BFD")
    add("--all", action="store_true", help="all parts, even without anything to do")
    add("-n", "--dont-fork", action="store_true", help="stay in the foreground")
    add("-R", "--dont-respawn", action="store_true", help="end when a part dies, instead of starting it again")
    add("-V", "--dont-release-vrrp", action="store_true", help="leave the virtual addresses at the end")
    add("-I", "--dont-release-ipvs", action="store_true", help="leave the tables at the end")
    add("-X", "--release-vips", action="store_true", help="take addresses off when told by a signal (always done)")
    add("-s", "--namespace", metavar="NAME", help="run in this network namespace")
    add("-e", "--all-config", action="store_true", help="every included file has to be there")
    add("-i", "--config-id", metavar="ID", help="which lines beginning with @ are meant (default: the host's name)")
    add("-u", "--umask", metavar="MASK", help="of files that are made")
    add("-m", "--core-dump", action="store_true", help="allow core dumps of any size")
    add(
        "-M",
        "--core-dump-pattern",
        nargs="?",
        const=CORE_PATTERN,
        metavar="PATTERN",
        help="-m, with this kernel.core_pattern until the end (default: core)",
    )
    add("-x", "--snmp", action="store_true", help="answer the SNMP master agent for routers and servers")
    add(
        "-A",
        "--snmp-agent-socket",
        metavar="PLACE",
        default="",
        help="where the SNMP master agent listens (default: unix:/var/agentx/master)",
    )
    add("--perf", nargs="?", const="all", help=argparse.SUPPRESS)
    add("--debug", nargs="?", const="all", help=argparse.SUPPRESS)
    add("--no-mem-check", action="store_true", help=argparse.SUPPRESS)


def _logging(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is logged")
    add = group.add_argument
    add("-l", "--log-console", action="store_true", help="log to the console")
    add("-D", "--log-detail", action="store_true", help="log in detail")
    add("-S", "--log-facility", default="daemon", metavar="FACILITY", help="of syslog: 0 to 7, user, daemon")
    add("-g", "--log-file", metavar="FILE", help="log to a file; parts have files of their own beside it")
    add("--flush-log-file", action="store_true", help="write each line of -g at once (always done)")
    add("-G", "--no-syslog", action="store_true", help="no syslog")
    add("-a", "--address-monitoring", action="store_true", help="log addresses that come and go")
    add("-d", "--dump-conf", action="store_true", help="log the configuration at the start")


def _files(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("pid files")
    add = group.add_argument
    add("-p", "--pid", default="", metavar="FILE", help="of the first process (default: /run/keepalived.pid)")
    add("-r", "--vrrp_pid", default="", metavar="FILE", help="of VRRP (default: /run/vrrp.pid)")
    add("-c", "--checkers_pid", default="", metavar="FILE", help="of the health checks (default: /run/checkers.pid)")
    add("-b", "--bfd_pid", default="", metavar="FILE", help="of BFD (default: /run/bfd.pid)")


def _instead(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("instead of running")
    add = group.add_argument
    add(
        "-t",
        "--config-test",
        nargs="?",
        const="",
        metavar="FILE",
        help="check the configuration only, and say it in FILE",
    )
    add("--signum", metavar="WORD", help=f"print the number of a signal: {', '.join(SIGNALS)}")
    add("-v", "--version", action="store_true", help="the version")
    add("-T", "--genhash", action="store_true", help="print the digest of a page: -s HOST -p PORT -u PATH [-S]")
