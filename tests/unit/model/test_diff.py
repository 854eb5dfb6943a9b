# SPDX-License-Identifier: Apache-2.0
"""The difference of two tables: what it takes, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlvs.ipvs.desired import bring, carry_out, configured
from xlvs.ipvs.memory import MemoryTables
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey
from xlvs.model.diff import (
    AddDestination,
    AddService,
    ConfiguredService,
    DeleteDestination,
    DeleteService,
    Operation,
    UpdateDestination,
    UpdateService,
    diff,
)
from xlvs.model.errors import TableFull
from xlvs.model.service import Protocol, ServiceKey, VirtualService

WEB = VirtualService(ServiceKey(Protocol.TCP, Family.IPV4, bytes((10, 0, 0, 1)), 80), "rr")
DNS = VirtualService(ServiceKey(Protocol.UDP, Family.IPV4, bytes((10, 0, 0, 1)), 53), "wlc")


def server(last: int, weight: int = 1) -> Destination:
    """A destination 10.2.0.LAST:80."""
    return Destination(DestinationKey(Family.IPV4, bytes((10, 2, 0, last)), 80), weight=weight)


ONE, TWO, THREE = server(1), server(2), server(3)


def test_the_same_tables_differ_in_nothing() -> None:
    """Whatever the order of services and destinations."""
    current = [ConfiguredService(WEB, (ONE, TWO)), ConfiguredService(DNS)]
    desired = [ConfiguredService(DNS), ConfiguredService(WEB, (TWO, ONE))]

    assert diff(current, desired) == []


def test_a_new_service_is_followed_by_its_destinations() -> None:
    """In the order in which they are to be added."""
    assert diff([], [ConfiguredService(WEB, (ONE, TWO))]) == [
        AddService(WEB),
        AddDestination(WEB.key, ONE),
        AddDestination(WEB.key, TWO),
    ]


def test_a_service_goes_with_its_destinations() -> None:
    """One operation."""
    assert diff([ConfiguredService(WEB, (ONE, TWO))], []) == [DeleteService(WEB)]


def test_what_another_owns_stays() -> None:
    """Only services that are to be deleted are asked for."""
    current = [ConfiguredService(WEB), ConfiguredService(DNS)]

    assert diff(current, [], owns=lambda key: key == DNS.key) == [DeleteService(DNS)]


def test_changes_are_made_in_place() -> None:
    """A service and a destination keep their connections."""
    other = WEB._replace(scheduler="wlc")
    heavy = server(1, weight=5)

    assert diff([ConfiguredService(WEB, (ONE, TWO))], [ConfiguredService(other, (heavy, TWO))]) == [
        UpdateService(other, WEB),
        UpdateDestination(WEB.key, heavy, ONE),
    ]


def test_servers_come_before_others_go() -> None:
    """Also over several services: all additions are before the first deletion."""
    current = [ConfiguredService(WEB, (ONE,)), ConfiguredService(DNS, (ONE,))]
    desired = [ConfiguredService(WEB, (TWO,)), ConfiguredService(DNS, (THREE,))]

    assert diff(current, desired) == [
        AddDestination(WEB.key, TWO),
        AddDestination(DNS.key, THREE),
        DeleteDestination(WEB.key, ONE),
        DeleteDestination(DNS.key, ONE),
    ]


def test_a_server_takes_over_before_another_is_quiesced() -> None:
    """Between the two operations the service has a server that takes connections."""
    current = [ConfiguredService(WEB, (ONE, server(2, weight=0)))]
    desired = [ConfiguredService(WEB, (server(1, weight=0), TWO))]

    assert diff(current, desired) == [
        UpdateDestination(WEB.key, TWO, server(2, weight=0)),
        UpdateDestination(WEB.key, server(1, weight=0), ONE),
    ]


KEYS = st.builds(
    ServiceKey,
    st.sampled_from((Protocol.TCP, Protocol.UDP)),
    st.just(Family.IPV4),
    st.just(bytes((10, 0, 0, 1))),
    st.integers(1, 3),
)
SERVICES = st.tuples(KEYS, st.sampled_from(("rr", "wlc", ""))).map(lambda each: VirtualService(*each))
DESTINATIONS = st.lists(
    st.builds(server, st.integers(1, 5), st.integers(0, 2)), max_size=5, unique_by=lambda each: each.key
).map(tuple)
TABLES = st.lists(
    st.builds(ConfiguredService, SERVICES, DESTINATIONS), max_size=5, unique_by=lambda each: each.service.key
)


def filled(services: list[ConfiguredService]) -> MemoryTables:
    """Tables that hold these."""
    tables = MemoryTables()
    for operation in diff([], services):
        carry_out(tables, operation)
    return tables


def contents(services: list[ConfiguredService]) -> dict[ServiceKey, tuple[VirtualService, frozenset[Destination]]]:
    """Tables without the order of anything."""
    return {each.service.key: (each.service, frozenset(each.destinations)) for each in services}


@given(TABLES, TABLES)
def test_the_operations_lead_from_any_tables_to_any_others(
    current: list[ConfiguredService], desired: list[ConfiguredService]
) -> None:
    """None is refused on the way, and afterwards there is no difference."""
    tables = filled(current)

    bring(tables, desired)

    assert contents(configured(tables)) == contents(desired)
    assert diff(configured(tables), desired) == []


def usable(services: list[ConfiguredService], key: ServiceKey) -> bool:
    """Whether the service has a server that takes connections."""
    return any(each.weight for service in services if service.service.key == key for each in service.destinations)


@given(TABLES, TABLES)
def test_a_service_that_can_serve_before_and_after_can_serve_throughout(
    current: list[ConfiguredService], desired: list[ConfiguredService]
) -> None:
    """After each single operation."""
    tables = filled(current)
    keys = [each.service.key for each in current if usable(current, each.service.key)]
    keys = [key for key in keys if usable(desired, key)]
    for operation in diff(current, desired):
        carry_out(tables, operation)
        assert all(usable(configured(tables), key) for key in keys)


class SmallTables(MemoryTables):
    """Tables that are full after some operations."""

    room = 0

    def add_destination(self, service: ServiceKey, destination: Destination) -> None:
        """As long as there is room."""
        if not self.room:
            raise TableFull
        self.room -= 1
        super().add_destination(service, destination)


def test_a_refusal_undoes_what_was_done() -> None:
    """All or nothing."""
    tables = SmallTables()
    tables.room = 1
    tables.add_service(WEB)
    tables.add_destination(WEB.key, ONE)
    tables.room = 1
    before = configured(tables)

    with pytest.raises(TableFull):
        bring(tables, [ConfiguredService(WEB, (TWO, THREE)), ConfiguredService(DNS)])

    assert configured(tables) == before


def test_operations_are_values() -> None:
    """They can be compared, which is what a dry run shows."""
    operation: Operation = AddService(WEB)

    assert operation == AddService(WEB._replace())
