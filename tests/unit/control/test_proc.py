# SPDX-License-Identifier: Apache-2.0
"""The kernel's files, answered from the tables."""

import pytest

from xlvs.control import proc
from xlvs.ipvs.memory import MemoryTables
from xlvs.model.errors import UsageError


@pytest.mark.parametrize("name", proc.VIEWS)
@pytest.mark.parametrize("folder", ["/proc/net", "/proc/self/net"])
def test_each_view_has_its_title(name: str, folder: str) -> None:
    """Also when there is nothing to show."""
    text = proc.read(MemoryTables(), f"{folder}/{name}")

    assert text.endswith("\n")
    assert text.strip()


def test_a_setting_reads_back_what_was_written() -> None:
    """With the kernel's own path."""
    tables = MemoryTables()
    path = "/proc/sys/net/ipv4/vs/sync_threshold"

    proc.write(tables, path, "5 60")

    assert proc.read(tables, path) == "5\t60\n"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("/proc/sys/net/ipv4/vs/sync_version", "7", "Invalid argument"),
        ("/proc/sys/net/ipv4/vs/timeout_tcp", "7", "No such file or directory"),
        ("/proc/sys/net/ipv4/ip_forward", "1", "No such file or directory"),
        ("/proc/net/ip_vs", "7", "Permission denied"),
    ],
)
def test_what_the_kernel_refuses_is_refused(path: str, value: str, message: str) -> None:
    """In the words of a shell that redirects into the file."""
    with pytest.raises(UsageError) as caught:
        proc.write(MemoryTables(), path, value)

    assert caught.value.message == f"{path}: {message}"


@pytest.mark.parametrize("path", ["/proc/net/tcp", "ip_vs", "/proc/sys/net/ipv4/vs/nothing"])
def test_other_files_are_not_there(path: str) -> None:
    """Ours are all that is answered."""
    with pytest.raises(UsageError):
        proc.read(MemoryTables(), path)


def test_folders_are_listed_sorted() -> None:
    """A slash at the end does not matter."""
    tables = MemoryTables()

    assert proc.names(tables, "/proc/net/") == sorted(proc.VIEWS)
    assert proc.names(tables, "/proc/sys/net/ipv4/vs") == tables.sysctl_names()
