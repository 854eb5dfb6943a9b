# SPDX-License-Identifier: Apache-2.0
"""Servers and services that are full, quiesced, deleted and added again under live connections, against the kernel."""

from __future__ import annotations

from tests.reference.scene import CLIENT6, ESTABLISH, PATHS, VIP6, Scene

UDP = "-u 10.0.0.1:53"
TCP = "-t 10.0.0.1:80"


def two_servers(service: str, second: str = "") -> Scene:
    """A service with rs1 and rs2, the second with options."""
    return Scene(f"-A {service} -s rr", f"-a {service} -r 10.2.1.100 -m", f"-a {service} -r 10.2.2.100 -m {second}")


def test_weight_0_keeps_connections_and_gets_no_new_ones() -> None:
    """Scene drain-weight-zero: and the counts go down as they end."""
    scene = two_servers(TCP)
    assert [scene.walk(ESTABLISH, port) for port in range(6)] == ["rs2", "rs1"] * 3
    scene.adm(f"-e {TCP} -r 10.2.2.100 -m -w 0")
    assert [scene.tcp("A", port) for port in range(6)] == ["rs2", "rs1"] * 3
    assert [scene.walk(ESTABLISH, port) for port in range(6, 10)] == ["rs1"] * 4
    for port in (0, 2, 4):
        scene.tcp("R", port)
    assert scene.loads(TCP) == {"rs1": (7, 0), "rs2": (0, 3)}
    scene.sleep(10)
    assert scene.loads(TCP) == {"rs1": (7, 0), "rs2": (0, 0)}


def test_packets_of_a_deleted_server_are_dropped_until_it_is_back() -> None:
    """Scene traffic-delete-readd: answers are still translated, the end of a connection still seen."""
    scene = two_servers(TCP)
    scene.adm(f"-A {UDP} -s rr", f"-a {UDP} -r 10.2.1.100 -m", f"-a {UDP} -r 10.2.2.100 -m")
    assert scene.walk(ESTABLISH, 1) == "rs2"
    assert scene.tcp("S", 2) == "rs1"
    assert scene.walk(PATHS["CLOSE_WAIT"], 3) == "rs2"
    scene.answer("rs2", "FA", 3)
    assert [scene.tcp("S", 4), scene.tcp("S", 5), scene.udp(6)] == ["rs1", "rs2", "rs2"]
    scene.adm(f"-d {TCP} -r 10.2.2.100", f"-d {UDP} -r 10.2.2.100")
    assert [scene.tcp(flags, 1) for flags in ("A", "S", "R")] + [scene.udp(6)] == ["dropped"] * 4
    assert scene.states()[1] == "ESTABLISHED"
    assert [scene.answer("rs2", "A", 1), scene.answer("rs2", None, 6, 53)] == ["10.0.0.1:80", "10.0.0.1:53"]
    scene.answer("rs2", "FA", 5)
    assert scene.states()[5] == "TIME_WAIT"
    assert scene.tcp("S", 3) == "rs1"
    scene.adm(f"-a {TCP} -r 10.2.2.100 -m -w 3", f"-a {UDP} -r 10.2.2.100 -m")
    assert (scene.loads(TCP), scene.loads(UDP)) == ({"rs1": (3, 0), "rs2": (1, 1)}, {"rs1": (0, 0), "rs2": (0, 1)})
    assert [scene.tcp("A", 1), scene.udp(6), scene.syns(3)] == ["rs2", "rs2", "rs2 rs1 rs2"]
    scene.adm(f"-d {TCP} -r 10.2.2.100", f"-a {TCP} -r 10.2.2.100:81 -m")
    assert [scene.tcp("A", 1), scene.syns(2)] == ["dropped", "rs2 rs1"]
    scene.adm(f"-a {TCP} -r 10.2.2.100:80 -m")
    assert scene.tcp("A", 1) == "rs2"
    counted = [(counts.conns, counts.inpkts, counts.outpkts) for counts in scene.counts(TCP)]
    assert counted == [(5, 10, 3), (1, 1, 0), (5, 5, 0)]


