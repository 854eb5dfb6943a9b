# SPDX-License-Identifier: Apache-2.0
"""What `xlvs drain` refuses before it looks at a table."""

from __future__ import annotations

import pytest

from xlvs.control import drain
from xlvs.model.errors import UsageError


@pytest.mark.parametrize(
    "argv",
    [
        ["--list", "tcp:10.0.0.1:80"],
        ["-t", "10.0.0.1:80", "--list"],
        ["--list", "-r", "10.0.0.2"],
    ],
)
def test_a_list_of_one_server_is_refused(argv: list[str]) -> None:
    """It shows all of them, so that "no server is drained" is never an answer about one."""
    with pytest.raises(UsageError, match="name none"):
        drain.main(argv)
