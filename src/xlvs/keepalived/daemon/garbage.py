# SPDX-License-Identifier: Apache-2.0
"""Collections of garbage at a better time."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def collected_later() -> Iterator[None]:
    """For making a large configuration, all of which stays.

    Collections would walk what is there already again and again, and find nothing: up to half of the time of a reload.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
