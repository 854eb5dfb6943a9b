# SPDX-License-Identifier: Apache-2.0
"""What the measurements ask of the director is what their rows say."""

from collections import Counter

from bench import control, director
from bench.netns.topology import DESTINATIONS4
from bench.progrun import rows
from bench.progrun.packets import ETHERNET, ipv4


def test_every_katran_figure_stands_beside_a_row_of_ours() -> None:
    """A reference without a row would be lost silently."""
    assert set(rows.KATRAN) <= set(rows.known_cases()) | set(rows.new_cases("XDP"))


def test_new_connections_of_both_paths_come_from_different_clients() -> None:
    """Else the second path would measure connections that the first one made."""
    clients = [case.packet.data[26:30] for path in ("XDP", "tc") for case in rows.new_cases(path).values()]
    assert len(set(clients)) == 4
    assert {client[:2] for client in clients} == {b"\x0a\x40", b"\x0a\x41", b"\x0a\x60", b"\x0a\x61"}


def test_a_packet_that_was_not_translated_is_found_out() -> None:
    """The check before the rows must fail on the packet as it came."""
    assert rows.faulty(ipv4().data) == "sent to 10.200.1.1"


def test_a_packet_with_a_stale_checksum_is_found_out() -> None:
    """The destination written without its checksums is the classic mistake."""
    whole = ipv4(target=DESTINATIONS4[0]).data
    assert rows.faulty(whole) == ""
    assert rows.faulty(whole[:24] + b"\0\0" + whole[26:]) == "IP checksum"
    assert rows.faulty(whole[:50] + b"\0\0" + whole[52:]) == "TCP checksum"
    assert whole.startswith(ETHERNET)


def test_the_director_gets_ten_destinations_per_measured_service() -> None:
    """As many as Katran was measured with; one service has a single one, for answers."""
    servers = Counter(line.partition(" -r ")[0] for line in director.rules() if line.startswith("-a"))
    assert sorted(servers.values()) == [1, 10, 10, 10, 10]


def test_ten_thousand_services_are_ten_thousand_different_ones() -> None:
    """And each has its servers."""
    lines = control.many_services().splitlines()
    services = [line.split()[2] for line in lines if line.startswith("-A")]
    assert len(set(services)) == 10_000
    assert len(lines) == 60_000
    assert control.many_nft_rules().count("dnat to") == 10_000
