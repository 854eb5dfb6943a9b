# SPDX-License-Identifier: Apache-2.0
"""What every implementation of `IpvsTables` must do. Subclass it and provide the fixture `tables`, empty ones.

Only what needs no traffic is here; an implementation with traffic adds that apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from xlvs.model.address import Family, parse_ipv4, parse_ipv6
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod, Tunnel, TunnelType
from xlvs.model.errors import (
    DestinationExists,
    FullNatOnePacket,
    InvalidArgument,
    NoDaemon,
    NoSuchDestination,
    NoSuchScheduler,
    NoSuchService,
    NoSuchSetting,
    OutOfRange,
    ServiceExists,
    ServiceNotDefined,
)
from xlvs.model.service import Protocol, ServiceKey, VirtualService, mark_service_key
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from xlvs.ipvs.interface import IpvsTables

VIP = bytes((10, 0, 0, 1))


def service_key(port: int = 80, protocol: Protocol = Protocol.TCP) -> ServiceKey:
    """A service on 10.0.0.1."""
    return ServiceKey(protocol, Family.IPV4, VIP, port)


def service_key6(port: int = 80) -> ServiceKey:
    """A service on 2001:db8::1."""
    return ServiceKey(Protocol.TCP, Family.IPV6, packed("2001:db8::1"), port)


def packed(text: str) -> bytes:
    """An address from text."""
    address = parse_ipv6(text) if ":" in text else parse_ipv4(text)
    assert address is not None
    return address


def destination(address: str, port: int = 80, **settings: Any) -> Destination:
    """A masquerading destination."""
    family = Family.IPV6 if ":" in address else Family.IPV4
    plain = Destination(DestinationKey(family, packed(address), port), ForwardingMethod.MASQUERADE)
    return plain._replace(**settings)


def destinations_of(tables: IpvsTables, key: ServiceKey) -> list[Destination]:
    """What is configured, in table order."""
    return [view.destination for view in tables.service(key).destinations]


class ServicesContract:
    """Services: what can be added, changed and taken away."""

    def test_a_service_is_found_as_it_was_added(self, tables: IpvsTables) -> None:
        """Everything configured comes back."""
        service = VirtualService(service_key(), "sh", 0x10, 120, 0xFFFFFF00, "sip", one_packet=False)
        tables.add_service(service)
        assert tables.service(service.key).service == service
        assert [view.service for view in tables.services()] == [service]

    def test_a_service_is_added_once(self, tables: IpvsTables) -> None:
        """The second one changes nothing, whatever its settings."""
        tables.add_service(VirtualService(service_key(), "rr"))
        with pytest.raises(ServiceExists):
            tables.add_service(VirtualService(service_key(), "bogus"))
        assert tables.service(service_key()).service.scheduler == "rr"

    def test_protocol_family_port_and_mark_tell_services_apart(self, tables: IpvsTables) -> None:
        """Seven services that differ in one thing each."""
        keys = [
            service_key(80),
            service_key(81),
            service_key(80, Protocol.UDP),
            service_key(80, Protocol.SCTP),
            service_key6(),
            mark_service_key(7),
            mark_service_key(7, Family.IPV6),
        ]
        for key in keys:
            tables.add_service(VirtualService(key))
        assert {view.service.key for view in tables.services()} == set(keys)

    @pytest.mark.parametrize("wrong", [{"scheduler": "bogus"}, {"persistence_engine": "bogus"}])
    def test_scheduler_and_engine_must_exist(self, tables: IpvsTables, wrong: dict[str, Any]) -> None:
        """Neither adding nor editing takes an unknown name, and nothing changes."""
        with pytest.raises(NoSuchScheduler):
            tables.add_service(VirtualService(service_key())._replace(**wrong))
        assert list(tables.services()) == []
        tables.add_service(VirtualService(service_key(), "rr"))
        with pytest.raises(NoSuchScheduler):
            tables.update_service(VirtualService(service_key())._replace(**wrong))
        assert tables.service(service_key()).service == VirtualService(service_key(), "rr")

    def test_a_service_may_have_no_scheduler(self, tables: IpvsTables) -> None:
        """An empty name is none."""
        tables.add_service(VirtualService(service_key(), ""))
        assert tables.service(service_key()).service.scheduler == ""

    @pytest.mark.parametrize("prefix", [0, 129])
    def test_an_ipv6_netmask_is_a_prefix_length(self, tables: IpvsTables, prefix: int) -> None:
        """1 to 128."""
        with pytest.raises(InvalidArgument):
            tables.add_service(VirtualService(service_key6(), persistence_timeout_s=60, netmask=prefix))

    def test_editing_replaces_everything_but_the_destinations(self, tables: IpvsTables) -> None:
        """What the new value does not have is gone."""
        tables.add_service(VirtualService(service_key(), "sh", 0x08, 60, 0xFF000000, "sip", one_packet=False))
        tables.add_destination(service_key(), destination("10.2.1.2"))
        tables.update_service(VirtualService(service_key(), "rr"))
        assert tables.service(service_key()).service == VirtualService(service_key(), "rr")
        assert destinations_of(tables, service_key()) == [destination("10.2.1.2")]

    def test_a_service_that_is_not_there_cannot_be_touched(self, tables: IpvsTables) -> None:
        """Edit, delete, show, zero."""
        with pytest.raises(NoSuchService):
            tables.update_service(VirtualService(service_key(), "bogus"))
        with pytest.raises(NoSuchService):
            tables.delete_service(service_key())
        with pytest.raises(NoSuchService):
            tables.service(service_key())
        with pytest.raises(NoSuchService):
            tables.zero(service_key())

    def test_deleting_takes_the_destinations_along(self, tables: IpvsTables) -> None:
        """A service that is added again starts empty."""
        tables.add_service(VirtualService(service_key()))
        tables.add_destination(service_key(), destination("10.2.1.2"))
        tables.delete_service(service_key())
        assert list(tables.services()) == []
        tables.add_service(VirtualService(service_key()))
        assert destinations_of(tables, service_key()) == []

    def test_flushing_leaves_only_timeouts_and_settings(self, tables: IpvsTables) -> None:
        """All services go."""
        tables.add_service(VirtualService(service_key()))
        tables.add_service(VirtualService(mark_service_key(1)))
        tables.set_timeouts(Timeouts(100, 50, 20))
        tables.flush()
        tables.flush()
        assert list(tables.services()) == []
        assert tables.timeouts() == Timeouts(100, 50, 20)

    def test_zeroing_is_possible_for_one_and_all(self, tables: IpvsTables) -> None:
        """Without traffic it shows nothing, but must not fail."""
        tables.add_service(VirtualService(service_key()))
        tables.zero(service_key())
        tables.zero(None)


class DestinationsContract:
    """Destinations: their order, their identity, what is refused."""

    def test_the_newest_destination_stands_first(self, tables: IpvsTables) -> None:
        """Editing does not move one, deleting and adding again does."""
        tables.add_service(VirtualService(service_key()))
        one, two, three = (destination(f"10.2.{number}.2") for number in (1, 2, 3))
        for each in (one, two, three):
            tables.add_destination(service_key(), each)
        assert destinations_of(tables, service_key()) == [three, two, one]
        heavier = one._replace(weight=5)
        tables.update_destination(service_key(), heavier)
        assert destinations_of(tables, service_key()) == [three, two, heavier]
        tables.delete_destination(service_key(), two.key)
        tables.add_destination(service_key(), two)
        assert destinations_of(tables, service_key()) == [two, three, heavier]

    def test_a_destination_is_found_as_it_was_added(self, tables: IpvsTables) -> None:
        """Method, weight, thresholds and tunnel come back."""
        tables.add_service(VirtualService(service_key()))
        full = destination(
            "10.2.1.2",
            80,
            forwarding=ForwardingMethod.TUNNEL,
            weight=2147483647,
            upper_threshold=9,
            lower_threshold=4,
            tunnel=Tunnel(TunnelType.GUE, 6080, 1),
        )
        tables.add_destination(service_key(), full)
        view = tables.service(service_key()).destinations[0]
        assert view.destination == full
        assert (view.active, view.inactive, view.persistent) == (0, 0, 0)

    def test_one_packet_scheduling_and_full_nat_exclude_each_other(self, tables: IpvsTables) -> None:
        """Whichever comes second is refused, added or edited, and nothing changes."""
        key = service_key(53, Protocol.UDP)
        single = VirtualService(key, "rr", one_packet=True)
        full = destination("10.2.1.2", 53, forwarding=ForwardingMethod.FULL_NAT)
        tables.add_service(VirtualService(key, "rr"))
        tables.add_destination(key, full)
        with pytest.raises(FullNatOnePacket):
            tables.update_service(single)
        tables.update_destination(key, destination("10.2.1.2", 53))
        tables.update_service(single)
        with pytest.raises(FullNatOnePacket):
            tables.update_destination(key, full)
        with pytest.raises(FullNatOnePacket):
            tables.add_destination(key, destination("10.2.2.2", 53, forwarding=ForwardingMethod.FULL_NAT))
        assert destinations_of(tables, key) == [destination("10.2.1.2", 53)]
        assert tables.service(key).service == single

    def test_address_and_port_identify_a_destination(self, tables: IpvsTables) -> None:
        """Another port is another one, another method is not; two services do not see each other's."""
        tables.add_service(VirtualService(service_key(80)))
        tables.add_service(VirtualService(service_key(81)))
        tables.add_destination(service_key(80), destination("10.2.1.2", 80))
        tables.add_destination(service_key(80), destination("10.2.1.2", 81))
        tables.add_destination(service_key(81), destination("10.2.1.2", 80))
        with pytest.raises(DestinationExists):
            tables.add_destination(
                service_key(80), destination("10.2.1.2", 80, forwarding=ForwardingMethod.DIRECT_ROUTE)
            )
        assert len(destinations_of(tables, service_key(80))) == 2
        assert len(destinations_of(tables, service_key(81))) == 1

    def test_editing_replaces_everything(self, tables: IpvsTables) -> None:
        """What the new value does not have goes back to its default."""
        tables.add_service(VirtualService(service_key()))
        tables.add_destination(service_key(), destination("10.2.1.2", weight=7, upper_threshold=10, lower_threshold=5))
        tables.update_destination(service_key(), destination("10.2.1.2"))
        assert destinations_of(tables, service_key()) == [destination("10.2.1.2")]

    def test_without_the_service_nothing_can_be_said_of_its_destinations(self, tables: IpvsTables) -> None:
        """This comes before all other mistakes."""
        wrong = destination("224.0.0.1", lower_threshold=1)
        with pytest.raises(ServiceNotDefined):
            tables.add_destination(service_key(), wrong)
        with pytest.raises(ServiceNotDefined):
            tables.update_destination(service_key(), wrong)
        with pytest.raises(ServiceNotDefined):
            tables.delete_destination(service_key(), wrong.key)

    def test_a_destination_that_is_not_there_cannot_be_touched(self, tables: IpvsTables) -> None:
        """Its port counts."""
        tables.add_service(VirtualService(service_key()))
        tables.add_destination(service_key(), destination("10.2.1.2", 80))
        with pytest.raises(NoSuchDestination):
            tables.update_destination(service_key(), destination("10.2.1.2", 81))
        with pytest.raises(NoSuchDestination):
            tables.delete_destination(service_key(), destination("10.2.1.2", 81).key)

    @pytest.mark.parametrize("address", ["224.0.0.1", "239.1.2.3", "255.255.255.255", "0.0.0.0"])
    def test_an_ipv4_destination_is_unicast(self, tables: IpvsTables, address: str) -> None:
        """Multicast, broadcast and nothing at all are refused."""
        tables.add_service(VirtualService(service_key()))
        with pytest.raises(InvalidArgument):
            tables.add_destination(service_key(), destination(address))
        assert destinations_of(tables, service_key()) == []

    @pytest.mark.parametrize("address", ["0.1.2.3", "127.5.5.5", "240.0.0.1", "169.254.1.1"])
    def test_odd_ipv4_destinations_are_taken(self, tables: IpvsTables, address: str) -> None:
        """The kernel only asks whether they are unicast."""
        tables.add_service(VirtualService(service_key()))
        tables.add_destination(service_key(), destination(address))
        assert destinations_of(tables, service_key()) == [destination(address)]

    @pytest.mark.parametrize("address", ["ff02::1", "::", "fe80::5", "::ffff:10.0.0.1"])
    def test_an_ipv6_destination_is_unicast(self, tables: IpvsTables, address: str) -> None:
        """Multicast, nothing, link-local of others and mapped addresses are refused."""
        tables.add_service(VirtualService(service_key6()))
        with pytest.raises(InvalidArgument):
            tables.add_destination(service_key6(), destination(address))

    @pytest.mark.parametrize("address", ["::1", "fec0::1", "2001:db8::5", "::1.2.3.4"])
    def test_odd_ipv6_destinations_are_taken(self, tables: IpvsTables, address: str) -> None:
        """Loopback, site-local and compatible addresses are unicast."""
        tables.add_service(VirtualService(service_key6()))
        tables.add_destination(service_key6(), destination(address))

    def test_the_lower_threshold_does_not_exceed_the_upper(self, tables: IpvsTables) -> None:
        """Not on adding, not on editing, not when the upper is none; looked at before the rest."""
        tables.add_service(VirtualService(service_key()))
        tables.add_destination(service_key(), destination("10.2.1.2", upper_threshold=5, lower_threshold=5))
        for wrong in (
            destination("10.2.1.2", upper_threshold=5, lower_threshold=6),
            destination("10.2.1.2", lower_threshold=1),
            destination("224.0.0.1", lower_threshold=1),
        ):
            with pytest.raises(OutOfRange):
                tables.add_destination(service_key(), wrong)
            with pytest.raises(OutOfRange):
                tables.update_destination(service_key(), wrong)

    def test_another_family_needs_a_tunnel(self, tables: IpvsTables) -> None:
        """In both directions."""
        tables.add_service(VirtualService(service_key()))
        with pytest.raises(InvalidArgument):
            tables.add_destination(service_key(), destination("2001:db8::5"))
        through_tunnel = destination("2001:db8::5", forwarding=ForwardingMethod.TUNNEL)
        tables.add_destination(service_key(), through_tunnel)
        with pytest.raises(InvalidArgument):
            tables.update_destination(service_key(), destination("2001:db8::5"))
        assert destinations_of(tables, service_key()) == [through_tunnel]

    def test_many_destinations_keep_their_order(self, tables: IpvsTables) -> None:
        """300, newest first, also after every third is gone."""
        tables.add_service(VirtualService(service_key()))
        all_of_them = [destination(f"10.3.{number // 200}.{number % 200 + 1}") for number in range(300)]
        with tables.batch():
            for each in all_of_them:
                tables.add_destination(service_key(), each)
            for each in all_of_them[::3]:
                tables.delete_destination(service_key(), each.key)
        rest = [each for index, each in enumerate(all_of_them) if index % 3]
        assert destinations_of(tables, service_key()) == rest[::-1]


