# SPDX-License-Identifier: Apache-2.0
"""``xlvs keepalived check FILE``, and the original's ``--config-test``."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from xlvs.config.build.config import Loaded, by_place, load
from xlvs.config.files import Identity, Unreadable
from xlvs.config.host import host_problems
from xlvs.config.problem import Problem, Severity
from xlvs.keepalived.daemon.files import DiskFiles, ThisHost
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlvs.config.files import Files
    from xlvs.config.host import Host

DEFAULT_FILE: Final = "/etc/keepalived/keepalived.conf"


def short_host_name() -> str:
    """What @ID is compared with unless -i says otherwise."""
    return os.uname().nodename.partition(".")[0]


def examine(path: str, identity: Identity, files: Files, host: Host | None) -> tuple[Loaded, list[Problem]]:
    """A configuration and everything that is wrong with it, here. Raises Unreadable."""
    loaded = load(path, files, identity)
    lacking = host_problems(loaded.statements, host) if host else []
    return loaded, by_place([*loaded.problems, *lacking])


def exit_code(problems: Iterable[Problem]) -> int:
    """What Keepalived 2.2.7 ends its --config-test with.

    Of several kinds of problems the one with the greatest number counts, which is not the worst one; a keyword without
    its value ends everything with 2.
    """
    codes = {problem.severity.value for problem in problems}
    if Severity.PARAMETER.value in codes:
        return Severity.PARAMETER.value
    return max(codes, default=0)


def config_test(path: str, identity: Identity, *, log: str = "") -> int:
    """``-t``: one line for each problem on stderr or in a file, and the original's exit code."""
    try:
        _, problems = examine(path, identity, DiskFiles(), ThisHost())
    except Unreadable as error:
        lines, code = [f"{path}: {error}"], 0
    else:
        shown = [problem for problem in problems if problem.severity is not Severity.NOTICE]
        lines, code = [_line(problem) for problem in shown], exit_code(problems)
    text = _printable("".join(f"{line}\n" for line in lines))
    if not log:
        sys.stderr.write(text)
        return code
    try:
        with open(log, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{log}: {error.strerror}") from None
    return code


def _line(problem: Problem) -> str:
    remedy = f" ({problem.remedy})" if problem.remedy else ""
    return f"({problem.origin.path}: Line {problem.origin.number}) {problem.message}{remedy}"


def main(argv: Sequence[str]) -> int:
    """Run ``xlvs keepalived check ARGV``: 0 when nothing is wrong, 1 when something is."""
    options = _parser().parse_args(argv)
    identity = Identity(options.config_id or short_host_name())
    try:
        loaded, problems = examine(options.file, identity, DiskFiles(), None if options.no_host else ThisHost())
    except Unreadable as error:
        raise UsageError(f"{options.file}: {error}") from None
    wrong = [problem for problem in problems if problem.severity is not Severity.NOTICE]
    for problem in problems:
        kind = "notice" if problem.severity is Severity.NOTICE else "error"
        place, _, rest = problem.report().partition(": ")
        sys.stdout.write(_printable(f"{place}: {kind}: {rest}\n"))
    sys.stdout.write(_summary(loaded, len(wrong), len(problems) - len(wrong)))
    return 1 if wrong else 0


def _summary(loaded: Loaded, errors: int, notices: int) -> str:
    config = loaded.config
    servers = sum(len(service.real_servers) for service in config.virtual_servers)
    parts = [
        _count(len(config.instances), "virtual router"),
        _count(len(config.virtual_servers), "virtual server"),
        _count(servers, "real server"),
    ]
    return f"{_count(errors, 'error')}, {_count(notices, 'notice')}; {', '.join(parts)}\n"


def _printable(text: str) -> str:
    return text.encode(errors="replace").decode()


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs keepalived check",
        description="Everything that is wrong with a configuration: file, line, column, the line itself, and what helps.",
        epilog="exit code: 0 nothing is wrong (notices do not count), 1 something is, 2 the file cannot be read",
    )
    parser.add_argument("file", nargs="?", default=DEFAULT_FILE, metavar="FILE", help="(default: %(default)s)")
    parser.add_argument("-i", "--config-id", metavar="ID", help="which lines of @ID count (default: the host's name)")
    parser.add_argument(
        "--no-host", action="store_true", help="do not compare with this host's interfaces, programs and users"
    )
    return parser
