# SPDX-License-Identifier: Apache-2.0
"""A step in a child process changes nothing here, and its failure arrives as an error of the tree."""

import errno
import os
from pathlib import Path

import pytest

from xlvs.linux.process import in_child
from xlvs.model.errors import KernelError, PermissionDenied


def test_a_child_leaves_this_process_as_it_was() -> None:
    """Its working directory is its own."""
    before = Path.cwd()
    in_child("changing directory", lambda: os.chdir("/"))
    assert before == Path.cwd()


def test_the_errno_of_the_child_arrives() -> None:
    """As a KernelError that names the operation."""
    with pytest.raises(KernelError, match="changing directory: No such file") as caught:
        in_child("changing directory", lambda: os.chdir("/nonexistent"))
    assert caught.value.errno == errno.ENOENT


def test_a_refusal_is_told_as_such() -> None:
    """EPERM becomes PermissionDenied."""

    def refuse() -> None:
        raise PermissionError(errno.EPERM, "refused")

    with pytest.raises(PermissionDenied, match="refusing"):
        in_child("refusing", refuse)


def test_any_other_exception_of_the_child_stays_there() -> None:
    """It must not run on in a copy of the caller."""

    def fail() -> None:
        raise RuntimeError

    with pytest.raises(KernelError):
        in_child("failing", fail)
