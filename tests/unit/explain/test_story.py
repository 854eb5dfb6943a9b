# SPDX-License-Identifier: Apache-2.0
"""The story made of facts: what it says, and in which order."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit.explain.made import Tables, destination, end, parsed, service, work
from xlvs.explain import packet, render, verdicts
from xlvs.explain.facts import Facts, Met, Place, Stack, StackRoute, Step
from xlvs.explain.question import TCP, Question
from xlvs.explain.rows import ConnectionRow, DestinationRow
from xlvs.explain.story import tell
from xlvs.ipvs import layout

CLIENT, VIRTUAL, SERVER = end("10.1.8.5:1000"), end("10.0.0.1:80"), end("10.2.1.100:80")
ASKED = Question(TCP, CLIENT, VIRTUAL)
RECEIVER, ROUTER = bytes.fromhex("0200000000d1"), bytes.fromhex("020000000051")
WEB = service("10.0.0.1:80")
ROW = destination("10.2.1.100:80")
CONNECTION = ConnectionRow(
    number=5, protocol=TCP, client=CLIENT, virtual=VIRTUAL, port=80, method="Masq", state="SYN_RECV", left_s=60.0,
    live=True, ended=False, companion=False, synced=False, outdated=False, dest=1, control=0, template=False, controls=0,
)  # fmt: skip
PLACE = Place("eth0", 2, RECEIVER, tc="tcx")


def forwarded() -> bytes:
    """The frame that leaves by NAT."""
    return packet.with_ttl(packet.frame(replace(ASKED, destination=SERVER), ROUTER), 63)


def step(verdict: str, **fields: object) -> Step:
    """A step at tc that ends so."""
    found = Step(
        hook="tc",
        interface="eth0",
        verdict=verdict,
        fate="redirect",
        before=packet.frame(ASKED, RECEIVER),
        after=forwarded(),
        out="eth1",
        work=work(parsed("10.1.8.5:1000", "10.0.0.1:80"), chosen=1, begun=5, reached=4),
        met=Met(service=WEB, candidates=(ROW,), destination=ROW, begun=CONNECTION),
        copy=Tables([WEB], [ROW]).copy(),
    )
    return replace(found, **fields)  # type: ignore[arg-type]  # names of fields


def told(*steps: Step, stacks: tuple[Stack, ...] = (), place: Place = PLACE, outdated: bool = False) -> str:
    """The story as text."""
    return render.text(tell(Facts(ASKED, place, steps, stacks, 250, outdated=outdated)))


def test_every_verdict_has_words() -> None:
    """The program's own list of them; remedies are for verdicts that there are."""
    assert list(verdicts.WORDS) == list(layout.VERDICT_NAMES)
    assert set(verdicts.REMEDIES) <= set(layout.VERDICT_NAMES)


def test_a_new_connection_is_told_from_the_packet_to_the_way_out() -> None:
    """Each part once, in order."""
    assert told(step("forward")).splitlines() == [
        "packet      tcp 10.1.8.5:1000 -> 10.0.0.1:80, flags S, in by eth0",
        "tc eth0     sent on towards a destination",
        "service     TCP 10.0.0.1:80 rr",
        "connection  none is known: a new one begins",
        "scheduler   rr: 10.2.1.100:80, in turn: the first usable one of the list",
        "            > 10.2.1.100:80            Masq   weight 1     active 0 inactive 0",
        "rewritten   destination 10.0.0.1:80 -> 10.2.1.100:80",
        "            hops to live 64 -> 63",
        "sent        out of eth1, to 02:00:00:00:00:51",
        "verdict     forward: sent on towards a destination",
    ]


def test_a_known_connection_says_how_it_goes_on() -> None:
    """State and time before and after; no scheduler is asked."""
    met = Met(
        connection=CONNECTION, connection_after=CONNECTION._replace(state="ESTABLISHED", left_s=900.0),
        destination=ROW, owner=WEB,
    )  # fmt: skip
    text = told(step("forward", met=met, work=work(parsed("10.1.8.5:1000", "10.0.0.1:80"), conn=5)))
    assert "connection  SYN_RECV, 60 s left, to 10.2.1.100:80 (Masq)\n" in text
    assert "            SYN_RECV -> ESTABLISHED, 900 s from now\n" in text
    assert "scheduler" not in text


