# SPDX-License-Identifier: Apache-2.0
"""What the measurements ask of the director is what their rows say."""

from collections import Counter

import pytest

from bench import control, director
from bench.progrun import cases, rows
from bench.progrun.harness import MASKS

GROUPS = cases.groups()
ROWS = {name: case for group in GROUPS for name, case in group.cases.items()}


def test_every_row_has_a_name_of_its_own() -> None:
    """Else one would be shown in the place of the other."""
    assert len(ROWS) == sum(len(group.cases) for group in GROUPS)


def test_every_katran_figure_stands_beside_a_row_of_ours() -> None:
    """A reference without a row would be lost silently."""
    assert set(rows.KATRAN) <= set(ROWS)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: next(iter(group.cases)))
def test_no_client_of_a_new_connection_has_another_row(group: cases.Group) -> None:
    """Else a later row would measure connections that an earlier one made, or an index with many from one end."""
    new = [case.packet.data[26:30] for case in group.cases.values() if case.is_new]
    known = {packet.data[26:30] for case in group.cases.values() for packet, _ in case.known_by}
    assert len(set(new)) == len(new)
    assert not known & set(new)


@pytest.mark.parametrize("label", MASKS)
@pytest.mark.parametrize("method", cases.METHODS)
def test_as_many_connections_are_in_the_table_as_a_row_says(method: str, label: str) -> None:
    """A director of its own per group, and the same clients in its rows, ever more of them."""
    (group,) = (group for group in GROUPS if f"TCP {method}, {label}" in group.cases)
    assert rows.expected(group, f"TCP {method}, {label}") == MASKS[label] + 1


def test_services_that_are_all_used_are_used_by_clients_of_their_own() -> None:
    """Their connections come on top of those of the one service."""
    (group,) = (group for group in GROUPS if f"TCP NAT, 1 k, {cases.MANY}" in group.cases)
    assert rows.expected(group, f"TCP NAT, 64 k, all of {cases.MANY}") == 1024 + 65536


def test_nobody_can_say_how_many_connections_a_full_table_holds() -> None:
    """It refuses or replaces some."""
    (group,) = (group for group in GROUPS if "new TCP, table full" in group.cases)
    assert rows.expected(group, "TCP NAT, 1 k, table full") is None


def test_schedulers_are_measured_with_ten_and_a_thousand_destinations() -> None:
    """Each service has as many as its row says."""
    rules = GROUPS[-1].rules
    servers = Counter(line.partition(" -r ")[0] for line in rules if line.startswith("-a"))
    assert Counter(servers.values()) == {10: len(cases.SCHEDULERS), 1000: len(cases.SCHEDULERS)}


def test_many_services_are_different_ones() -> None:
    """And each has a server."""
    (group,) = (group for group in GROUPS if f"new TCP, {cases.MANY}" in group.cases)
    assert len({line.split()[2] for line in group.rules if line.startswith("-A")}) == 10_000
    assert len(group.rules) == 20_000


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
