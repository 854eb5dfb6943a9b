# SPDX-License-Identifier: Apache-2.0
"""A story as text and as JSON. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlvs.explain.story import Story


def text(story: Story) -> str:
    """Lines with their labels in a column."""
    width = max(len(line.label) for line in story.lines) + 2
    return "".join(f"{line.label:<{width}}{line.text}".rstrip() + "\n" for line in story.lines)


def as_json(story: Story) -> str:
    """One document."""
    return json.dumps(story.document, indent=2) + "\n"
