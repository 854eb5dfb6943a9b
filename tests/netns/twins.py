# SPDX-License-Identifier: Apache-2.0
"""Our health checks and the real Keepalived's on the same servers: what each logs and does to the tables.

    python -m tests.netns.twins ours|real SCENE LIBRARY

runs a scene of `twin_scenes` in the present namespace and prints its transcript, a line each. The real Keepalived
needs no kernel with IPVS: LIBRARY, made from quiet_ipvs.c, takes its requests and shows them.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, cast

from tests.netns.toys import Toys
from tests.netns.twin_scenes import SCENES
from xlvs.config.files import Identity
from xlvs.ipvs.memory import MemoryTables
from xlvs.keepalived.checks.check_notify import CheckNotifier
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.checks.checking import Checking
from xlvs.keepalived.daemon.source import Source
from xlvs.keepalived.notices.screening import screened_checks
from xlvs.linux.interface import addresses
from xlvs.model.address import format_address
from xlvs.model.destination import ForwardingMethod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.keepalived.daemon.log import Log
    from xlvs.model.destination import Destination, DestinationKey
    from xlvs.model.service import ServiceKey, VirtualService

KEEPALIVED: Final = "/usr/sbin/keepalived"
_PATIENCE_S: Final = 45.0
_END: Final = "--- end"
_SILENCE_S: Final = 0.2
_STAMP: Final = re.compile(r"^[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]{8} \d{4}: ")
_NOT_COMPARED: Final = re.compile(
    r"Starting |Running on|Command line|     |Opening file|Configuration file|NOTICE: setting config option"
    r"|Initializing ipvs|Startup complete|Stopp|CPU usage|Remote SMTP server \[127.0.0.1\]:25 |SMTP alert|pid \d+ exited|Reload|Reinitializing|Script user|\(/\S*: Line"
    r"|WARNING - default user|SECURITY VIOLATION|Netlink reflector|Registering Kernel netlink"
)
_METHODS: Final = {ForwardingMethod.MASQUERADE: 0, ForwardingMethod.TUNNEL: 2, ForwardingMethod.DIRECT_ROUTE: 3}
_COMMANDS: Final = {1: "add-service", 2: "edit-service", 3: "delete-service", 5: "add", 6: "edit", 7: "delete"}


class Recorded(MemoryTables):
    """Tables that say what is done to them."""

    def add_service(self, service: VirtualService) -> None:
        """Say it and do it."""
        super().add_service(service)
        _say(f"ipvs add-service {_service(service.key)}")

    def add_destination(self, service: ServiceKey, destination: Destination) -> None:
        """Say it and do it."""
        super().add_destination(service, destination)
        _say(f"ipvs add {_service(service)} {_end(destination.key)} weight {destination.weight}")

    def update_destination(self, service: ServiceKey, destination: Destination) -> None:
        """Say it and do it."""
        super().update_destination(service, destination)
        _say(f"ipvs edit {_service(service)} {_end(destination.key)} weight {destination.weight}")

    def delete_destination(self, service: ServiceKey, destination: DestinationKey) -> None:
        """Say it and do it."""
        super().delete_destination(service, destination)
        _say(f"ipvs delete {_service(service)} {_end(destination)}")


def _say(line: str, *, detail: bool = False) -> None:  # noqa: ARG001 - the shape that is called
    print(line, file=sys.stderr, flush=True)


def _service(key: ServiceKey) -> str:
    return f"mark {key.fwmark}" if key.fwmark else f"{format_address(key.address)}:{key.port}"


def _end(key: DestinationKey) -> str:
    return f"{format_address(key.address)}:{key.port}"


def be_ours(path: str) -> None:
    """Check what a file says until SIGTERM, with tables in memory."""
    asyncio.run(_be_ours(path))


async def _be_ours(path: str) -> None:
    source = Source(path, Identity(""))
    log = cast("Log", SimpleNamespace(write=_say))
    plan = screened_checks(translate(source.read().config), log)
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    notifier = CheckNotifier(plan, log)
    checking = Checking(plan, Recorded(), _say, notifier, lambda: {each.address for each in addresses()})

    def reread() -> None:
        checking.reload(screened_checks(translate(source.read().config), log))

    loop.add_signal_handler(signal.SIGHUP, reread)
    checking.start()
    await ending.wait()
    checking.stop()
    notifier.close()
    await notifier.drain()


class Twin:
    """A daemon that runs, and its transcript."""

    def __init__(self, which: str, path: Path, library: str) -> None:
        self._path = path
        environment = dict(os.environ)
        command = [sys.executable, "-m", "tests.netns.twins", "be-ours", str(path)]
        if which == "real":
            environment["LD_PRELOAD"] = library
            command = [KEEPALIVED, "-n", "-l", "-D", "-G", "-C", "-f", str(path)]
            command += ["-p", f"{path}.pid", "-c", f"{path}.checkers"]
        self._process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            found = _line(line.rstrip("\n"))
            if found and not _NOT_COMPARED.match(found):
                self.lines.append(found)

    def wait(self, wanted: str, begin: int) -> None:
        """Wait for a line that contains it, from line `begin` on."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self._process.poll() is None:
            if any(wanted in line for line in self.lines[begin:]):
                return
            time.sleep(0.01)
        self.lines.append(f"MISSING: {wanted}")

    def settle(self) -> None:
        """Wait until nothing more comes."""
        count = -1
        while count != len(self.lines):
            count = len(self.lines)
            time.sleep(_SILENCE_S)

    def reload(self, text: str) -> None:
        """Another configuration."""
        self._path.write_text(text)
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """SIGTERM."""
        self.lines.append(_END)
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join(_PATIENCE_S)


