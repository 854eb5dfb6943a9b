# SPDX-License-Identifier: Apache-2.0
"""The error of the lab, a branch of the tree in xlvs.model.errors."""

from __future__ import annotations

from xlvs.model.errors import XlvsError


class LabError(XlvsError):
    """A lab cannot be built, found or used; `remedy` says what helps."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message + (f" ({remedy})" if remedy else ""))
        self.remedy = remedy
