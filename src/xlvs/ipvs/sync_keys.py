# SPDX-License-Identifier: Apache-2.0
"""The key that authenticates messages between directors: the content of a file that root alone may read."""

from __future__ import annotations

import os
from stat import S_IRWXG, S_IRWXO
from typing import Final

from xlvs.model.errors import UsageError
from xlvs.syncwire.seal import key_of

KEY_FILE: Final = "/etc/xlvs/sync.key"
_VARIABLE: Final = "XLVS_SYNC_KEY"


class KeyFileOpen(UsageError):
    """The file may be read by others, or cannot be by us."""


def key_at_hand() -> bytes:
    """The key in KEY_FILE, or in the file that $XLVS_SYNC_KEY names; empty where there is none.

    Raises KeyFileOpen for a file that others may read, that is empty, or that was named and is not there.
    """
    named = os.environ.get(_VARIABLE)
    path = named or KEY_FILE
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & (S_IRWXG | S_IRWXO):
                raise KeyFileOpen(f"{path}: others than its owner may use it (chmod 600 {path})")
            key = key_of(file.read())
    except FileNotFoundError:
        if named:
            raise KeyFileOpen(f"{path}: there is no such file") from None
        return b""
    except OSError as error:
        raise KeyFileOpen(f"{path}: {error.strerror}") from None
    if not key:
        raise KeyFileOpen(f"{path}: it is empty; head -c 32 /dev/urandom | base64 > {path} makes a key")
    return key
