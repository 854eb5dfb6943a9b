# SPDX-License-Identifier: Apache-2.0
"""Percentages and durations as they are typed, and as they are shown. No I/O here."""

from __future__ import annotations

import argparse
import re
from typing import Final

_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%?")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)?")
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S: Final = 86400.0
_LONGEST_HOLD_S: Final = 60.0


def percent(text: str) -> float:
    """``5%`` or ``5``: 0.05. For argparse."""
    found = _PERCENT.fullmatch(text)
    value = float(found[1]) / 100 if found else -1.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage: for example 5% or 0.1%")
    return value


def duration(text: str) -> float:
    """``20ms``, ``10s``, ``2m``, or seconds without a unit. For argparse."""
    found = _DURATION.fullmatch(text)
    value = float(found[1]) * _UNITS[found[2] or "s"] if found else 0.0
    if not 0 < value <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: for example 20ms, 10s or 2m")
    return value


def hold(text: str) -> float:
    """How long a packet is held: with a unit, since a bare number may be meant as milliseconds. For argparse."""
    value = duration(text)
    if text[-1:].isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} lacks a unit: for example {text}ms")
    if value > _LONGEST_HOLD_S:
        raise argparse.ArgumentTypeError(f"{text!r} is more than a minute")
    return value


def show_percent(value: float) -> str:
    """0.05: ``5%``."""
    return f"{value * 100:.6g}%"


def show_duration(seconds: float) -> str:
    """0.02: ``20ms``."""
    if seconds >= 1:
        return f"{seconds:.6g}s"
    return f"{seconds * 1000:.6g}ms" if seconds >= 0.001 else f"{seconds * 1e6:.6g}us"
