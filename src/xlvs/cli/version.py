# SPDX-License-Identifier: Apache-2.0
"""``xlvs version``."""

from __future__ import annotations

import xlvs


def main(argv: list[str]) -> int:  # noqa: ARG001 - every command has this shape
    """Print the version."""
    print(f"xlvs {xlvs.__version__}")
    return 0
