# SPDX-License-Identifier: Apache-2.0
"""Answers the programs of a scene from tables in memory (the other end of lib.sh)."""

from __future__ import annotations

import io
import os
import threading
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from xlvs.control import proc
from xlvs.ipvs.memory import MemoryTables
from xlvs.ipvsadm.main import run
from xlvs.ipvsadm.save import save_words, without_comments
from xlvs.model.address import format_address, parse_ipv4
from xlvs.model.errors import XlvsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The names that the oracle gives its scenes.
HOSTS = {
    "127.0.0.1": "localhost",
    "10.0.0.99": "vip.example",
    "10.2.1.2": "rs1.example",
    "10.2.2.2": "rs2.example",
    "2001:db8::99": "vip6.example",
    "10.0.0.98": "a-rather-long-virtual-service-name.example.org",
    "10.2.3.2": "a-rather-long-real-server-name.example.org",
}
SERVICES = {
    ("tcp", 21): "ftp",
    ("tcp", 22): "ssh",
    ("tcp", 23): "telnet",
    ("tcp", 53): "domain",
    ("udp", 53): "domain",
    ("tcp", 80): "http",
    ("udp", 123): "ntp",
    ("tcp", 443): "https",
    ("udp", 443): "https",
    ("udp", 514): "syslog",
    ("tcp", 5060): "sip",
    ("udp", 5060): "sip",
    ("sctp", 2904): "m2ua",
}
ALIASES = {("tcp", "www"): 80}


class Names:
    """A resolver that knows these names and no others."""

    def host_address(self, name: str, family: int) -> bytes | None:
        """Only IPv4 is ever asked for."""
        assert family == 2
        found = [address for address, host in HOSTS.items() if host == name.lower() and ":" not in address]
        return parse_ipv4(found[0]) if found else None

    def host_name(self, address: bytes) -> str | None:
        """By the address as written."""
        return HOSTS.get(format_address(address))

    def service_port(self, name: str, protocol: str) -> int | None:
        """Names and aliases, in their own case."""
        found = [port for (of, port), service in SERVICES.items() if (of, service) == (protocol, name)]
        return found[0] if found else ALIASES.get((protocol, name))

    def service_name(self, port: int, protocol: str) -> str | None:
        """Never an alias."""
        return SERVICES.get((protocol, port))


class Server(threading.Thread):
    """Answers until `stop`; `folder` is what lib.sh calls REPLAY."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._tables = MemoryTables()
        os.mkfifo(folder / "ask")
        os.mkfifo(folder / "answer")
        # Open for both ends, so that the pipes stay while no scene's program has them open.
        self._ask = os.open(folder / "ask", os.O_RDWR)
        self._reply = os.open(folder / "answer", os.O_RDWR)

    def stop(self) -> None:
        """End the thread."""
        os.write(self._ask, b"q")
        self.join()
        os.close(self._ask)
        os.close(self._reply)

    def run(self) -> None:
        """One question after the other."""
        while os.read(self._ask, 1) == b"\n":
            words = (self._folder / "words").read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
            stdout, stderr = io.StringIO(), io.StringIO()
            code = self._answer(words[0], words[1:], stdout, stderr)
            for name, text in (("stdout", stdout), ("stderr", stderr)):
                (self._folder / name).write_bytes(text.getvalue().encode(errors="surrogateescape"))
            os.write(self._reply, f"{code}\n".encode())

    def _answer(self, program: str, words: Sequence[str], stdout: io.StringIO, stderr: io.StringIO) -> int:
        try:
            if program == "proc":
                return self._proc(words, stdout)
            if program == "ipvsadm-save":
                words = save_words(words)
        except XlvsError as error:
            stderr.write(f"{error.message}\n")
            return error.exit_code
        portions = [(self._folder / "stdin").read_bytes().decode(errors="surrogateescape").split("\n")]
        if program == "ipvsadm-restore":
            run(["-C"], self._tables, (), stdout, stderr, Names())
            portions, words = list(without_comments(portions)), ["-R"]
        return run(words, self._tables, portions, stdout, stderr, Names())

    def _proc(self, words: Sequence[str], stdout: io.StringIO) -> int:
        verb, path, *value = words
        with redirect_stdout(stdout):
            if verb == "write":
                proc.write(self._tables, path, value[0])
            elif verb == "list":
                print(*proc.names(self._tables, path), sep="\n")
            else:
                print(proc.read(self._tables, path), end="")
        return 0
