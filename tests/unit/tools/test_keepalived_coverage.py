# SPDX-License-Identifier: Apache-2.0
"""Tests say which keyword they show, and every essential and common keyword is shown."""

import keepalived_coverage
import pytest

from xlvs.config.schema.keyword import Rank


def test_every_essential_and_common_keyword_is_shown_by_a_test() -> None:
    """Otherwise: a row in tests/unit/keepalived/test_effects_*.py, or a mark on a test of its behaviour."""
    assert keepalived_coverage.gaps() == []


def test_tests_name_keywords_of_the_schema() -> None:
    """With their block; nothing is made up."""
    assert set(keepalived_coverage.shown()) - set(keepalived_coverage.keywords()) == set()


def test_keyword_without_effect_is_shown_by_no_test() -> None:
    """Otherwise one of both is wrong."""
    shown = keepalived_coverage.shown()
    assert [
        name for name, each in keepalived_coverage.keywords().items() if each.without_effect and name in shown
    ] == []


def test_table_has_a_line_for_every_keyword(capsys: pytest.CaptureFixture[str]) -> None:
    """Rank, name, and the tests or the reason."""
    assert keepalived_coverage.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(keepalived_coverage.keywords())
    assert {line[0] for line in lines} == {rank.value for rank in Rank}
    priority = next(line for line in lines if line.startswith("E vrrp_instance.priority: "))
    assert "tests/unit/keepalived/test_effects_vrrp.py" in priority
