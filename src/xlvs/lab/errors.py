# SPDX-License-Identifier: Apache-2.0
"""The errors of the lab, a branch of the tree in xlvs.model.errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.model.errors import UsageError, XlvsError

if TYPE_CHECKING:
    from collections.abc import Sequence


class LabError(XlvsError):
    """A lab cannot be built, found or used; `remedy` says what helps."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message + (f" ({remedy})" if remedy else ""))
        self.remedy = remedy


class LabFileError(UsageError):
    """A lab's file is wrong, and nothing was built; `complaints` are all that is wrong with it, a line each."""

    def __init__(self, complaints: Sequence[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = tuple(complaints)
