# SPDX-License-Identifier: Apache-2.0
"""What the dumps hold, beside what Keepalived 2.2.7 wrote for the same configuration on a kernel with IPVS (recorded)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from xlvs.config.build.config import load
from xlvs.config.files import Identity
from xlvs.healthcheck.effects import RunProbe
from xlvs.healthcheck.health import Health
from xlvs.healthcheck.probe import ProbeResult
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.daemon.files import DiskFiles
from xlvs.keepalived.dumps import check_dump, dump, dump_words

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig

RECORDED = Path(__file__).with_name("recorded")
NOT_OURS = re.compile(r"^ (libnftnl version|  Last ran = ).*\n", re.MULTILINE)
"""A library that is not used here, and a time zone."""


def config(text: str, folder: Path) -> KeepalivedConfig:
    """The values of a text."""
    file = folder / "keepalived.conf"
    file.write_text(text, encoding="ascii")
    return load(str(file), DiskFiles(), Identity()).config


class Checks:
    """As much of the running checks as a dump needs."""

    def __init__(self, health: Health) -> None:
        self.health = health


def test_virtual_servers_are_written_as_the_original_writes_them(tmp_path: Path) -> None:
    """Groups, services, real servers and every kind of checker, two of which have run and failed."""
    given = config((RECORDED / "check.conf").read_text(encoding="ascii"), tmp_path)
    health = Health(translate(given).health)
    health.start(0, lambda: 0.5)
    health.handle_timer(0)
    for effect in health.effects():
        if isinstance(effect, RunProbe):
            health.finished(effect.checker, effect.turn, ProbeResult(ok=False), 1)
    found = "".join(f"{line}\n" for line in check_dump.lines(cast("Any", Checks(health)), given))
    expected = (RECORDED / "check.data").read_text(encoding="ascii")
    assert NOT_OURS.sub("", found).splitlines() == NOT_OURS.sub("", expected).splitlines()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "keepalived.data"),
        ("instance a\n", "keepalived.data"),
        ("instance a\nglobal_defs {\n data_use_instance\n}\n", "keepalived_a.data"),
        ("net_namespace n\ninstance a\nglobal_defs {\n data_use_instance\n}\n", "keepalived_n_a.data"),
    ],
)
def test_names_of_dumps_say_which_daemon_only_where_asked(text: str, name: str, tmp_path: Path) -> None:
    """data_use_instance."""
    assert dump.file_name(config(text, tmp_path), "keepalived.data").name == name


def test_moments_have_microseconds() -> None:
    """As a number and in words."""
    assert re.fullmatch(
        r"1795294876\.660819 \(\w{3} Nov 2\d \d\d:\d\d:16\.660819 2026\)", dump_words.moment(1795294876.660819)
    )
    assert dump_words.moment(0.9999999).startswith("1.000000 ")


def test_a_dump_is_a_new_file(tmp_path: Path) -> None:
    """A link that somebody put in its place is not followed, and nobody else may read it."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    place = tmp_path / "keepalived.data"
    place.symlink_to(victim)
    dump.write_file(place, "text")
    assert victim.read_text() == "kept"
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("text", 0o600)