def test_a_deleted_service_leaves_its_connections() -> None:
    """Scene live-delete-service: dropped while there are other services, the host's own once there are none."""
    scene = Scene(f"-A {TCP} -s rr", f"-a {TCP} -r 10.2.1.100 -m", "-A -t 10.0.0.1:81 -s rr")
    assert scene.tcp("S", 1) == "rs1"
    scene.adm(f"-D {TCP}")
    assert [scene.tcp("A", 1), scene.tcp("S", 2), scene.answer("rs1", "SA", 1)] == ["dropped", "pass", "10.0.0.1:80"]
    scene.adm(f"-A {TCP} -s wlc", f"-a {TCP} -r 10.2.1.100 -m -w 3")
    assert scene.loads(TCP) == {"rs1": (1, 0)}
    assert scene.tcp("A", 1) == "rs1"
    scene.adm("-C")
    assert scene.states() == {1: "ESTABLISHED"}
    assert [scene.tcp("A", 1), scene.answer("rs1", "A", 1)] == ["pass", "10.2.1.100:80"]


def test_a_family_without_services_is_left_alone() -> None:
    """Scene traffic-delete-family: services of the other family do not matter."""
    scene = Scene(
        f"-A {UDP} -s rr",
        f"-a {UDP} -r 10.2.1.100 -m",
        "-A -u [2001:db8::1]:53 -s rr",
        "-a -u [2001:db8::1]:53 -r [2001:db8:2:1::100]:53 -m",
    )

    def both() -> list[str]:
        return [
            scene.udp(1),
            scene.answer("rs1", None, 1, 53),
            scene.udp(1, VIP6, source=CLIENT6),
            scene.answer("rs1", None, 1, 53, client=CLIENT6),
        ]

    assert both() == ["rs1", "10.0.0.1:53", "rs1", "2001:db8::1:53"]
    scene.adm(f"-D {UDP}")
    assert both() == ["pass", "10.2.1.100:53", "rs1", "2001:db8::1:53"]
    scene.adm("-A -u 10.0.0.1:54 -s rr")
    assert both() == ["dropped", "10.0.0.1:53", "rs1", "2001:db8::1:53"]
    scene.adm("-D -u 10.0.0.1:54", "-D -u [2001:db8::1]:53")
    assert both() == ["pass", "10.2.1.100:53", "pass", "2001:db8:2:1::100:53"]
    scene.adm(f"-A {UDP} -s rr", f"-a {UDP} -r 10.2.1.100 -m")
    assert both() == ["rs1", "10.0.0.1:53", "pass", "2001:db8:2:1::100:53"]


def test_expire_nodest_conn_schedules_anew() -> None:
    """Scene traffic-settings: packets of a deleted server, and a SYN to one of weight 0."""
    scene = Scene(
        f"-A {TCP} -s rr",
        *(f"-a {TCP} -r 10.2.{number}.100 -m" for number in (1, 2, 3)),
        f"-A {UDP} -s rr",
        *(f"-a {UDP} -r 10.2.{number}.100 -m" for number in (1, 2, 3)),
    )
    scene.director.settings.expire_nodest_conn = 1
    assert [scene.tcp("S", port) for port in range(1, 7)] == ["rs3", "rs2", "rs1"] * 2
    assert [scene.udp(port) for port in (11, 12, 13)] == ["rs3", "rs2", "rs1"]
    scene.adm(f"-e {TCP} -r 10.2.3.100 -m -w 0", f"-d {TCP} -r 10.2.2.100")
    scene.adm(f"-d {UDP} -r 10.2.3.100", f"-d {UDP} -r 10.2.2.100")
    assert [scene.tcp("A", port) for port in (1, 2, 3)] == ["rs3", "pass", "rs1"]
    assert [scene.tcp("S", port) for port in (4, 5, 6)] == ["rs1", "rs1", "rs1"]
    assert [scene.udp(port) for port in (11, 12, 13)] == ["rs1", "rs1", "rs1"]
    assert (scene.loads(TCP), scene.loads(UDP)) == ({"rs1": (4, 0), "rs3": (1, 0)}, {"rs1": (0, 3)})
    assert 2 not in scene.states()


