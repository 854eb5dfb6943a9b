# SPDX-License-Identifier: Apache-2.0
"""Live connections are ended, and services say what becomes of them, with real clients and servers at both ends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.netns.listing import eventually
from tests.netns.live import (
    AT_ONCE_S,
    DNS,
    FAMILIES,
    WEB,
    asking,
    connected,
    dns,
    echoes,
    forget_connections,
    is_reset,
    listed,
    live_director,
    other,
    real_server,
    sockets_of,
    web,
)
from tests.netns.topology import VIP, VIP6, Net

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def director() -> Iterator[Net]:
    """One for all tests of this file."""
    with live_director() as net:
        yield net


@pytest.fixture
def clean(director: Net) -> Net:
    """It, without connections."""
    return forget_connections(director)


@FAMILIES
def test_a_killed_connection_is_reset_at_both_ends_at_once(clean: Net, vip: str) -> None:
    """Neither end sends anything of its own."""
    with connected(clean, vip) as (connection, node):
        assert eventually(lambda: sockets_of(clean, node) == 1)
        done = clean.must("director", "xlvs", "connections", "kill", "--service", web(vip))

        assert "1 of TCP reset" in done
        assert is_reset(connection, AT_ONCE_S)
        assert eventually(lambda: sockets_of(clean, node) == 0, patience_s=AT_ONCE_S)
        assert listed(clean) == []


@contextmanager
def policy(net: Net, service: str, *words: str) -> Iterator[None]:
    """A service with something of its own for a while."""
    net.must("director", "xlvs", "service", "set", service, *words)
    try:
        yield
    finally:
        back = [word for option in words[::2] for word in (option, "default")]
        net.must("director", "xlvs", "service", "set", service, *back)


def option_of(service: str) -> tuple[str, str]:
    """As ipvsadm names it."""
    kind, _, rest = service.partition(":")
    return {"tcp": "-t", "udp": "-u"}[kind], rest


@contextmanager
def changed(net: Net, service: str, server: str, how: str) -> Iterator[None]:
    """A server is removed or quiesced, and comes back in the end."""
    option, vip = option_of(service)
    rest = ["-d", option, vip, "-r", server] if how == "removed" else ["-e", option, vip, "-r", server, "-m", "-w", "0"]
    net.must("director", "ipvsadm", *rest)
    try:
        yield
    finally:
        back = "-a" if how == "removed" else "-e"
        net.must("director", "ipvsadm", back, option, vip, "-r", server, "-m", "-w", "1")


@FAMILIES
@pytest.mark.parametrize("how", ["removed", "quiesced"])
def test_a_service_resets_the_connections_of_a_server_that_goes(clean: Net, vip: str, how: str) -> None:
    """Those of the other server go on, as do those of other services."""
    with connected(clean, vip) as (one, node), connected(clean, vip) as (another, _):
        server = real_server(vip, node, WEB)
        with policy(clean, web(vip), f"--on-{how}", "reset"), changed(clean, web(vip), server, how):
            assert is_reset(one, AT_ONCE_S)
            assert eventually(lambda: sockets_of(clean, node) == 0, patience_s=AT_ONCE_S)
            assert echoes(another, b"still here")


@FAMILIES
@pytest.mark.parametrize("how", ["removed", "quiesced"])
@pytest.mark.parametrize("fate", ["move", "reset"])
def test_a_service_moves_udp_clients_of_a_server_that_goes(clean: Net, vip: str, how: str, fate: str) -> None:
    """The next datagram of the same port reaches the other server."""
    if (how, fate) == ("removed", "move"):
        done = clean.run("director", ["xlvs", "service", "set", dns(vip), "--on-removed", "move"])
        assert done.returncode == 2
        assert "none of default, drop, keep, reset" in done.stderr
        return
    with asking(clean, vip) as ask, policy(clean, dns(vip), f"--on-{how}", fate):
        node = ask()
        with changed(clean, dns(vip), real_server(vip, node, DNS), how):
            assert ask() == other(node)


@FAMILIES
def test_a_service_keeps_the_connections_of_a_removed_server(clean: Net, vip: str) -> None:
    """They go on, while new ones reach the other server."""
    with connected(clean, vip) as (connection, node), policy(clean, web(vip), "--on-removed", "keep"):
        with changed(clean, web(vip), real_server(vip, node, WEB), "removed"):
            assert echoes(connection, b"kept")
            with connected(clean, vip) as (_, second), connected(clean, vip) as (_, third):
                assert {second, third} == {other(node)}
        assert echoes(connection, b"and back")


def test_a_service_drops_packets_for_a_removed_server_whatever_is_set_for_all(clean: Net) -> None:
    """expire_nodest_conn ends connections of every other service; of this one they wait until the server is back."""
    clean.must("director", "xlvs", "sysctl", "expire_nodest_conn=1")
    try:
        with asking(clean, VIP) as ask, policy(clean, dns(VIP), "--on-removed", "drop"):
            node = ask()
            with changed(clean, dns(VIP), real_server(VIP, node, DNS), "removed"), pytest.raises(TimeoutError):
                ask()
            assert ask() == node
    finally:
        clean.must("director", "xlvs", "sysctl", "expire_nodest_conn=0")


def expiries(net: Net, service: str) -> list[int]:
    """Seconds that connections of a service have left."""
    rows = listed(net, "--service", service)
    assert all(isinstance(row["expires_s"], int) for row in rows)
    return [int(str(row["expires_s"])) for row in rows]


def test_a_service_has_timeouts_of_its_own(clean: Net) -> None:
    """Present connections get them with their next packet; other services have the director's."""
    with connected(clean) as (connection, _), asking(clean, VIP) as ask, asking(clean, VIP6) as ask6:
        ask(), ask6()
        assert 890 < expiries(clean, web(VIP))[0] <= 900
        with policy(clean, web(VIP), "--timeout-tcp", "2h"), policy(clean, dns(VIP), "--timeout-udp", "7s"):
            assert echoes(connection, b"more time")
            ask(), ask6()
            assert 7190 < expiries(clean, web(VIP))[0] <= 7200
            assert expiries(clean, dns(VIP))[0] <= 7
            assert 290 < expiries(clean, dns(VIP6))[0] <= 300
        assert echoes(connection, b"as ever")
        assert 890 < expiries(clean, web(VIP))[0] <= 900


