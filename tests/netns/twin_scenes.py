# SPDX-License-Identifier: Apache-2.0
"""Scenes for `twins`: a configuration, and what its servers do one after the other."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.netns.toys import Toys

    Action = Callable[[Toys], None]


@dataclass(frozen=True)
class Scene:
    """What both daemons go through: at each step something is done, then a line is waited for."""

    configuration: str
    steps: tuple[tuple[Action, str], ...]


LOG_ALL = "global_defs {\n checker_log_all_failures\n}\n"
NOWHERE = "10.9.0.9"
"""An address whose packets get lost."""
UNREACHABLE = "10.10.0.9"
TIMES = "connect_timeout 1\n delay_before_retry 0.1\n"


def pool(options: str, *servers: str, vip: str = "10.0.0.1") -> str:
    """One virtual server."""
    return f"""
        virtual_server {vip} 80 {{
            delay_loop 0.25
            warmup 0
            lb_algo rr
            lb_kind NAT
            protocol TCP
            {options}
            {" ".join(servers)}
        }}
    """


def server(checks: str, port: int = 8080) -> str:
    """A real server on a toy's port."""
    return f"real_server 127.0.0.1 {port} {{\n {checks}\n}}\n"


def checker(kind: str, text: str = "", retry: int = 1) -> str:
    """A checker."""
    return f"{kind} {{\n {text}\n {'' if kind == 'MISC_CHECK' else TIMES}\n retry {retry}\n}}\n"


def urls(*texts: str) -> str:
    """URLs of an HTTP checker."""
    return "\n".join(f"url {{\n {text}\n}}" for text in texts)


def ok(body: bytes = b"page", status: bytes = b"200 OK") -> bytes:
    """A whole answer."""
    return b"HTTP/1.0 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


TCP = checker("TCP_CHECK", retry=2)


# What servers do


def nothing(_: Toys) -> None:
    """Just wait."""


def at_once(*actions: Action) -> Action:
    """Several things."""

    def act(toys: Toys) -> None:
        for action in actions:
            action(toys)

    return act


def up(*ports: int) -> Action:
    """Connections are taken, and closed."""

    def act(toys: Toys) -> None:
        for port in ports:
            toys.serve(port, lambda _: None)

    return act


def down(port: int) -> Action:
    """Connections are refused."""
    return lambda toys: toys.close(port)


def mute(port: int) -> Action:
    """Connections are taken and kept, and nothing is said."""

    def keep(connection: socket.socket) -> None:
        connection.recv(1)
        time.sleep(3)

    return lambda toys: toys.serve(port, keep)


def pages(port: int, **answers: bytes) -> Action:
    """Pages by name."""
    return lambda toys: toys.pages(port, **answers)


def address(verb: str) -> Action:
    """The virtual address comes to this host, or goes."""

    def act(_: Toys) -> None:
        subprocess.run(["ip", "address", verb, "10.0.0.1/32", "dev", "lo"], check=True)

    return act


def witness(port: int) -> Action:
    """A page for everything, and what is asked goes into the transcript."""
    return lambda toys: toys.witness(port, ok())


def secure_pages(port: int, **answers: bytes) -> Action:
    """Pages behind TLS."""
    return lambda toys: toys.secure_pages(port, **answers)


def says(port: int, *lines: bytes) -> Action:
    """Lines one after the other."""
    return lambda toys: toys.says(port, *lines)


MAIL = (b"220 hi\r\n", b"250 hello\r\n", b"221 bye\r\n")


def datagrams(port: int, answer: Callable[[bytes], bytes | None]) -> Action:
    """Answers to datagrams."""
    return lambda toys: toys.datagrams(port, answer)


def deaf(port: int) -> Action:
    """Nobody there for datagrams."""
    return lambda toys: toys.deaf(port)


def dns(code: int) -> Action:
    """A name server's answers with this code."""
    return datagrams(8080, lambda query: query[:2] + bytes((0x81, 0x80 | code)) + query[4:])


def program(text: str) -> Action:
    """What the program `check` does."""

    def act(toys: Toys) -> None:
        made = toys.folder / "made"
        made.write_text(f"#!/bin/sh\n{text}\n")
        made.chmod(0o755)
        made.rename(toys.folder / "check")
        toys.folder.chmod(0o755)

    return act


def number(text: str) -> Action:
    """What the file `load` holds."""

    def act(toys: Toys) -> None:
        (toys.folder / "load").write_text(f"{text}\n")

    return act


def reload(text: str) -> Action:
    """Another configuration."""
    return lambda toys: toys.reload(text)


