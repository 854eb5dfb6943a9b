# SPDX-License-Identifier: Apache-2.0
"""Many tools edit one table, and some of them die: the table stays right."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.netns.editors import (
    destination,
    faults,
    faults_for_packets,
    forked,
    is_found,
    kill,
    random_edit,
    service,
)
from tests.unit.linux.scratch import scratch_namespace
from xlvs.ipvs import layout, program
from xlvs.ipvs.desired import configured
from xlvs.ipvs.pinned import PinnedTables
from xlvs.linux import namespace
from xlvs.model.errors import TableFull
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterator

_EDITORS = 8
_EDITS = 60
_KILLS = 300
_KILLED_LOADS = 8


@pytest.fixture
def director() -> Iterator[None]:
    """A director with small tables in a namespace of its own."""
    with scratch_namespace() as name, namespace.entered(name):
        PinnedTables(program.sizes(1 << 14)).store()
        yield


def opened() -> PinnedTables:
    """The tables as another process opens them."""
    return PinnedTables()


@pytest.mark.usefixtures("director")
def test_editors_of_different_services_do_not_lose_each_other_s_work() -> None:
    """Each adds its services and servers, and deletes every second one."""

    def edit(port: int) -> None:
        tables = opened()
        for each in range(port, port + _EDITS):
            tables.add_service(service(each))
            tables.add_destination(service(each).key, destination(1))
            tables.add_destination(service(each).key, destination(2))
            tables.delete_destination(service(each).key, destination(1).key)
            if each % 2:
                tables.delete_service(service(each).key)

    pids = [forked(lambda port=1000 * number: edit(port)) for number in range(1, _EDITORS + 1)]  # type: ignore[misc]  # bound in this round; no type is inferred for it
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]

    tables = opened()
    ports = [1000 * number + each for number in range(1, _EDITORS + 1) for each in range(0, _EDITS, 2)]
    assert codes == [0] * _EDITORS
    assert sorted(each.service.key.port for each in configured(tables)) == ports
    assert {each.destinations for each in configured(tables)} == {(destination(2),)}
    assert faults(tables.store()) == []


@pytest.mark.usefixtures("director")
def test_editors_of_one_service_find_it_right_in_the_end() -> None:
    """All change the same few services at random."""

    def edit(seed: int) -> None:
        tables, chance = opened(), random.Random(seed)
        for _ in range(_EDITS):
            random_edit(tables, chance, range(80, 84), range(1, 20))

    pids = [forked(lambda seed=number: edit(seed)) for number in range(_EDITORS)]  # type: ignore[misc]  # bound in this round; no type is inferred for it
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]

    assert codes == [0] * _EDITORS
    assert faults(opened().store()) == []


@pytest.mark.usefixtures("director")
def test_what_there_is_no_room_for_changes_nothing() -> None:
    """Tables of sh use up the places: neither a destination nor another scheduler is half there afterwards."""
    tables = opened()
    last = service(79)._replace(scheduler="rr")
    tables.add_service(last)
    tables.add_destination(last.key, destination(1))

    def fill() -> None:
        for each in range(80, 400):
            tables.add_service(service(each)._replace(scheduler="sh"))
            tables.add_destination(service(each).key, destination(1))

    with pytest.raises(TableFull):
        fill()
    with pytest.raises(TableFull):
        tables.update_service(last._replace(scheduler="sh"))

    standing = {each.service.key.port: each for each in configured(tables)}
    port = max(standing)
    assert port > 80
    assert standing[port].destinations == ()
    assert standing[79].service == last
    tables.delete_service(service(80).key)
    tables.add_destination(service(port).key, destination(1))
    tables.update_destination(service(port).key, destination(1, weight=7))
    assert faults(tables.store()) == []


@pytest.mark.usefixtures("director")
def test_an_editor_may_be_killed_at_any_moment() -> None:
    """Hundreds of times: packets never meet a broken list, the next edit repairs, and nothing that stood is lost."""
    tables, chance = opened(), random.Random(4711)
    lasting = [service(port) for port in range(7000, 7010)]
    for each in lasting:
        tables.add_service(each)
        tables.add_destination(each.key, destination(1))

    def edit(seed: int) -> None:
        mine, own_chance = opened(), random.Random(seed)
        while True:
            random_edit(mine, own_chance, range(80, 84), range(1, 12))

    store, broken = tables.store(), 0
    for seed in range(_KILLS):
        pid = forked(lambda seed=seed: edit(seed))  # type: ignore[misc]  # bound in this round; no type is inferred for it
        time.sleep(chance.uniform(0.004, 0.03))
        kill(pid)
        broken += store.kept(layout.LEDGER_EDITING)
        assert faults_for_packets(store) == []
        with store.edit():
            pass
        assert faults(store) == [], f"after kill {seed}"

    assert broken > _KILLS // 10, "the kills must hit edits"
    assert all(is_found(store, each.key) for each in lasting)
    kept = {each.service: each.destinations for each in configured(opened())}
    assert [kept[each] for each in lasting] == [(destination(1),)] * len(lasting)


@pytest.mark.usefixtures("director")
def test_a_killed_editor_leaves_the_lock_free() -> None:
    """The next one does not wait."""

    def hold() -> None:
        with opened().store().edit():
            os.write(ready, b"!")
            time.sleep(60)

    heard, ready = os.pipe()
    pid = forked(hold)
    assert os.read(heard, 1) == b"!"
    kill(pid)

    tables = opened()
    tables.add_service(service(80))

    assert is_found(tables.store(), service(80).key)
    os.close(heard)
    os.close(ready)


@pytest.mark.usefixtures("director")
def test_two_first_editors_load_one_director() -> None:
    """Both find nothing loaded; one of them loads, the other one waits and uses it."""
    pids = [forked(lambda port=port: opened().add_service(service(port))) for port in (80, 81, 82)]  # type: ignore[misc]  # bound in this round; no type is inferred for it
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]

    assert codes == [0, 0, 0]
    assert sorted(each.service.key.port for each in configured(opened())) == [80, 81, 82]


def test_a_first_load_may_be_killed_at_any_moment() -> None:
    """The next editor takes it up, with the settings of a fresh director."""
    chance = random.Random(4711)
    for _ in range(_KILLED_LOADS):
        with scratch_namespace() as name, namespace.entered(name):
            pid = forked(lambda: PinnedTables(program.sizes(1 << 14)).add_service(service(80)))
            time.sleep(chance.uniform(0.05, 0.6))
            kill(pid)

            tables = PinnedTables(program.sizes(1 << 14))
            tables.add_service(service(81))

            assert tables.timeouts() == Timeouts()
            assert tables.sysctl("conn_reuse_mode") == "1"
            assert faults(tables.store()) == []
