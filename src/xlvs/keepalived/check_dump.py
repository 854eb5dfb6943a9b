# SPDX-License-Identifier: Apache-2.0
"""keepalived_check.data, in the layout that exporters read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.checking import Checking
    from xlvs.keepalived.log import Log


def write(checking: Checking, config: KeepalivedConfig, log: Log) -> None:
    """The virtual servers as they are."""