def _line(line: str) -> str:
    """A line without its time; a netlink message in words, empty when it changes nothing."""
    if not line.startswith("IPVS "):
        return _STAMP.sub("", line)
    data = bytes.fromhex(line[5:])
    attributes = dict(_attributes(data[20:]))
    service = dict(_attributes(attributes.get(1, b"")))
    end = dict(_attributes(attributes.get(2, b"")))
    command = _COMMANDS.get(data[16], "")
    if not command or not service:
        return ""
    words = ["ipvs", command, _place(service)]
    if end:
        words.append(_place({1: service.get(1, b"\2\0"), 3: end[1], 4: end[2]}))
        words += ["weight", str(struct.unpack("I", end[4])[0])] if command != "delete" else []
    return " ".join(words)


def _place(attributes: dict[int, bytes]) -> str:
    if 5 in attributes:
        return f"mark {struct.unpack('I', attributes[5])[0]}"
    size = 4 if struct.unpack("H", attributes[1][:2])[0] == 2 else 16
    return f"{format_address(attributes[3][:size])}:{struct.unpack('!H', attributes[4])[0]}"


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("HH", data, at)
        yield kind & 0x3FFF, data[at + 4 : at + length]
        at += max(length + 3 & ~3, 4)


def run(which: str, name: str, library: str) -> list[str]:
    """A scene's transcript."""
    scene = SCENES[name]
    with tempfile.TemporaryDirectory() as folder, Toys(Path(folder)) as toys:
        path = Path(folder, "keepalived.conf")
        path.write_text(scene.configuration.replace("@FOLDER", folder))
        # The first step comes before the daemon: from its first probe on, the servers are as they shall be.
        early: list[str] = []
        toys.say = early.append
        scene.steps[0][0](toys)
        twin = Twin(which, path, library)
        toys.say, toys.reload = twin.lines.append, twin.reload
        at = 0
        for number, (action, wanted) in enumerate(scene.steps):
            if number:
                twin.lines.append(f"--- {number}")
                at = len(twin.lines)
                action(toys)
            twin.wait(wanted, at)
            twin.settle()
        twin.stop()
    return [line.replace(folder, "@FOLDER") for line in _in_order(twin.lines)]


def _in_order(lines: list[str]) -> list[str]:
    """Lines of a start or a reload that come in any order, sorted; and those of FIFOs, which are heard of later, after others.

    The original brings its tables up service by service, ours all at once before it says anything. First probes of
    several servers are under way together.
    """
    steps: list[list[str]] = [[]]
    for line in lines:
        steps.append([line]) if line.startswith("---") else steps[-1].append(line)
    # The original takes servers out one by one, ours the services.
    steps[-1] = [line for line in steps[-1] if not line.startswith("ipvs")]
    for step in steps:
        if any(line.startswith("Activating") for line in step):
            step.sort(key=_of_a_start)
        step.sort(key=lambda line: (line.startswith(("fifo", "request")), line if line.startswith("request") else ""))
    return [line for step in steps for line in step]


def _of_a_start(line: str) -> tuple[bool, str]:
    is_edit = line.startswith("ipvs")
    return not is_edit, line if is_edit or "succe" in line else ""


if __name__ == "__main__":
    if sys.argv[1] == "be-ours":
        be_ours(sys.argv[2])
    else:
        print("\n".join(run(*sys.argv[1:])))
