# SPDX-License-Identifier: Apache-2.0
"""net_namespace: the daemon goes into the network namespace before it does anything there."""

from pathlib import Path

import pytest

from xlvs.keepalived.main import main
from xlvs.linux import namespace
from xlvs.model.errors import UsageError


@pytest.mark.keyword("net_namespace")
@pytest.mark.parametrize(
    ("written", "option", "expected"),
    [("net_namespace inner", [], ["inner"]), ("net_namespace inner", ["-s", "other"], ["other"]), ("", [], [])],
)
def test_daemon_enters_the_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, option: list[str], expected: list[str]
) -> None:
    """That of the command line if there is one; it ends when there is no such namespace."""
    entered: list[str] = []

    def enter(name: str) -> None:
        entered.append(name)
        raise UsageError(f"there is no network namespace {name}")

    def run(*_: object) -> int:
        return 0

    monkeypatch.setattr(namespace, "enter", enter)
    monkeypatch.setattr("xlvs.keepalived.main._run", run)
    path = tmp_path / "keepalived.conf"
    path.write_text(f"{written}\nglobal_defs {{\n router_id A\n umask 022\n}}\n", encoding="ascii")
    files = [word for each in "prcb" for word in (f"-{each}", str(tmp_path / each))]
    arguments = ["-n", "-G", "-f", str(path), *files, *option]
    if expected:
        with pytest.raises(UsageError):
            main(arguments)
    else:
        assert main(arguments) == 0
    assert entered == expected
