# SPDX-License-Identifier: Apache-2.0
"""What `xlvs connections` refuses before it looks at a table."""

from __future__ import annotations

import pytest

from xlvs.control import connections
from xlvs.model.errors import UsageError


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "9" * 23])
def test_a_limit_is_a_number_of_connections(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One that no list can have is none."""
    with pytest.raises(SystemExit, match="2"):
        connections.main(["--limit", limit])
    assert f"'{limit}' is not a number of connections" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "hint"), [("lsit", "did you mean list"), ("kil", "did you mean kill"), ("10.0.0.1:80", "--service")]
)
def test_a_word_that_is_no_verb_gets_a_suggestion(word: str, hint: str) -> None:
    """Nothing is listed for it."""
    with pytest.raises(UsageError, match=hint):
        connections.main([word])
