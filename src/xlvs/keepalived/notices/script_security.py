# SPDX-License-Identifier: Apache-2.0
"""Whether a script may run, and as whom: the original's rules, which look at the whole path of what root would run."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
from dataclasses import dataclass, replace
from enum import Enum
from itertools import accumulate
from typing import TYPE_CHECKING

from xlvs.model.errors import UsageError
from xlvs.model.rights import Rights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Fault(Enum):
    """What keeps a program from running. The value is how a tracked script's log line ends, empty: it has none."""

    INSECURE = "due to insecure"
    MISSING = "since not found/accessible"
    NOT_EXECUTABLE = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found under a name: the program to run, what is wrong with it, lines for the log."""

    program: str
    fault: Fault | None = None
    insecure: bool = False
    """Others than root may write it, or move it away."""
    lines: tuple[str, ...] = ()


def rights_of(user: str, group: str = "", *, supplementary: bool = False) -> Rights:
    """A user by name, whose own group it is if none is named. Raises UsageError: there is none."""
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise UsageError(f"Script user '{user}' does not exist") from None
    try:
        gid = grp.getgrnam(group).gr_gid if group else found.pw_gid
    except KeyError:
        raise UsageError(f"Script group '{group}' does not exist") from None
    groups = os.getgrouplist(user, gid) if supplementary else ()
    return Rights(found.pw_uid, gid, tuple(groups))


def examine(name: str, who: Rights, *, secure: bool, keeps_links: bool = False) -> Finding:
    """Look at a program. `secure`: an insecure one does not run; `keeps_links`: it is run by the name that is given."""
    given = name
    lines: tuple[str, ...] = ()
    if "/" not in name:
        found = shutil.which(name)
        if found is None:
            return Finding(name, Fault.MISSING, lines=(f"Cannot find script {name} in path - disabling",))
        given = found
    try:
        real = os.path.realpath(given, strict=True)
        parts = list(_parts(real))
    except OSError as error:
        return Finding(name, Fault.MISSING, lines=(f"Script {name} cannot be accessed - {error.strerror}",))
    program = os.path.abspath(given) if keeps_links else _kept_name(given, real)
    if "/" not in name:
        lines = (f"WARNING - script `{name}` resolved by path search to `{program}`. Please specify full path.",)
    finding = judge(program, parts, who, secure=secure)
    return replace(finding, lines=lines + finding.lines)


def judge(program: str, parts: Sequence[os.stat_result], who: Rights, *, secure: bool) -> Finding:
    """Whether a program may run. `parts`: what is on the way to it, from the root directory to itself."""
    if not stat.S_ISREG(parts[-1].st_mode):
        return Finding(program, Fault.INSECURE, lines=(f"Wrong file type found in script path '{program}'.",))
    lines: tuple[str, ...] = ()
    insecure = who.is_privileged and any(_others_may_write(each) for each in parts)
    if insecure:
        lines += (f"Unsafe permissions found for script '{program}'{' - disabling' if secure else ''}.",)
        if secure:
            return Finding(program, Fault.INSECURE, insecure, lines)
    if not all(_may_execute(each, who) for each in parts):
        text = f"WARNING - script '{program}' is not executable for uid:gid {who.uid}:{who.gid} - disabling."
        return Finding(program, Fault.NOT_EXECUTABLE, insecure, (*lines, text))
    return Finding(program, None, insecure, lines)


def _parts(path: str) -> Iterator[os.stat_result]:
    """Everything on the way to a file, the root first, itself last. Raises OSError."""
    for each in accumulate(path.split("/")[1:], lambda before, name: f"{before.rstrip('/')}/{name}", initial="/"):
        yield os.stat(each)


def _kept_name(given: str, real: str) -> str:
    """The resolved path; but a link to a file beside it keeps its name, by which some programs know what to do."""
    folder = os.path.realpath(os.path.dirname(given) or ".")
    return os.path.join(folder, os.path.basename(given)) if folder == os.path.dirname(real) else real


def _others_may_write(found: os.stat_result) -> bool:
    """Whether others than root can change it. In a directory with the sticky bit only owners can take away."""
    if found.st_uid:
        return True
    by_group = found.st_mode & stat.S_IWGRP and found.st_gid
    by_all = found.st_mode & stat.S_IWOTH
    is_sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    return bool(by_group or by_all) and not is_sticky


def _may_execute(found: os.stat_result, who: Rights) -> bool:
    """A program, or a directory that is gone through."""
    mode = found.st_mode
    if not who.uid:
        return stat.S_ISDIR(mode) or bool(mode & 0o111)
    if who.uid == found.st_uid:
        return bool(mode & stat.S_IXUSR)
    if found.st_gid in {who.gid, *who.groups}:
        return bool(mode & stat.S_IXGRP)
    return bool(mode & stat.S_IXOTH)