def test_a_server_is_full_at_its_upper_threshold_and_free_below_three_quarters() -> None:
    """Scene thresholds-overload: four fit; three of four are still too many, two are not."""
    scene = two_servers(TCP, "-x 4")
    assert scene.syns(12) == "rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs1 rs1 rs1 rs1"
    for port, expected in ((1001, "rs1 rs1 rs1"), (1003, "rs2 rs1 rs2 rs1 rs1")):
        scene.answer("rs2", "R", port)
        scene.sleep(11)
        assert scene.syns(len(expected.split())) == expected
    for options, expected in (
        ("-x 6", "rs2 rs1 rs2 rs1 rs1 rs1"),
        ("-x 3", "rs1 rs1 rs1 rs1"),
        ("", "rs2 rs1 rs2 rs1"),
    ):
        scene.adm(f"-e {TCP} -r 10.2.2.100 -m {options}")
        assert scene.syns(len(expected.split())) == expected


def test_only_a_raised_upper_threshold_frees_a_full_server() -> None:
    """Scene traffic-thresholds-edit: lowering does nothing at once; with -x 0 it is gone."""
    scene = two_servers(UDP, "-x 4 -y 2")
    scene.datagrams(10)
    for options, expected in (
        ("-x 2 -y 1", "rs1 rs1 rs1 rs1"),
        ("-x 3 -y 1", "rs2 rs1 rs1 rs1"),
        ("-x 3 -y 2", "rs1 rs1 rs1 rs1"),
        ("-x 100", "rs2 rs1 rs2 rs1"),
        ("-x 7", "rs2 rs1 rs1 rs1"),
        ("-x 8", "rs2 rs1 rs1 rs1"),
        ("-w 0", "rs1 rs1 rs1 rs1"),
        ("-w 1", "rs2 rs1 rs2 rs1"),
    ):
        scene.adm(f"-e {UDP} -r 10.2.2.100 -m {options}")
        assert (options, scene.datagrams(4)) == (options, expected)


def test_a_lower_threshold_frees_below_it() -> None:
    """Scene traffic-thresholds-edit: two of two are too many, one is not."""
    scene = two_servers(UDP, "-x 4 -y 2")
    scene.adm("--set 0 0 2")
    assert scene.datagrams(10) == "rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs1 rs1"
    scene.sleep(1.2)
    assert [scene.udp(port) for port in (1001, 1003)] == ["rs2", "rs2"]
    scene.sleep(1.4)
    assert scene.datagrams(3) == "rs1 rs1 rs1"
    scene.udp(1001)
    scene.sleep(1.2)
    scene.udp(1001)
    assert scene.loads(UDP)["rs2"] == (0, 1)
    assert scene.datagrams(4) == "rs2 rs1 rs2 rs1"


def test_a_full_server_added_again_is_still_full() -> None:
    """Scene traffic-thresholds-readd: with the same or a lower threshold; a higher one or none frees it."""
    scene = two_servers(UDP, "-x 2")
    assert scene.datagrams(6) == "rs2 rs1 rs2 rs1 rs1 rs1"
    for options, expected in (
        ("-x 2", "rs1 rs1 rs1 rs1"),
        ("-x 1", "rs1 rs1 rs1 rs1"),
        ("-x 3", "rs2 rs1 rs1 rs1"),
        ("-x 3", "rs1 rs1 rs1 rs1"),
        ("", "rs2 rs1 rs2 rs1"),
        ("-x 2", "rs2 rs1 rs1 rs1"),
    ):
        scene.adm(f"-d {UDP} -r 10.2.2.100", f"-a {UDP} -r 10.2.2.100 -m {options}")
        assert (options, scene.datagrams(4)) == (options, expected)


def test_counters_survive_a_server_not_its_service() -> None:
    """Scene traffic-readd-idle: kept over -d and -a for two minutes, begun anew with a new service."""
    scene = Scene(f"-A {UDP} -s rr", f"-a {UDP} -r 10.2.1.100 -m", "--set 0 0 1")
    scene.datagrams(3)
    scene.sleep(3)

    def counted() -> int:
        (counts,) = scene.counts(UDP)
        return counts.conns

    scene.adm(f"-d {UDP} -r 10.2.1.100", f"-a {UDP} -r 10.2.1.100 -m -w 2")
    assert counted() == 3
    scene.adm(f"-d {UDP} -r 10.2.1.100")
    scene.sleep(200)
    scene.adm(f"-a {UDP} -r 10.2.1.100 -m")
    assert counted() == 0
    scene.datagrams(2)
    scene.adm(f"-D {UDP}", f"-A {UDP}", f"-a {UDP} -r 10.2.1.100 -m")
    assert counted() == 0