def test_a_deleted_destination_is_named_with_the_remedy() -> None:
    """The connection is there, its destination is not."""
    met = Met(connection=CONNECTION, destination=ROW._replace(available=False))
    text = told(step("drop_destination_gone", fate="drop", met=met, work=work(conn=5)))
    assert "to 10.2.1.100:80 (Masq), which has been deleted" in text
    assert "verdict     drop_destination_gone: dropped: its connection's destination has been deleted" in text
    assert "expire_nodest_conn" in text
    assert "rewritten" not in text


def test_what_xdp_leaves_is_told_with_its_reason() -> None:
    """Then comes what tc did."""
    met = Met(service=WEB._replace(one_packet=True))
    up = step("hand_up", hook="xdp", fate="pass", met=met, work=work(parsed("10.1.8.5:1000", "10.0.0.1:80"), reached=3))
    text = told(up, step("forward"))
    assert "XDP eth0    handed up to tc because its service has one-packet scheduling\n" in text
    assert text.index("XDP eth0") < text.index("tc eth0")


def test_what_xdp_began_is_told_though_tc_sends_it() -> None:
    """The choice was made there, and is not made again."""
    up = step("hand_up", hook="xdp", fate="pass")
    text = told(up, step("forward", met=Met(connection=CONNECTION, destination=ROW, owner=WEB), work=work(conn=5)))
    assert "handed up to tc because the way to 10.2.1.100:80" in text
    assert text.count("scheduler ") == 1


def test_where_the_stack_takes_it_is_told() -> None:
    """Delivered, forwarded, refused."""
    passed = step("pass", fate="pass", met=Met(), work=work(parsed("10.1.8.5:1000", "10.0.0.1:81"), reached=2))
    frame = passed.after
    ways = {
        StackRoute("local"): "delivered on this host",
        StackRoute("forward", "eth1", 3, bytes((10, 2, 0, 254))): "forwarded, out of eth1 by 10.2.0.254",
        StackRoute("refused", why="no route"): "goes no further: no route",
    }
    for route, text in ways.items():
        assert f"stack    {text}" in told(passed, stacks=(Stack(route, frame),))
    assert "near: TCP 10.0.0.1:80: another port" in told(passed, stacks=(Stack(StackRoute("local"), frame),))


def test_what_another_program_takes_is_not_yet_the_directors() -> None:
    """And which services it misses is for the last one to say."""
    work_of_passed = work(parsed("10.1.8.5:1000", "10.0.0.1:81"), reached=2)
    passed = step("pass", fate="pass", met=Met(), work=work_of_passed)
    detour = Stack(StackRoute("forward", "xlvs-mark", 9), passed.after, detour=True)
    text = told(passed, step("forward", interface="xlvs-mark"), stacks=(detour,))
    assert "tc eth0       not yet the director's: " in text
    assert "near" not in text
    text = told(replace(passed, hook="xdp"), passed, stacks=(Stack(StackRoute("local"), passed.after),))
    assert (text.count("none of the director's: it belongs"), text.count("near")) == (2, 1)


def test_a_neighbour_that_is_not_resolved_is_the_kernels_business() -> None:
    """The link-layer addresses are as they were."""
    after = packet.with_ttl(packet.frame(replace(ASKED, destination=SERVER), RECEIVER), 63)
    hop = work(parsed("10.1.8.5:1000", "10.0.0.1:80"), chosen=1)._replace(next_hop=bytes((10, 2, 0, 254)) + bytes(12))
    assert "to 10.2.0.254: the kernel resolves it" in told(step("forward", after=after, work=hop))


@pytest.mark.parametrize(
    ("place", "outdated", "said"),
    [
        (replace(PLACE, tc=""), False, "! nothing is attached to eth0"),
        (PLACE, True, "! the attached programs are of another version"),
        (replace(PLACE, own=True, egress=""), False, "! nothing is attached to eth0"),
    ],
)
def test_what_keeps_the_story_from_being_so_is_said_first(place: Place, outdated: bool, said: str) -> None:
    """Before the first program."""
    assert said in told(step("forward"), place=place, outdated=outdated).splitlines()[1]


