# SPDX-License-Identifier: Apache-2.0
"""Which rules of the routing policy lead packets to the mark device, and how they come and go. Pure.

All of ours have preference 0, as the kernel's own `lookup local` has, and stand before it: nothing of the user's comes
between, and with ours gone the policy is as it was. Rules of one preference are asked in the order in which they were
added, so `lookup local` is added a second time behind ours before the first one goes: it is there at any moment.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from xlvs.linux.fib_rules import LOCAL_TABLE, FibRule

PROTOCOL: Final = 0x76  # who made a rule or a route: ours
TABLE: Final = 0x786C7673  # "xlvs"
DEVICE: Final = "xlvs-mark"
PEER: Final = "xlvs-mark-end"
_NO_RULE_PORT: Final = 0xFFFF  # the one port that the kernel takes in no rule: all ports of the address then
_NEVER_THERE: Final = ("lo", DEVICE)  # what the host itself sends, and what the device gave back


class Wanted(NamedTuple):
    """What is to take the detour: marks, and services by (packed address, protocol, port), port 0 for all ports."""

    marks: frozenset[int] = frozenset()
    services: frozenset[tuple[bytes, int, int]] = frozenset()

    def __bool__(self) -> bool:
        """Services by their address follow those by mark."""
        return bool(self.marks)


class Step(NamedTuple):
    """Add or delete one rule."""

    add: bool
    rule: FibRule


def wanted_rules(present: list[FibRule], wanted: Wanted) -> list[FibRule]:
    """Our rules among those that are present, in their order; none when nothing is wanted.

    First those that keep away from the device what is not to come there.
    """
    if not wanted:
        return []
    others = [rule for rule in present if rule.protocol != PROTOCOL]
    following = min((rule.pref for rule in others if rule.pref), default=0)
    exits = []
    if any(_is_local(rule) for rule in others):
        exits = [FibRule(0, LOCAL_TABLE, PROTOCOL, iif=name) for name in _NEVER_THERE]
    if following:
        exits += [FibRule(0, 0, PROTOCOL, iif=name, goto=following) for name in _NEVER_THERE]
    marks = [FibRule(0, TABLE, PROTOCOL, mark=mark) for mark in sorted(wanted.marks)]
    services = [
        FibRule(0, TABLE, PROTOCOL, destination=address, ip_protocol=protocol, port=port)
        for address, protocol, port in sorted(
            {(address, number, port % _NO_RULE_PORT) for address, number, port in wanted.services}
        )
    ]
    return exits + marks + services


def plan(present: list[FibRule], wanted: Wanted) -> list[Step]:
    """The steps from the rules that are present to those that are wanted; none when all is well."""
    rules = wanted_rules(present, wanted)
    exits = [rule for rule in rules if rule.iif]
    steps: list[Step] = []
    now = list(present)
    ours = [rule for rule in now if rule.protocol == PROTOCOL]
    # A mark's rule must not come to stand before an exit.
    if ours[: len(exits)] != exits:
        _take(now, steps, ours)
    _take(now, steps, [rule for rule in now if rule.protocol == PROTOCOL and rule not in rules])
    present_set = set(now)
    for rule in rules:
        if rule not in present_set:
            steps.append(Step(add=True, rule=rule))
            _insert(now, rule)
    _put_local_last(now, steps)
    return steps


def _put_local_last(now: list[FibRule], steps: list[Step]) -> None:
    """`lookup local` behind ours. A second one like it, left by a plan that was cut short, goes."""
    last = max((index for index, rule in enumerate(now) if rule.protocol == PROTOCOL), default=-1)
    before = [rule for rule in now[: last + 1] if _is_local(rule)]
    behind = [rule for rule in now[last + 1 :] if _is_local(rule)]
    steps += [Step(add=True, rule=rule) for rule in dict.fromkeys(before) if rule not in behind]
    steps += [Step(add=False, rule=rule) for rule in before]
    steps += [Step(add=False, rule=rule) for rule in dict.fromkeys(behind) for _ in range(behind.count(rule) - 1)]


def _take(now: list[FibRule], steps: list[Step], rules: list[FibRule]) -> None:
    for rule in reversed(rules):  # the exits last
        steps.append(Step(add=False, rule=rule))
        now.remove(rule)


def _insert(now: list[FibRule], rule: FibRule) -> None:
    """Where the kernel puts it: behind all of its preference."""
    place = next((index for index, other in enumerate(now) if other.pref > rule.pref), len(now))
    now.insert(place, rule)


def _is_local(rule: FibRule) -> bool:
    """The kernel's first rule, where it always was."""
    return rule.pref == 0 and rule.table == LOCAL_TABLE and rule.protocol != PROTOCOL and rule.everything
