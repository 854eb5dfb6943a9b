# SPDX-License-Identifier: Apache-2.0
"""What seems slower than recorded is measured again before anybody is told."""

import argparse
from collections.abc import Sequence

import pytest

from bench import __main__ as bench
from bench.report import Figure, Section

RECORDED = {"T: row: xlvs": 2.0}


def measured(cost: float) -> dict[str, Section]:
    """The part netns with a row of this cost beside a baseline of 1."""
    section = Section("T", [], "ns")
    section.put("row", "xlvs", Figure(cost, cost))
    section.put("row", "baseline", Figure(1, 1))
    return {"netns": section}


def runs(monkeypatch: pytest.MonkeyPatch, costs: list[float]) -> list[list[str]]:
    """Further runs find these costs; which parts they are asked for."""
    asked: list[list[str]] = []

    def measure(parts: Sequence[str], _options: argparse.Namespace) -> dict[str, Section]:
        asked.append(list(parts))
        return measured(costs.pop(0))

    monkeypatch.setattr(bench, "measure", measure)
    return asked


def test_what_is_as_fast_as_recorded_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is to be found out."""
    asked = runs(monkeypatch, [])
    assert bench.check(measured(2.2), RECORDED, argparse.Namespace())
    assert asked == []


def test_what_was_slow_only_once_is_no_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    """A neighbour was at work."""
    asked = runs(monkeypatch, [2.9, 2.1])
    assert bench.check(measured(3.0), RECORDED, argparse.Namespace())
    assert asked == [["netns"], ["netns"]]


def test_what_stays_slow_is_told_and_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """By the best of all runs."""
    runs(monkeypatch, [2.5, 2.8])
    assert not bench.check(measured(3.0), RECORDED, argparse.Namespace())
    assert "slower: T: row: xlvs: 2.50 of the baseline, was 2.00" in capsys.readouterr().out