class SettingsContract:
    """Timeouts, settings, daemons."""

    def test_timeouts_begin_as_the_kernels_and_zero_keeps_one(self, tables: IpvsTables) -> None:
        """900, 120, 300 s."""
        assert tables.timeouts() == Timeouts(900, 120, 300)
        tables.set_timeouts(Timeouts(100, 0, 20))
        assert tables.timeouts() == Timeouts(100, 120, 20)
        with pytest.raises(InvalidArgument):
            tables.set_timeouts(Timeouts(1, 2678401, 1))
        assert tables.timeouts() == Timeouts(100, 120, 20)

    def test_settings_are_the_kernels(self, tables: IpvsTables) -> None:
        """Names in order, defaults, a pair with a tab."""
        names = tables.sysctl_names()
        assert names == sorted(names)
        assert {"conn_reuse_mode", "expire_nodest_conn", "sync_threshold"} <= set(names)
        assert tables.sysctl("conn_reuse_mode") == "1"
        assert tables.sysctl("sync_threshold") == "3\t50"

    def test_a_setting_keeps_what_was_written(self, tables: IpvsTables) -> None:
        """And its old value when the new one is refused."""
        tables.set_sysctl("drop_entry", "3")
        with pytest.raises(InvalidArgument):
            tables.set_sysctl("drop_entry", "4")
        assert tables.sysctl("drop_entry") == "3"
        with pytest.raises(NoSuchSetting):
            tables.set_sysctl("timeout_established", "5")
        with pytest.raises(NoSuchSetting):
            tables.sysctl("nosuch")

    def test_no_daemon_runs_at_first(self, tables: IpvsTables) -> None:
        """So none can be stopped."""
        assert tables.daemons() == []
        with pytest.raises(NoDaemon):
            tables.stop_daemon("master")

    def test_without_traffic_there_is_nothing_to_see(self, tables: IpvsTables) -> None:
        """No connections, all sums zero."""
        assert list(tables.connections()) == []
        assert list(tables.connection_rows()) == []
        assert tables.totals().counters.conns == 0
        assert tables.size() > 0


class TablesContract(ServicesContract, DestinationsContract, SettingsContract):
    """All of it."""
