# SPDX-License-Identifier: Apache-2.0
"""How a running daemon reads its file, and what it refuses on a reload."""

from pathlib import Path

import pytest

from xlvs.config.files import Identity
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.daemon.source import Source
from xlvs.model.errors import UsageError

SERVICE = "virtual_server 10.0.0.1 80 {\n lb_algo rr\n lbKind NAT\n protocol TCP\n include servers/*.conf\n}\n"
GOOD = "global_defs {\n router_id A\n}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the configuration."""
    return tmp_path / "keepalived.conf"


def test_real_servers_may_stand_in_included_files(path: Path) -> None:
    """And wrong spellings that are in circulation are read, each named once."""
    (path.parent / "servers").mkdir()
    for last in (2, 3):
        text = f"real_server 10.0.0.{last} 80 {{\n TCP_CHECK {{\n }}\n}}\n"
        (path.parent / "servers" / f"{last}.conf").write_text(text, encoding="ascii")
    path.write_text(SERVICE, encoding="ascii")
    reading = Source(str(path), Identity("main")).read()
    (service,) = translate(reading.config).health.servers
    assert len(service.servers) == 2
    assert [problem.remedy for problem in reading.mistakes] == ["write lvs_method"]


def test_file_that_is_not_there_is_a_usage_error(path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(UsageError, match="No such file"):
        Source(str(path), Identity()).read()


def test_a_missing_include_ends_it_when_every_file_has_to_be_there(path: Path) -> None:
    """-e; without it a missing file is none."""
    path.write_text("include nothing*.conf\n" + GOOD, encoding="ascii")
    assert Source(str(path), Identity()).read().config.settings.router_id == "A"
    with pytest.raises(UsageError, match="no file is included"):
        Source(str(path), Identity(all_files=True)).read()


def test_a_reload_refuses_a_new_mistake(path: Path) -> None:
    """One that was there before may stay and may move to another line."""
    source = Source(str(path), Identity())
    path.write_text("nonsense\n" + GOOD, encoding="ascii")
    before = source.read()
    assert len(before.mistakes) == 1
    path.write_text(GOOD + "\n\nnonsense\n", encoding="ascii")
    assert len(source.read_again(before).mistakes) == 1
    path.write_text(GOOD + "nonsense\nmore_nonsense\n", encoding="ascii")
    with pytest.raises(UsageError, match="more_nonsense"):
        source.read_again(before)


def test_a_reload_refuses_the_same_mistake_twice(path: Path) -> None:
    """Each one counts."""
    source = Source(str(path), Identity())
    path.write_text(GOOD + "nonsense\n", encoding="ascii")
    before = source.read()
    path.write_text(GOOD + "nonsense\nnonsense\n", encoding="ascii")
    with pytest.raises(UsageError, match="nonsense"):
        source.read_again(before)


def test_snmp_may_be_asked_for_on_the_command_line(path: Path) -> None:
    """-x turns it on for routers and servers, -A says where the master is."""
    path.write_text(GOOD, encoding="ascii")
    settings = Source(str(path), Identity(), snmp=True, snmp_socket="tcp:localhost:705").read().config.settings
    assert (settings.router_id, settings.enable_snmp_vrrp, settings.enable_snmp_checker) == ("A", True, True)
    assert settings.snmp_socket == "tcp:localhost:705"
    assert not Source(str(path), Identity()).read().config.settings.enable_snmp_vrrp