def test_the_same_stands_in_the_document() -> None:
    """JSON has it all, and nothing that is no JSON."""
    document = json.loads(render.as_json(tell(Facts(ASKED, PLACE, (step("forward"),), (), 250))))
    assert (document["verdict"], document["dropped"]) == ("forward", False)
    (only,) = document["steps"]
    assert only["destination"]["address"] == "10.2.1.100:80"
    assert only["new_connection"]["server"] == "10.2.1.100:80"
    assert (only["out"], only["link_address"]) == ("eth1", "02:00:00:00:00:51")
    assert [each["chosen"] for each in only["scheduler"]["candidates"]] == [True]


def test_a_connection_that_was_ended_on_command_resets_both_ends() -> None:
    """No other state of it is told, and what left is no fragment."""
    met = Met(connection=CONNECTION._replace(live=False, ended=True), destination=ROW, owner=WEB)
    text = told(step("reset", met=met, work=work(conn=5, copies=1)))
    assert "connection  to 10.2.1.100:80 (Masq): it was ended on command" in text
    assert "sent        its sender gets a reset, and the other end one: out of eth1" in text
    assert "pieces" not in text
    up = step("hand_up", hook="xdp", fate="pass", met=met, work=work(parsed("10.1.8.5:1000", "10.0.0.1:80"), conn=5))
    assert "because its connection was ended on command: the resets are tc's" in told(up, step("reset", met=met))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW._replace(available=False, kept=True), "which has been deleted, and keeps its connections"),
        (ROW._replace(available=False, foreign=True), "which no service here has"),
    ],
)
def test_a_destination_without_service_is_told_as_what_it_is(row: DestinationRow, said: str) -> None:
    """Deleted with its connections kept, or another director's."""
    met = Met(connection=CONNECTION._replace(synced=True), destination=row)
    text = told(step("forward", met=met, work=work(conn=5)))
    assert said in text
    assert "told by another director" in text


@pytest.mark.parametrize(
    ("pool", "said"),
    [((), "the service has no local addresses"), ((1,), "10.2.0.7 ports 40000-40003, 4 connections")],
)
def test_a_dry_pool_is_listed(pool: tuple[int, ...], said: str) -> None:
    """Each local address with its ports, or that there is none; and what helps."""
    local = layout.LOCAL_ADDRESS.pack(layout.wide(bytes((10, 2, 0, 7))), bytes(24), 40000, 40003, 1, 0, 4)
    copy = Tables([WEB], [ROW]).copy()._replace(local_addresses=bytes(layout.LOCAL_ADDRESS_SIZE) + local)
    met = Met(service=WEB._replace(pool=pool), candidates=(ROW,), destination=ROW)
    text = told(step("drop_no_local_port", fate="drop", met=met, copy=copy))
    assert said in text
    assert "xlvs laddr add" in text


def test_a_destination_without_a_way_is_not_taken_for_one_on_this_host() -> None:
    """The program leaves both to the stack, and cannot tell."""
    reach = StackRoute("refused", why="no route")
    passed = step("forward", fate="pass", reach=reach)
    assert "to the host's own stack: there is no way to the destination 10.2.1.100 (no route;" in told(passed)
    assert "10.2.1.100 is an address of this host" in told(replace(passed, reach=StackRoute("local")))


def test_an_interface_that_answers_do_not_leave_by_is_pointed_out() -> None:
    """Perhaps the packet never comes in there."""
    assert "! answers to it leave by eth1" in told(step("forward"), place=replace(PLACE, back="eth1"))
    assert "answers to it" not in told(step("forward"), place=replace(PLACE, back="eth0"))


def test_an_mtu_that_the_routing_table_did_not_say_is_none() -> None:
    """Without a neighbour it leaves there what it was asked with."""
    packet = parsed("10.1.8.5:1000", "10.0.0.1:80", length=60)
    told_of = told(step("hand_up", hook="xdp", fate="pass", work=work(packet, out=3, mtu=1)), step("forward"))
    assert "MTU" not in told_of
    wide = told(step("hand_up", hook="xdp", fate="pass", work=work(packet._replace(length=1400), out=3, mtu=1000)))
    assert "it does not fit the MTU of the way to 10.2.1.100:80 (1000 bytes)" in wide


def test_what_left_to_no_link_address_is_resolved_by_the_kernel() -> None:
    """A tunnel leaves zeroes there."""
    after = bytes(12) + forwarded()[12:]
    assert "the kernel resolves it" in told(step("forward", after=after))
