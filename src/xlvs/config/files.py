# SPDX-License-Identifier: Apache-2.0
"""Reading a configuration with the files that it includes. The files themselves come through a protocol.

    include PATTERN     the files that match; it does not matter when there are none
    includer PATTERN    ... and each must be readable
    includem PATTERN    ... and a name without wildcards must exist
    includew PATTERN    ... and a pattern with wildcards must match something
    includeb PATTERN    ... and each part of {a,b} must match something
    includea PATTERN    all of these

`include_check` makes some of them the rule for plain `include`, up to the end of the file that it stands in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from xlvs.config.expand import Expander
from xlvs.config.line import Line, Origin, without_comment
from xlvs.config.problem import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INCLUDE: Final = re.compile(r"\s*include([rmwba]?)\s+(.+)$", re.DOTALL)
CHECKS: Final = {
    "r": frozenset(("readable",)),
    "m": frozenset(("match",)),
    "w": frozenset(("wildcard_match",)),
    "b": frozenset(("brace_match",)),
}
ALL: Final = frozenset().union(*CHECKS.values())
SEED: Final = re.compile(r"[0-9]{1,25}")
NESTING_MAX: Final = 32
BRACE_PARTS_MAX: Final = 4096


class Unreadable(Exception):
    """A file that cannot be read; the text says why."""


class Files(Protocol):
    """The files of a configuration."""

    def matching(self, pattern: str) -> Sequence[str]:
        """Sorted paths of the files that match a pattern of * ? and [...], or that one file. Directories are left out."""

    def read(self, path: str) -> str:
        """The text of a file. Raises Unreadable."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a configuration knows of where it is read."""

    config_id: str = ""
    """Chooses the lines of `@id`: the short host name, or -i."""
    instance: str = ""
    """The value of _INSTANCE."""
    seed: int = 0
    """Of _RANDOM, until random_seed says another."""
    all_files: bool = False
    """Every file that is included has to be there: -e."""


def folder(path: str) -> str:
    """The directory of a file: `/` and `.` where the path names none."""
    head, slash, _ = path.rpartition("/")
    return head or slash or "."


def braces(pattern: str) -> list[str]:
    """The patterns that {a,b} stands for, as in csh."""
    done: list[str] = []
    waiting = [pattern]
    while waiting and len(done) + len(waiting) <= BRACE_PARTS_MAX:
        each = waiting.pop(0)
        # innermost braces first, so that they may be nested
        match = re.search(r"\{([^{}]*)\}", each)
        if not match:
            done.append(each)
        else:
            waiting += [each[: match.start()] + part + each[match.end() :] for part in match[1].split(",")]
    return list(dict.fromkeys(done))


class Reader:
    """Turns a file into lines. Everything that is wrong on the way stands in `problems`."""

    def __init__(self, files: Files, identity: Identity) -> None:
        self._files = files
        self._open: list[str] = []
        self._checks = ALL if identity.all_files else frozenset()
        self._random = identity.seed
        self._instance = identity.instance or identity.config_id
        self._is_endless = False
        self._expander = Expander(
            identity.config_id,
            {
                "_PWD": lambda _: folder(self._open[-1]) if self._open else ".",
                "_INSTANCE": lambda _: self._instance,
                "_RANDOM": self._draw,
                "_HASH": lambda _: "#",
                "_BANG": lambda _: "!",
            },
        )
        self.problems: list[Problem] = []

    def lines(self, path: str) -> Iterator[Line]:
        """The lines of a file and of those that it includes. Raises Unreadable for the file itself."""
        yield from self._file(path, self._files.read(path))
        unfinished = self._expander.unfinished()
        if unfinished:
            origin = Origin(path, 1, "")
            self.problems.append(
                Problem(
                    f"the definition of ${unfinished} is not finished", origin, remedy="its last line ends without \\"
                )
            )

    def _file(self, path: str, text: str) -> Iterator[Line]:
        self._open.append(path)
        kept = self._checks
        for number, line in enumerate(text.split("\n"), 1):
            origin = Origin(path, number, line.rstrip("\r"))
            plain = without_comment(self._up_to_nul(origin))
            include = INCLUDE.match(plain)
            try:
                if include:
                    yield from self._include(include[1], include[2].strip(), origin)
                else:
                    yield from self._plain(plain, origin)
            except Problem as problem:
                self.problems.append(problem)
            if self._is_endless:  # two that include each other twice would be read 2^32 times
                break
        self._checks = kept
        self._open.pop()

    def _up_to_nul(self, origin: Origin) -> str:
        """Where the original's lines end, too; no name of a file may have one."""
        text, nul, _ = origin.text.partition("\0")
        if nul:
            problem = Problem("the line ends at a NUL: the rest is ignored", origin, severity=Severity.NOTICE)
            self.problems.append(problem)
        return text

    def _plain(self, text: str, origin: Origin) -> Iterator[Line]:
        for line in self._expander.feed(text, origin):
            words = line.text.split()
            if words[0] == "include_check":
                self._set_checks(words[1:])
            if words[0] == "random_seed" and words[1:] and SEED.fullmatch(words[1]):
                self._random = int(words[1]) & 0x7FFFFFFF
            yield line

    def _set_checks(self, words: Sequence[str]) -> None:
        if not words:
            self._checks = ALL
        for word in words:
            name = word.lstrip("+-")
            if name in ALL:
                self._checks = self._checks - {name} if word.startswith("-") else self._checks | {name}

    def _include(self, kind: str, pattern: str, origin: Origin) -> Iterator[Line]:
        checks = ALL if kind == "a" else CHECKS.get(kind, self._checks)
        if len(self._open) > NESTING_MAX:
            self._is_endless = True
            raise Problem("files include each other without end", origin, severity=Severity.FATAL)
        here = folder(origin.path)
        missed: list[str] = []
        for part in braces(pattern):
            wanted = part if part.startswith("/") or here == "." else f"{here.rstrip('/')}/{part}"
            found = self._files.matching(wanted)
            if not found:
                missed.append(part)
            for path in found:
                if not self._is_endless:
                    yield from self._included(path, checks, origin)
        if missed:
            self._missing(missed, pattern, checks, origin)

    def _included(self, path: str, checks: frozenset[str], origin: Origin) -> Iterator[Line]:
        try:
            text = self._files.read(path)
        except Unreadable as error:
            severity = Severity.SECURITY if "readable" in checks else Severity.NOTICE
            self.problems.append(Problem(f"{path}: {error}", origin, severity=severity))
            return
        yield from self._file(path, text)

    def _missing(self, missed: Sequence[str], pattern: str, checks: frozenset[str], origin: Origin) -> None:
        wild = set("*?[") & set(pattern)
        needed = "brace_match" if "{" in pattern else "wildcard_match" if wild else "match"
        severity = Severity.SECURITY if needed in checks else Severity.NOTICE
        text = f"no file is included: {', '.join(missed)}"
        self.problems.append(Problem(text, origin, word=pattern, severity=severity))

    def _draw(self, arguments: str) -> str:
        # the numbers of a linear congruence: the same seed gives the same configuration
        try:
            given = [int(word) for word in arguments.split()]
        except ValueError:
            given = []
        low, high = [*given[:2], 0, 32767][:2] if len(given) > 1 else (given[0] if given else 0, 32767)
        self._random = (self._random * 1103515245 + 12345) & 0x7FFFFFFF
        return str(low + (self._random >> 8) % (max(high - low, 0) + 1))
