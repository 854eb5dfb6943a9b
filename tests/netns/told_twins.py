# SPDX-License-Identifier: Apache-2.0
"""Whom our health checks and the real Keepalived's tell of changes: lines of FIFOs, runs of scripts, mails.

    python -m tests.netns.told_twins ours|real LIBRARY

goes through the life of three virtual servers in the present namespace, whose port 25 is free, and prints what was told.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.netns.toys import Toys
from tests.netns.twins import Twin
from tests.unit.keepalived.post import PostOffice, open_office

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

SETTINGS: Final = """
global_defs {
 router_id R1
 smtp_server 127.0.0.1
 smtp_helo_name director
 notification_email_from from@example.com
 notification_email {
  one@example.com
 }
 script_user root
 enable_script_security
 notify_fifo @FOLDER/fifo
 lvs_notify_fifo @FOLDER/lvs
 @MORE
}
"""
TCP: Final = "TCP_CHECK {\n connect_timeout 1\n retry 0\n}"
MISC: Final = 'MISC_CHECK {\n misc_path "/usr/bin/test -e @FOLDER/good"\n retry 0\n}'
MAIL: Final = "SMTP_CHECK {\n connect_timeout 20\n retry 0\n}"


def script(word: str) -> str:
    """A command that writes a word and its arguments down."""
    return f"\"/bin/sh -c 'echo {word} $0 $* >> @FOLDER/told' a b\""


def virtual_server(head: str, options: str, *servers: str) -> str:
    """One that tells of its quorum."""
    return (
        f"virtual_server {head} {{\n delay_loop 0.25\n warmup 0\n lb_algo rr\n lb_kind NAT\n protocol TCP\n"
        f" quorum_up {script('gained ' + head)}\n quorum_down {script('lost ' + head)}\n {options}\n"
        f"{''.join(servers)}}}\n"
    )


def real_server(port: int, *checks: str) -> str:
    """One that tells of itself."""
    text = "\n".join(checks)
    return (
        f"real_server 127.0.0.1 {port} {{\n notify_up {script(f'up {port}')}\n notify_down {script(f'down {port}')}\n"
        f"{text}\n}}\n"
    )


ONE: Final = real_server(8001, TCP, MISC)
BEFORE: Final = (
    virtual_server("10.0.0.1 80", "quorum 2\nhysteresis 1\nsmtp_alert\nomega", "real_server 127.0.0.1 8009 {\nweight 1\n}\n",
                   ONE, real_server(8002, MAIL)),
    virtual_server("10.0.0.2 80", "alpha", real_server(8004, TCP)),
    virtual_server("fwmark 9", "smtp_alert", real_server(8003)),
)  # fmt: skip
AFTER: Final = (
    virtual_server("10.0.0.1 80", "quorum 1\nsmtp_alert\nomega", ONE),
    virtual_server("10.0.0.2 80", "alpha", real_server(8004, TCP.replace("timeout 1", "timeout 2"))),
)


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """A mail server at port 25."""
    office, opened, ended, loop = PostOffice(), threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    async def run() -> None:
        async with open_office(office, 25):
            opened.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert opened.wait(10)
    try:
        yield office
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def run(which: str, library: str, more: str) -> None:
    """Go through it and print what was told; mails and scripts come in any order."""
    with tempfile.TemporaryDirectory() as name, Toys(Path(name)) as toys, post_office() as office:
        folder = Path(name)

        def written(servers: tuple[str, ...]) -> str:
            return "".join((SETTINGS, *servers)).replace("@FOLDER", name).replace("@MORE", more)

        pipes = [_pipe(folder / each) for each in ("fifo", "lvs")]
        (folder / "good").touch()
        path = folder / "keepalived.conf"
        path.write_text(written(BEFORE))
        toys.serve(8001, lambda connection: connection.close())
        alpha_told = threading.Event()
        toys.serve(8002, lambda connection: _close_after(alpha_told, connection))
        twin = Twin(which, path, library)
        _live(twin, toys, pipes, folder / "good", alpha_told)
        _marked(pipes, twin, "a reload")
        at = len(twin.lines)
        twin.reload(written(AFTER))
        twin.wait("Removing Virtual Server FWM 9", at)
        twin.wait("connection to [127.0.0.1]:tcp:8004 success", at)
        _marked(pipes, twin, "the end")
        subjects = list(office.letters)
        twin.stop()
        for line in sorted(f"mail {each.splitlines()[2]} {each.splitlines()[6]}" for each in subjects):
            print(line)
        for line in sorted((folder / "told").read_text().splitlines()):
            print(f"script {line}")
        for fifo, pipe in zip(("fifo", "lvs"), pipes, strict=True):
            print("".join(f"{fifo} {line}\n" for line in os.read(pipe, 65536).decode().splitlines()), end="")


def _live(twin: Twin, toys: Toys, pipes: list[int], good: Path, alpha_told: threading.Event) -> None:
    """Failures and returns, one after the other; `alpha_told` lets the mail server's check fail, the second to speak."""
    twin.wait("TCP_CHECK on service [127.0.0.1]:tcp:8004 failed", 0)
    alpha_told.set()
    twin.wait("Removing service [127.0.0.1]:tcp:8002", 0)  # no SMTP server
    _marked(pipes, twin, "the other service has a server")
    toys.serve(8004, lambda connection: connection.close())
    twin.wait("Adding service [127.0.0.1]:tcp:8004", 0)
    _marked(pipes, twin, "a checker fails")
    toys.close(8001)
    twin.wait("Removing service [127.0.0.1]:tcp:8001", 0)
    _marked(pipes, twin, "the only checker of another service")
    at = len(twin.lines)
    toys.close(8004)
    twin.wait("Lost quorum", at)
    _marked(pipes, twin, "another one fails")
    good.unlink()
    twin.wait("failed with retry disabled", 0)
    _marked(pipes, twin, "it is well again")
    good.touch()
    at = len(twin.lines)
    for port, words in ((8004, "the other service is"), (8001, "all are")):
        _marked(pipes, twin, words)
        toys.serve(port, lambda connection: connection.close())
        twin.wait(f"Adding service [127.0.0.1]:tcp:{port}", at)


def _close_after(event: threading.Event, connection: socket.socket) -> None:
    event.wait(20)
    connection.close()


def _pipe(path: Path) -> int:
    os.mkfifo(path)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK)


def _marked(pipes: list[int], twin: Twin, words: str) -> None:
    """A step is done: write the name of the next into the FIFOs."""
    twin.settle()
    for pipe in pipes:
        os.write(pipe, f"--- {words}\n".encode())


if __name__ == "__main__":
    run(*sys.argv[1:])
