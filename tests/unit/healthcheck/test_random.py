# SPDX-License-Identifier: Apache-2.0
"""Random lives of servers in virtual time: what must hold whatever happens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.healthcheck.world import World, address, destination, http, name, server, tcp, virtual_server
from xlvs.healthcheck.effects import QuorumChanged, RunProbe, ServerChanged
from xlvs.healthcheck.settings import HealthSettings, RealServerSettings, VirtualServerSettings

NUMBERS = (1, 2, 3)


@st.composite
def real_servers(draw: st.DrawFn, number: int) -> RealServerSettings:
    """One with a TCP check, an HTTP check of two pages, or both."""
    retry, alpha = draw(st.integers(0, 2)), draw(st.booleans())
    checks = [tcp(number, retry=retry, alpha=alpha), http(number, ("/a", "/b"), retry=retry)]
    chosen = draw(st.sampled_from(([checks[0]], [checks[1]], checks)))
    return server(number, *chosen, weight=draw(st.integers(0, 3)), inhibit=draw(st.booleans()))


@st.composite
def virtual_servers(draw: st.DrawFn) -> VirtualServerSettings:
    """Three real servers, with or without a sorry server, any quorum."""
    quorum = draw(st.integers(1, 4))
    return virtual_server(
        *(draw(real_servers(number)) for number in NUMBERS),
        quorum=quorum,
        hysteresis=draw(st.integers(0, quorum - 1)),
        sorry=destination(9) if draw(st.booleans()) else None,
        sorry_name=name(9),
        sorry_inhibit=draw(st.booleans()),
        slow_start_us=draw(st.sampled_from((0, 4_000_000))),
    )


STEPS = st.lists(
    st.tuples(st.sampled_from(("break", "mend", "reload")), st.sampled_from(NUMBERS), st.floats(0, 20)), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(virtual_servers(), virtual_servers(), STEPS)
def test_the_table_is_what_the_verdicts_say(
    first: VirtualServerSettings, second: VirtualServerSettings, steps: list[tuple[str, int, float]]
) -> None:
    """After every step: live servers with their weight, failed ones gone or at 0, or the sorry server alone."""
    world = World(HealthSettings((first,))).start()
    turn = [second, first]
    for what, number, pause in steps:
        if what == "reload":
            world.reload(HealthSettings((turn[0],)))
            turn.reverse()
        elif what == "break":
            world.broken.add(address(number))
        else:
            world.broken.discard(address(number))
        world.run(pause)
        check(world)
    world.broken.clear()
    world.run(120)
    check(world)
    assert all(each.up for each in world.health.virtual_servers[0].servers)


def check(world: World) -> None:
    """The table against the verdicts."""
    virtual = world.health.virtual_servers[0]
    weights = world.weights()
    live = {each.settings.destination.key.address[3]: each.weight for each in virtual.servers if each.up}
    is_sorry = virtual.settings.sorry is not None and not virtual.quorum_up
    assert (weights.pop(9, None) or 0) == is_sorry
    for each in virtual.servers:
        number = each.settings.destination.key.address[3]
        assert each.up == each.is_well()
        if number in live and not is_sorry:
            assert weights[number] == live[number] or (each.ramp_from is not None and weights[number] <= live[number])
        else:
            assert weights.get(number, 0) == 0
            assert number not in weights or each.settings.inhibit
    total = sum(live.values())
    settings_ = virtual.settings
    if virtual.quorum_up:
        assert total >= max(settings_.quorum - settings_.hysteresis, 1)
    else:
        assert total < settings_.quorum + settings_.hysteresis


@settings(max_examples=100, deadline=None)
@given(virtual_servers(), STEPS)
def test_changes_alternate_and_probes_are_spaced(
    first: VirtualServerSettings, steps: list[tuple[str, int, float]]
) -> None:
    """Nobody is told twice of the same; a checker never probes twice within a second."""
    world = World(HealthSettings((first,))).start()
    for what, number, pause in steps:
        (world.broken.discard if what == "mend" else world.broken.add)(address(number))
        world.run(pause)
    last: dict[str, bool] = {}
    probed: dict[int, int] = {}
    for at, effect in world.seen:
        if isinstance(effect, ServerChanged | QuorumChanged):
            who = effect.server.name if isinstance(effect, ServerChanged) else "quorum"
            assert last.get(who) is not effect.up
            last[who] = effect.up
        if isinstance(effect, RunProbe):
            before = probed.get(id(effect.checker))
            assert before is None or at - before >= 1_000_000
            probed[id(effect.checker)] = at
