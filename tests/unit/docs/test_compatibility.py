# SPDX-License-Identifier: Apache-2.0
"""docs/compatibility.md against the code: each thing has one row, and what a row calls its proof exists and passes."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from xlvs.ipvsadm.options import OPTIONS
from xlvs.model.destination import METHOD_NAMES, ForwardingMethod, TunnelType
from xlvs.model.sysctl import SYSCTLS
from xlvs.schedulers.registry import SCHEDULERS

ROOT: Final = Path(__file__).resolve().parents[3]
SHARED: Final = ROOT.parent / "shared" / "oracle" / "scenarios"
SCENES: Final = ROOT / "tests" / "oracle" / "scenes"
STATES: Final = ("done", "on the table", "no effect", "not yet")
OPTION_TABLES: Final = ("ipvsadm: commands", "ipvsadm: options")
METHODS, SCHEDULER_TABLE, SETTINGS = "Forwarding methods", "Schedulers", "Settings of net.ipv4.vs"
TABLES: Final = (*OPTION_TABLES, METHODS, SCHEDULER_TABLE, SETTINGS)
DEFENDED: Final = "Recorded scenes that do not pass"
_QUOTED: Final = re.compile(r"`([^`]+)`")


class Row(NamedTuple):
    """A row of a table: the words that name the thing, its state, and what proves it; `cells` has all columns."""

    words: list[str]
    state: str
    proofs: list[str]
    cells: list[str]


def tables() -> dict[str, list[Row]]:
    """The tables of the document, by their headings."""
    found: dict[str, list[Row]] = {}
    heading = ""
    for line in (ROOT / "docs" / "compatibility.md").read_text().splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found.setdefault(heading, []).append(
                Row(_QUOTED.findall(cells[0]), cells[1], _QUOTED.findall(cells[-1]), cells)
            )
    return found


ROWS: Final = [pytest.param(row, id=row.words[-1]) for heading in TABLES for row in tables()[heading]]


def excepted() -> set[str]:
    """Scenes that do not pass."""
    text = (ROOT / "tests" / "oracle" / "exceptions.md").read_text()
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


def functions(path: Path) -> set[str]:
    """The test functions of a file."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def is_there(proof: str) -> bool:
    """Whether a test file (with the named function) or a scene exists. Away from the shown scenes, their names pass."""
    path, _, function = proof.partition("::")
    if path.startswith("tests/"):
        return (ROOT / path).is_file() and (not function or function in functions(ROOT / path))
    own = (SCENES / f"{proof}.sh").exists()
    return own or ((SHARED / f"{proof}.sh").exists() if SHARED.exists() else not proof.startswith("traffic-"))


def test_every_spelling_of_every_option_stands_in_one_row() -> None:
    """Commands and options of ipvsadm: none is missing, twice, or made up; a row has one long name."""
    rows = [row for heading in OPTION_TABLES for row in tables()[heading]]

    assert sorted(word for row in rows for word in row.words) == sorted(OPTIONS.words())
    assert [row.words for row in rows if sum(word.startswith("--") for word in row.words) != 1] == []


def test_every_forwarding_method_has_a_row() -> None:
    """As listings call it; a tunnel for each of its types."""
    expected = {METHOD_NAMES[method] for method in ForwardingMethod if method is not ForwardingMethod.TUNNEL}
    expected |= {f"{METHOD_NAMES[ForwardingMethod.TUNNEL]} {kind.name.lower()}" for kind in TunnelType}

    assert sorted(" ".join(row.words) for row in tables()[METHODS]) == sorted(expected)


def test_every_scheduler_has_a_row_with_its_flags() -> None:
    """Those of the registry, each done."""
    rows = {" ".join(row.words): row for row in tables()[SCHEDULER_TABLE]}

    assert len(rows) == len(tables()[SCHEDULER_TABLE])
    assert {name: _QUOTED.findall(row.cells[2]) for name, row in rows.items()} == {
        row.name: [flag for flag, _ in row.flags] for row in SCHEDULERS
    }
    assert [name for name, row in rows.items() if not row.state.startswith("done")] == []


def test_every_setting_has_a_row() -> None:
    """Every one below net.ipv4.vs, once."""
    assert sorted(" ".join(row.words) for row in tables()[SETTINGS]) == sorted(SYSCTLS)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_a_known_state_and_a_proof_that_passes(row: Row) -> None:
    """The named scenes and tests exist, and none of them is excepted."""
    assert row.state.startswith(STATES)
    assert row.proofs
    assert [proof for proof in row.proofs if not is_there(proof)] == []
    assert set(row.proofs) & excepted() == set()


def test_every_scene_that_does_not_pass_is_defended() -> None:
    """The list that the tests go by and the document's have the same scenes, once each."""
    assert sorted(" ".join(row.words) for row in tables().get(DEFENDED, [])) == sorted(excepted())
