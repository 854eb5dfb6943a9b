# SPDX-License-Identifier: Apache-2.0
"""Where the kernel's variables stand, as far as it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xlvs.linux import kernel_memory

if TYPE_CHECKING:
    from pathlib import Path

SYMBOLS = """\
ffffffff81000000 T _text
ffffffff82a3f1c0 D vm_zone_stat
ffffffff82a3f2c0 D my_vm_zone_stat_too
ffffffffc0401000 t inside\t[module]
"""


@pytest.fixture
def symbols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of symbols in place of the kernel's."""
    path = tmp_path / "kallsyms"
    path.write_text(SYMBOLS)
    monkeypatch.setattr(kernel_memory, "_SYMBOLS", str(path))
    return path


@pytest.mark.usefixtures("symbols")
def test_a_variable_has_its_address() -> None:
    """The whole name counts."""
    assert kernel_memory.address_of("vm_zone_stat") == 0xFFFFFFFF82A3F1C0
    assert kernel_memory.address_of("zone_stat") == 0


def test_hidden_or_missing_symbols_have_no_address(symbols: Path) -> None:
    """kptr_restrict shows zeros; without CONFIG_KALLSYMS there is no file."""
    symbols.write_text("0000000000000000 D vm_zone_stat\n")
    assert kernel_memory.address_of("vm_zone_stat") == 0
    symbols.unlink()
    assert kernel_memory.address_of("vm_zone_stat") == 0


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("[none] integrity confidentiality\n", True),
        ("none [integrity] confidentiality\n", True),
        ("none integrity [confidentiality]\n", False),
        (None, True),
    ],
)
def test_a_lockdown_for_confidentiality_hides_the_memory(
    text: str | None, readable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other modes do not, nor does a kernel without any."""
    path = tmp_path / "lockdown"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(kernel_memory, "_LOCKDOWN", str(path))

    assert kernel_memory.memory_is_readable() is readable
