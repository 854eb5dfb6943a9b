# SPDX-License-Identifier: Apache-2.0
"""The model's Call-ID is the kernel's, for the messages whose fate was recorded."""

from __future__ import annotations

import re
from pathlib import Path

from tests.reference.call_id import call_id

ORACLE = Path(__file__).parents[2] / "oracle"


def test_a_message_has_a_call_id_where_the_kernel_found_one() -> None:
    """Each of the scene's messages went to a server, or nowhere for want of a Call-ID."""
    scene = (ORACLE / "scenes" / "traffic-sip-forms.sh").read_text()
    forms = eval(scene[scene.index("FORMS = [") + 8 : scene.index("for f in FORMS")])
    lines = (ORACLE / "golden" / "traffic-sip-forms.out").read_text().splitlines()
    fates = [line.rpartition(" ")[2] for line in lines if re.match("b['\"]", line)]

    assert len(fates) == len(forms) > 60
    assert [call_id(form) is not None for form in forms] == [fate != "none" for fate in fates]


def test_the_value_is_what_stands_between_colon_and_line_end() -> None:
    """Without blanks."""
    assert call_id(b"INVITE x\r\nCall-ID: a@b\r\n") == b"a@b"
    assert call_id(b"INVITE x\r\ni:\r\n  c\n") == b"c"