def test_a_services_own_survives_edits_and_a_restore(clean: Net, tmp_path: Path) -> None:
    """`ipvsadm -E`, `ipvsadm -S` and `xlvs restore` know nothing of it; `show --commands` makes it anew."""
    words = ["--timeout-tcpfin", "20", "--timeout-udp", "9", "--on-removed", "keep", "--on-quiesced", "move"]
    with policy(clean, dns(VIP), *words):
        shown = clean.must("director", "xlvs", "service", "show", "--commands")
        assert shown == f"xlvs service set {dns(VIP)} {' '.join(words)}\n"
        option, vip = option_of(dns(VIP))
        saved = clean.ipvsadm("-S -n")
        clean.must("director", "ipvsadm", "-E", option, vip, "-s", "wrr")
        (path := tmp_path / "rules").write_text(saved)
        clean.must("director", "xlvs", "restore", str(path))

        assert clean.must("director", "xlvs", "service", "show", "--commands") == shown
    assert clean.must("director", "xlvs", "service", "show", "--commands") == ""


def test_all_that_a_director_is_told_is_saved_and_restored(clean: Net, tmp_path: Path) -> None:
    """In one file, or in two of which any ipvsadm reads the first; `ipvsadm -S` itself has no more than the original's."""
    before = clean.must("director", "xlvs", "save")
    told = [
        f"ipvsadm -e -t {VIP}:80 -r {real_server(VIP, 'server1', WEB)} -m -w 1 -x 9 -y 3",
        "ipvsadm --set 100 20 30",
        "xlvs sysctl expire_nodest_conn=1",
        "xlvs sysctl 'sync_threshold=4 60'",
        "xlvs mark add --vip 192.168.20.77 --proto tcp --ports 80,443 --mark 7",
        f"xlvs laddr add tcp:{VIP}:80 --ports 5000-5009 --routed 192.168.10.140",
        f"xlvs service set {dns(VIP)} --timeout-udp 9 --on-removed keep",
    ]
    rules = clean.ipvsadm("-S -n")
    for command in told:
        clean.must("director", "sh", "-c", command)
    saved, beside = clean.must("director", "xlvs", "save"), clean.must("director", "xlvs", "save", "--beside")

    assert set(beside.splitlines()) == set(told)
    assert clean.ipvsadm("-S -n") == rules
    for name, text in (("all", saved), ("rules", rules), ("rules.xlvs", beside)):
        (tmp_path / name).write_text(text)
    (tmp_path / "before").write_text(before)
    for restoring, wanted in (
        (f"xlvs restore {tmp_path}/all", saved),
        (f"ipvsadm-restore <{tmp_path}/rules && sh {tmp_path}/rules.xlvs", saved),
        (f"xlvs restore {tmp_path}/before", before),
    ):
        # Each as a command of the host's, which mounts for all where process 1 cannot be seen.
        clean.must("director", "xlvs", "detach", "--yes")
        clean.must("director", "xlvs", "attach")
        clean.must("director", "sh", "-c", restoring)
        assert clean.must("director", "xlvs", "save") == wanted


