# SPDX-License-Identifier: Apache-2.0
"""``xlvs sysctl`` on tables in memory."""

import pytest

from xlvs.control import sysctl
from xlvs.ipvs import pinned
from xlvs.ipvs.memory import MemoryTables
from xlvs.model.errors import UsageError


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> MemoryTables:
    """Tables in the place of this host's."""
    opened = MemoryTables()
    monkeypatch.setattr(pinned, "open_tables", lambda: opened)
    return opened


@pytest.mark.parametrize("word", ["conn_reuse_mode", "net.ipv4.vs.conn_reuse_mode", "net/ipv4/vs/conn_reuse_mode"])
@pytest.mark.usefixtures("tables")
def test_a_setting_is_shown_by_any_of_its_names(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As sysctl(8) takes and prints them."""
    assert sysctl.main([word]) == 0

    assert capsys.readouterr().out == "net.ipv4.vs.conn_reuse_mode = 1\n"


def test_without_names_all_are_shown(tables: MemoryTables, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the alphabet."""
    sysctl.main([])

    names = [line.split(" = ")[0].removeprefix("net.ipv4.vs.") for line in capsys.readouterr().out.splitlines()]
    assert names == tables.sysctl_names()


def test_a_value_is_set_and_shown(tables: MemoryTables, capsys: pytest.CaptureFixture[str]) -> None:
    """Also for programs."""
    assert sysctl.main(["--json", "sync_threshold=5 60", "drop_entry=1"]) == 0

    assert tables.sysctl("sync_threshold") == "5\t60"
    assert "".join(capsys.readouterr().out.split()) == '{"sync_threshold":[5,60],"drop_entry":1}'


def test_a_misspelt_setting_is_met_with_a_suggestion(tables: MemoryTables) -> None:
    """And none of the line is done."""
    with pytest.raises(UsageError, match=r"there is no setting con_reuse_mode; did you mean conn_reuse_mode\?"):
        sysctl.main(["drop_entry=1", "con_reuse_mode=0"])

    assert tables.sysctl("drop_entry") == "0"


def test_a_value_that_cannot_be_changes_nothing(tables: MemoryTables) -> None:
    """Not even what stands before it."""
    with pytest.raises(UsageError, match="drop_packet does not take '9'; nothing was changed"):
        sysctl.main(["drop_entry=1", "drop_packet=9"])

    assert tables.sysctl("drop_entry") == "0"
