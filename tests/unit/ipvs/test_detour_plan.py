# SPDX-License-Identifier: Apache-2.0
"""Rules lead to the mark device and away from it, and `lookup local` is there all the while."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from xlvs.ipvs.detour_plan import DEVICE, PROTOCOL, TABLE, Step, Wanted, plan, wanted_rules
from xlvs.linux.fib_rules import LOCAL_TABLE, FibRule

_KERNELS: Final = 2
LOCAL: Final = FibRule(0, LOCAL_TABLE, _KERNELS)
MAIN: Final = FibRule(32766, 254, _KERNELS)
DEFAULT: Final = FibRule(32767, 253, _KERNELS)
FRESH: Final = [LOCAL, MAIN, DEFAULT]

USERS: Final = st.lists(
    st.builds(FibRule, pref=st.integers(1, 5), table=st.just(100), protocol=st.just(3), mark=st.integers(1, 3)),
    max_size=3,
)
WANTED: Final = st.builds(
    Wanted,
    st.frozensets(st.integers(1, 4), max_size=3),
    st.frozensets(
        st.tuples(st.sampled_from((b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02")), st.just(6), st.integers(0, 2))
    ),
)


def apply(rules: list[FibRule], step: Step) -> list[FibRule]:
    """What the kernel makes of a step: a new rule goes behind all of its preference, the first like it goes."""
    if not step.add:
        place = rules.index(step.rule)
        return rules[:place] + rules[place + 1 :]
    place = next((index for index, other in enumerate(rules) if other.pref > step.rule.pref), len(rules))
    return [*rules[:place], step.rule, *rules[place:]]


def run(rules: list[FibRule], wanted: Wanted) -> list[FibRule]:
    """The rules when a plan was carried out."""
    for step in plan(rules, wanted):
        rules = apply(rules, step)
    return rules


def users(rules: list[FibRule]) -> list[FibRule]:
    """What is not ours."""
    return [rule for rule in rules if rule.protocol != PROTOCOL]


def test_a_mark_is_led_to_the_device_before_local_addresses_are_looked_up() -> None:
    """And what came back from it, or from the host itself, is not."""
    assert run(FRESH, Wanted(frozenset((10,)))) == [
        FibRule(0, LOCAL_TABLE, PROTOCOL, iif="lo"),
        FibRule(0, LOCAL_TABLE, PROTOCOL, iif=DEVICE),
        FibRule(0, 0, PROTOCOL, iif="lo", goto=32766),
        FibRule(0, 0, PROTOCOL, iif=DEVICE, goto=32766),
        FibRule(0, TABLE, PROTOCOL, mark=10),
        *FRESH,
    ]


def test_services_by_address_follow_only_beside_a_mark() -> None:
    """Without one they are found where packets come in."""
    services = frozenset(((b"\x0a\x00\x00\x01", 6, 443),))

    assert wanted_rules(FRESH, Wanted(frozenset(), services)) == []
    assert FibRule(0, TABLE, PROTOCOL, destination=b"\x0a\x00\x00\x01", ip_protocol=6, port=443) in wanted_rules(
        FRESH, Wanted(frozenset((1,)), services)
    )


def test_the_highest_port_stands_in_no_rule() -> None:
    """The kernel refuses 65535 there, so the whole address takes the detour."""
    wanted = Wanted(frozenset((10,)), frozenset(((b"\x0a\x00\x00\x01", 6, 65535), (b"\x0a\x00\x00\x01", 6, 0))))

    assert [(rule.destination, rule.port) for rule in run(FRESH, wanted) if rule.destination] == [
        (b"\x0a\x00\x00\x01", 0)
    ]


def test_a_host_that_looks_up_local_addresses_later_keeps_its_order() -> None:
    """What stood before `lookup local` still does."""
    moved = [FibRule(9, 2004, 3, mark=0x200), FibRule(100, LOCAL_TABLE, 3), MAIN]

    assert run(moved, Wanted(frozenset((10,)))) == [
        FibRule(0, 0, PROTOCOL, iif="lo", goto=9),
        FibRule(0, 0, PROTOCOL, iif=DEVICE, goto=9),
        FibRule(0, TABLE, PROTOCOL, mark=10),
        *moved,
    ]


@given(USERS, WANTED, WANTED, st.data())
def test_a_plan_that_was_cut_short_is_made_good_by_the_next(
    more: list[FibRule], first: Wanted, second: Wanted, data: st.DataObject
) -> None:
    """Whatever state it left: then ours are those that are wanted, and the user's are as they were."""
    before = sorted([*FRESH, *more], key=lambda rule: rule.pref)
    rules = before
    for step in plan(rules, first)[: data.draw(st.integers(0, 12))]:
        rules = apply(rules, step)

    rules = run(rules, second)

    assert users(rules) == before
    assert [rule for rule in rules if rule.protocol == PROTOCOL and rule.iif] == [
        rule for rule in wanted_rules(before, second) if rule.iif
    ]
    assert {rule for rule in rules if rule.protocol == PROTOCOL} == set(wanted_rules(before, second))
    assert not second or rules.index(LOCAL) == len(wanted_rules(before, second))
    assert plan(rules, second) == []


@given(USERS, WANTED, WANTED)
def test_local_addresses_are_looked_up_at_any_moment(more: list[FibRule], first: Wanted, second: Wanted) -> None:
    """Between any two steps."""
    rules = sorted([*FRESH, *more], key=lambda rule: rule.pref)
    for wanted in (first, second, Wanted()):
        for step in plan(rules, wanted):
            rules = apply(rules, step)
            assert LOCAL in rules