def test_connections_are_listed_as_they_are_wanted(clean: Net) -> None:
    """By every filter alone, as lines and as JSON, some or only their number."""
    with connected(clean) as (_, node), connected(clean, VIP6), asking(clean, VIP) as ask:
        ask()
        server = real_server(VIP, node, WEB)
        one = f"tcp 192.168.20.1:{port_of(clean, web(VIP))} {VIP}:80 {server} ESTABLISHED"

        assert lines(clean, "--service", web(VIP))[0].startswith(one)
        for words in (
            ["-t", f"{VIP}:80"],
            ["--server", server],
            ["--client", "192.168.0.0/16", "--protocol", "tcp"],
            ["--state", "established", "--client", "192.168.20.1"],
        ):
            assert lines(clean, *words) == lines(clean, "--service", web(VIP)), words
        assert len(lines(clean)) == 3
        assert len(lines(clean, "--limit", "2")) == 2
        assert lines(clean, "--count") == ["3"]
        assert lines(clean, "--count", "--state", "UDP") == ["1"]
        assert lines(clean, "--client", "10.0.0.0/8") == []
        assert listed(clean, "--client", "10.0.0.0/8") == []
        (found,) = listed(clean, "--server", server)
        assert (found["protocol"], found["virtual"], found["virtual_port"], found["state"]) == (
            "tcp",
            VIP,
            80,
            "ESTABLISHED",
        )


def lines(net: Net, *words: str) -> list[str]:
    """`xlvs connections list`, whose first verb may be left out; without the time, which goes on."""
    text = net.must("director", "xlvs", "connections", *words)
    return [line.rpartition(" ")[0] or line for line in text.splitlines()]


def port_of(net: Net, service: str) -> object:
    """The client's port of the only connection of a service."""
    (found,) = listed(net, "--service", service)
    return found["client_port"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["kill"], 2, "say which connections are to end, or --all; nothing was ended"),
        (["kill", "--templates"], 2, "nothing was ended"),
        (["kill", "--client", "x"], 2, "'x' is not ADDRESS or ADDRESS:PORT"),
        (["list", "--state", "ESTABLISHD"], 2, "did you mean ESTABLISHED?"),
        (["list", "--limit", "0"], 2, "'0' is not a number of connections"),
        (["end"], 2, "'end' is neither list nor kill"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_ends(clean: Net, words: list[str], code: int, says: str) -> None:
    """No traceback, no connection less."""
    with connected(clean) as (connection, _):
        done = clean.run("director", ["xlvs", "connections", *words])

        assert (done.returncode, "Traceback" in done.stderr) == (code, False)
        assert says in done.stderr
        assert echoes(connection, b"untouched")


def test_a_reader_that_has_enough_is_no_error(clean: Net) -> None:
    """`xlvs connections | head` says nothing on the standard error."""
    with connected(clean), connected(clean):
        for words in ("", "--json", "--plain"):
            done = clean.run(
                "director", ["sh", "-c", f"xlvs connections {words} | true; xlvs connections {words} | head -1"]
            )
            assert (done.returncode, done.stderr) == (0, ""), words


def test_templates_are_chosen_alone(clean: Net) -> None:
    """Listed and ended without their connections; no later client finds them."""
    clean.ipvsadm(f"-E -t {VIP}:{WEB} -s rr -p 300")
    try:
        with connected(clean) as (connection, _):
            assert [line.split()[4] for line in lines(clean, "--only-templates")] == ["ASSURED"]
            assert lines(clean, "--expires", "30s") == []
            assert len(lines(clean, "--expires", "1h")) == 1
            done = clean.must("director", "xlvs", "connections", "kill", "--only-templates", "--client", "192.168.20.1")
            assert done == "1 persistence template forgotten\n"
            (left,) = lines(clean, "--only-templates")  # shown as the kernel's, while the connection leads to it
            assert left.split()[2] == f"{VIP}:65535"
            assert echoes(connection, b"untouched")
    finally:
        clean.ipvsadm(f"-E -t {VIP}:{WEB} -s rr")


def test_a_dry_run_counts_and_a_silent_one_tells_nobody(clean: Net) -> None:
    """The numbers are those of the real thing."""
    with connected(clean) as (connection, node):
        words = ["xlvs", "connections", "kill", "--service", web(VIP)]

        assert clean.must("director", *words, "--dry-run") == "1 of TCP would be reset\n"
        assert echoes(connection, b"untouched")
        assert clean.must("director", *words, "--silent") == "1 of TCP ended without a word\n"
        assert not is_reset(connection, 0.5)
        assert sockets_of(clean, node) == 1
        assert clean.must("director", *words) == "no connection fits\n"
