# SPDX-License-Identifier: Apache-2.0
"""What is to be said about a director: one thing, with its remedy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is wrong and what helps. A `grave` one keeps traffic from flowing as it should; others are worth knowing."""

    what: str
    remedy: str
    grave: bool = True
