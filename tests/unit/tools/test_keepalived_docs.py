# SPDX-License-Identifier: Apache-2.0
"""What is made from the schema of keepalived.conf is what the schema says."""

import json
import shutil
import subprocess
from pathlib import Path

import keepalived_docs
import pytest

from xlvs.config.schema.blocks import rows


@pytest.mark.parametrize("name", keepalived_docs.MADE)
def test_made_file_is_what_the_schema_says(name: str, project_root: Path) -> None:
    """Otherwise: tools/keepalived_docs.py."""
    assert (project_root / name).read_text(encoding="utf-8") == keepalived_docs.MADE[name]()


def test_table_has_a_row_for_every_keyword() -> None:
    """With its rank and state; bars in a cell are escaped."""
    table = keepalived_docs.table().splitlines()
    keyword_rows = [line for line in table if line.startswith("| `")]
    assert len(keyword_rows) == len(list(rows()))
    assert all(line.replace("\\|", "").count("|") == 7 for line in keyword_rows)


def test_words_for_editors_lead_from_block_to_block() -> None:
    """Every inner block is there."""
    blocks = json.loads(keepalived_docs.words())
    assert "rr" in blocks["virtual_server"]["lvs_sched"]["words"]
    inner = {each["block"] for block in blocks.values() for each in block.values() if "block" in each}
    assert inner <= set(blocks)


def test_manual_page_is_one(project_root: Path) -> None:
    """Mandoc or groff has nothing to say against it."""
    command = next(
        (
            each
            for each in (["mandoc", "-Tlint", "-Werror"], ["groff", "-mdoc", "-Tutf8", "-ww", "-z"])
            if shutil.which(each[0])
        ),
        None,
    )
    if command is None:
        pytest.skip("neither mandoc nor groff is installed")
    done = subprocess.run(
        [*command, str(project_root / "man/keepalived.conf.5")], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""
