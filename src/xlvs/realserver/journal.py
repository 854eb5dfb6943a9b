# SPDX-License-Identifier: Apache-2.0
"""The file in which a real server's setup stands, with the values that were there before.

It is written before the first change and removed after the last one is undone, so whoever dies between two steps
leaves enough behind. It lies in /run and is named after the network namespace: it ends with what it describes.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_SH, flock
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.linux.namespace import cookie
from xlvs.model.errors import PermissionDenied, XlvsError
from xlvs.realserver.setup import Setup, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY: Final = Path("/run/xlvs-realserver")


def load() -> Setup:
    """The setup of the current network namespace, an empty one when there is none."""
    path = _path()
    try:
        return decode(path.read_text())
    except FileNotFoundError:
        return Setup()
    except PermissionError:
        raise PermissionDenied(f"reading {path}") from None
    except ValueError as error:
        raise XlvsError(f"{path} cannot be read: {error} (was it written by another version of xlvs?)") from None


def save(setup: Setup) -> None:
    """Write the setup in one step: a reader sees the old one or the new."""
    path = _path()
    draft = path.with_suffix(".new")
    draft.write_text(encode(setup))
    draft.rename(path)


def forget(number: int | None = None) -> None:
    """Remove the file of the current network namespace, or of the one with this cookie."""
    path = _path(number)
    path.unlink(missing_ok=True)
    path.with_suffix(".new").unlink(missing_ok=True)


@contextmanager
def locked(*, shared: bool = False) -> Iterator[None]:
    """Hold the lock of all real servers of this host; `shared` with other readers. Raises PermissionDenied."""
    try:
        DIRECTORY.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        raise PermissionDenied(f"opening {DIRECTORY}") from None
    try:
        flock(descriptor, LOCK_SH if shared else LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _path(number: int | None = None) -> Path:
    return DIRECTORY / f"{cookie() if number is None else number:x}.json"