SCENES: dict[str, Scene] = {
    "tcp": Scene(
        LOG_ALL + pool("", server(TCP)),
        (
            (up(8080), "success"),
            (down(8080), "Lost quorum"),
            (up(8080), "Gained quorum"),
            (down(8080), "Lost quorum"),
        ),
    ),
    "tcp, first failures": Scene(
        pool("", server(TCP), server(checker("TCP_CHECK", f"connect_ip {NOWHERE}"), 8081)),
        ((nothing, "Lost quorum"), (up(8080), "Gained quorum")),
    ),
    "alpha": Scene(
        pool("alpha\n inhibit_on_failure", server(TCP)),
        ((nothing, "failed"), (up(8080), "Gained quorum"), (down(8080), "Lost quorum")),
    ),
    "sorry server": Scene(
        pool("sorry_server 127.0.0.1 9999\n quorum 2\n", server(TCP), server(TCP, 8081)),
        (
            (up(8080, 8081), "8081 success"),
            (down(8080), "Removing alive"),
            (down(8081), "Removing service"),
            (up(8081), "Adding service"),
            (up(8080), "Adding alive"),
        ),
    ),
    "sorry server that stays": Scene(
        pool("alpha\n sorry_server 127.0.0.1 9999\n sorry_server_inhibit\n inhibit_on_failure", server(TCP)),
        ((nothing, "failed"), (up(8080), "Adding alive"), (down(8080), "Removing alive")),
    ),
    "hysteresis": Scene(
        pool(
            "quorum 3\n hysteresis 1",
            server(f"weight 1\n {TCP}"),
            server(f"weight 2\n {TCP}", 8081),
            server(f"weight 1\n {TCP}", 8082),
        ),
        (
            (up(8080, 8081, 8082), "8082 success"),
            (down(8080), "Removing service"),
            (down(8081), "Lost quorum"),
            (up(8081), "Adding service"),
            (up(8080), "Gained quorum"),
        ),
    ),
    "several pages": Scene(
        pool("", server(checker("HTTP_GET", urls("path /a", "path /b\n status_code 200-201 302")))),
        (
            (pages(8080, a=ok(), b=ok()), "Remote Web server"),
            (pages(8080, a=ok(), b=ok(b"no", b"500 No")), "Lost quorum"),
            (pages(8080, a=ok(), b=ok(b"no", b"302 There")), "Gained quorum"),
            (pages(8080), "Lost quorum"),
            (pages(8080, a=ok(), b=ok()), "Gained quorum"),
        ),
    ),
    "alpha, several pages": Scene(
        pool("alpha", server(checker("HTTP_GET", "fast_recovery\n" + urls("path /a", "path /b")))),
        ((pages(8080, a=ok(), b=ok()), "Gained quorum"), (down(8080), "Lost quorum")),
    ),
    "what is wrong with a page": Scene(
        LOG_ALL
        + pool(
            "",
            server(
                checker(
                    "HTTP_GET", urls('path /a\n digest 5f4dcc3b5aa765d61d8327deb882cf99\n regex "pa[s-t]+w"'), retry=0
                )
            ),
        ),
        (
            (pages(8080, a=ok(b"password")), "Remote Web server"),
            (pages(8080, a=ok(b"passwd")), "Lost quorum"),
            (pages(8080, a=ok(b"password")), "Gained quorum"),
            (pages(8080, a=ok(b"password", b"404 No")), "Lost quorum"),
            (pages(8080, a=ok(b"password")), "Gained quorum"),
            (pages(8080), "Lost quorum"),
            (pages(8080, a=ok(b"password")), "Gained quorum"),
            (mute(8080), "Lost quorum"),
        ),
    ),
    "TLS": Scene(
        LOG_ALL + pool("", server(checker("SSL_GET", urls("path /a", "path /a"), retry=0))),
        (
            (secure_pages(8080, a=ok()), "Remote Web server"),
            (pages(8080, a=ok()), "Lost quorum"),
            (secure_pages(8080, a=ok()), "Gained quorum"),
            (mute(8080), "Lost quorum"),
        ),
    ),
    "SMTP": Scene(
        LOG_ALL + pool("", server(checker("SMTP_CHECK"))),
        (
            (says(8080, *MAIL), "succeed"),
            (says(8080, b"554 no\r\n"), "Lost quorum"),
            (says(8080, *MAIL), "Gained quorum"),
            (says(8080, b"220 hi\r\n", b"500 what\r\n"), "Lost quorum"),
            (says(8080, *MAIL), "Gained quorum"),
            (says(8080, *MAIL[:2]), "Lost quorum"),
            (says(8080, *MAIL), "Gained quorum"),
            (down(8080), "Lost quorum"),
        ),
    ),
    "SMTP, first failures": Scene(
        pool(
            "",
            server(checker("SMTP_CHECK", f"connect_ip {UNREACHABLE}")),
            server(checker("SMTP_CHECK", f"connect_ip {NOWHERE}"), 8081),
        ),
        ((nothing, "Lost quorum"),),
    ),
    "DNS": Scene(
        LOG_ALL + pool("", server(checker("DNS_CHECK", "type A\n name example.org"))),
        (
            (dns(2), "Lost quorum"),
            (dns(0), "Gained quorum"),
            (dns(3), "Lost quorum"),
            (dns(0), "Gained quorum"),
            (deaf(8080), "Lost quorum"),
        ),
    ),
    "UDP": Scene(
        LOG_ALL + pool("", server(checker("UDP_CHECK", "payload 616263\n require_reply 6X62\n max_reply_length 4"))),
        (
            (datagrams(8080, lambda data: data), "success"),
            (datagrams(8080, lambda _: b"xyz"), "Lost quorum"),
            (datagrams(8080, lambda _: b"ob"), "Gained quorum"),
            (datagrams(8080, lambda _: b"abcde"), "Lost quorum"),
            (datagrams(8080, lambda _: b"a"), "Gained quorum"),
            (deaf(8080), "Lost quorum"),
        ),
    ),
    "ping": Scene(
        LOG_ALL + pool("", server(checker("PING_CHECK")), server(checker("PING_CHECK", f"connect_ip {NOWHERE}"), 8081)),
        ((nothing, "Removing service"),),
    ),
    "program": Scene(
        LOG_ALL + pool("", server(checker("MISC_CHECK", 'misc_path "@FOLDER/check a b"\n misc_timeout 1', retry=2))),
        (
            (program("exit 0"), "succeeded"),
            (program("exit 3"), "Lost quorum"),
            (program("exit 0"), "Gained quorum"),
            (program("kill -9 $$"), "Lost quorum"),
        ),
    ),
    "program that sets the weight": Scene(
        pool("", server("weight 5\n" + checker("MISC_CHECK", "misc_path @FOLDER/check\n misc_dynamic", retry=0))),
        (
            (program("exit 0"), "succeeded"),
            (program("exit 12"), "Changing weight"),
            (program("exit 2"), "Lost quorum"),
            (program("exit 0"), "Gained quorum"),
            (program("exit 1"), "Lost quorum"),
            (program("exit 9"), "Gained quorum"),
        ),
    ),
    "file": Scene(
        "track_file load {\n file @FOLDER/load\n weight 2\n}\n"
        + pool("", server("weight 5\n FILE_CHECK {\n track_file load\n }\n")),
        (
            (number("1"), "Gained quorum"),
            (number("3"), "Changing weight"),
            (number("-9"), "Lost quorum"),
            (number("-2147483648"), "Removing service"),
            (number("1"), "Gained quorum"),
        ),
    ),
    "addresses that come and go": Scene(
        pool("ha_suspend", server(TCP)),
        (
            (up(8080), "activating healthchecker"),
            (address("add"), "success"),
            (address("delete"), "Suspending"),
            (address("add"), "Activating"),
        ),
    ),
    "requests": Scene(
        "\n".join(
            (
                pool("", server(checker("HTTP_GET", urls("path /plain")), 8080)),
                pool(
                    "virtualhost all.example",
                    server(
                        checker("HTTP_GET", "http_protocol 1.1\n" + urls("path /", "path /\n virtualhost url.example")),
                        8081,
                    ),
                    server(
                        "virtualhost server.example\n" + checker("HTTP_GET", "http_protocol 1.0C\n" + urls("path /x")),
                        8082,
                    ),
                    vip="10.0.0.2",
                ),
                pool(
                    "",
                    server(
                        checker("HTTP_GET", "connect_ip 127.0.0.2\n connect_port 8083\n" + urls("path /elsewhere")), 80
                    ),
                    server(checker("HTTP_GET", "bindto 127.0.0.3\n bind_port 999\n" + urls("path /bound")), 8084),
                    server(checker("HTTP_GET", "bind_port 998\n fwmark 7\n" + urls("path /port")), 8085),
                    vip="10.0.0.3",
                ),
                pool(
                    "",
                    server(checker("HTTP_GET", urls("path /6")), 8086).replace("127.0.0.1", "::1"),
                    vip="2001:db8::1",
                ),
            )
        ),
        ((at_once(*(witness(port) for port in range(8080, 8087))), "tcp:8081 succeed"),),
    ),
    "FIFO": Scene(
        "global_defs {\n rs_init_notifies\n lvs_notify_fifo @FOLDER/fifo\n}\n" + pool("", server(TCP)),
        (
            (at_once(up(8080), lambda toys: toys.fifo("fifo")), "success"),
            (down(8080), "VS [10.0.0.1]:tcp:80 DOWN"),
            (up(8080), "VS [10.0.0.1]:tcp:80 UP"),
        ),
    ),
    "reload": Scene(
        pool("inhibit_on_failure", server(TCP), server(TCP, 8081)),
        (
            (up(8080), "Disabling service"),
            (reload(pool("inhibit_on_failure", server(TCP), server(f"weight 3\n {TCP}", 8081))), "Activating"),
            (reload(pool("", server(TCP)) + pool("", server(TCP), vip="10.0.0.2")), "Activating"),
        ),
    ),
}
