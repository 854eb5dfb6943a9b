# SPDX-License-Identifier: Apache-2.0
"""Programs that are started."""

import pytest

from xlvs.linux.program import start


def test_a_command_that_no_system_call_takes_cannot_be_started() -> None:
    """A keepalived.conf can write any character, NUL too."""
    with pytest.raises(OSError, match="NUL"):
        start(("true", "a\0b"))
