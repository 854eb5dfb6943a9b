# SPDX-License-Identifier: Apache-2.0
"""Configurations for tests, files that exist only in memory, and a host that is made up."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from xlvs.config.build.config import Loaded, load
from xlvs.config.files import Identity, Unreadable
from xlvs.config.host import Program
from xlvs.config.problem import Severity

RECORDED = Path(__file__).with_name("recorded")
PATH = "/etc/keepalived/keepalived.conf"

ROUTER = "vrrp_instance V {\n interface vA\n virtual_router_id 1\n virtual_ipaddress {\n 10.0.0.1\n }\n"
OTHER = "vrrp_instance W {\n interface vA\n virtual_router_id 2\n virtual_ipaddress {\n 10.0.0.2\n }\n}\n"
REAL = "real_server 10.0.0.2 80 {\n weight 1\n }\n"
SERVICE = "virtual_server 10.0.0.1 80 {\n lvs_sched rr\n lvs_method NAT\n protocol TCP\n" + REAL
FRAMES = {
    "T": "{}\n",
    "V": ROUTER + "{}\n}}\n",
    "W": ROUTER + "}}\n" + OTHER + "{}\n",
    "G": "global_defs {{\n{}\n}}\n",
    "S": SERVICE + "{}\n}}\n",
}
"""What stands around a line of a test: nothing, an instance, two of them, global_defs, a virtual server."""


@dataclass
class Memory:
    """Files in memory."""

    texts: Mapping[str, str]

    def matching(self, pattern: str) -> Sequence[str]:
        """Names that match."""
        return sorted(name for name in self.texts if fnmatch(name, pattern))

    def read(self, path: str) -> str:
        """The text of one."""
        if path not in self.texts:
            raise Unreadable("No such file or directory")
        return self.texts[path]


@dataclass
class MadeUpHost:
    """Has vA, eth0, eth1 and lo, the user root and the program /bin/true."""

    interfaces: Sequence[str] = ("lo", "vA", "vB", "eth0", "eth1")
    loopbacks: Sequence[str] = ("lo",)
    users: Sequence[str] = ("root",)
    programs: Sequence[str] = field(default=("/bin/true", "/bin/sleep"))

    def program(self, name: str) -> Program:
        """Whether it is there."""
        return Program.RUNS if name in self.programs else Program.MISSING

    def has_user(self, name: str) -> bool:
        """Whether it is there."""
        return name in self.users

    def resolves(self, name: str) -> bool:
        """All but those that say so."""
        return not name.endswith(".invalid")

    def has_group(self, name: str) -> bool:
        """Whether it is there."""
        return name in self.users


def read(text: str, *, identity: Identity | None = None, **others: str) -> Loaded:
    """A configuration from its text; `others` are files beside it."""
    texts = {PATH: text, **{f"/etc/keepalived/{name}": each for name, each in others.items()}}
    return load(PATH, Memory(texts), identity or Identity("main"))


def framed(kind: str, body: str) -> str:
    r"""A line of a test in its frame; `\n` in it is a line's end."""
    return FRAMES[kind].replace("{}", "\0").replace("{{", "{").replace("}}", "}").replace("\0", _unescaped(body))


def _unescaped(body: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], body)


def messages(loaded: Loaded, least: Severity = Severity.PARAMETER) -> list[str]:
    """What is wrong, notices left out unless they are asked for."""
    wanted = [each for each in loaded.problems if each.severity is not Severity.NOTICE or least is Severity.NOTICE]
    return [f"{each.origin.number}: {each.message}" for each in wanted]
