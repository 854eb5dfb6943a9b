# SPDX-License-Identifier: Apache-2.0
"""Each thing that a host may lack is one sentence with its remedy."""

import pytest

from xlvs.linux import capability, libbpf
from xlvs.model.errors import NotSupported, PermissionDenied


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("6.1.0-18-amd64", (6, 1)),
        ("6.18.44", (6, 18)),
        ("5.15-custom", (5, 15)),
        ("7.0+", (7, 0)),
        ("rolling", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_the_version_is_read_from_any_release_name(release: str, expected: tuple[int, int]) -> None:
    """Distributions append what they like; a name without a version counts as too old."""
    assert expected == capability.parse_release(release)


def test_an_old_kernel_is_named_with_the_oldest_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux 5.15 is below the floor of 6.1."""
    monkeypatch.setattr(capability, "kernel_version", lambda: (5, 15))
    with pytest.raises(NotSupported, match=r"6\.1 is the oldest.*boot a newer kernel"):
        capability.require_kernel()


@pytest.mark.parametrize(("user", "remedy"), [(1000, "run it as root"), (0, "root lacks CAP_BPF or CAP_NET_ADMIN")])
def test_without_the_rights_the_operation_is_named(monkeypatch: pytest.MonkeyPatch, user: int, remedy: str) -> None:
    """CAP_NET_ADMIN alone does not do; root in a container is not told to become root."""
    monkeypatch.setattr(capability, "effective_capabilities", lambda: 1 << capability.CAP_NET_ADMIN)
    monkeypatch.setattr("os.geteuid", lambda: user)
    with pytest.raises(PermissionDenied, match=rf"editing the tables: permission denied \({remedy}"):
        capability.require_rights("editing the tables")


@pytest.mark.parametrize("other", [capability.CAP_BPF, capability.CAP_SYS_ADMIN])
def test_bpf_and_network_rights_do_without_root(monkeypatch: pytest.MonkeyPatch, other: int) -> None:
    """CAP_SYS_ADMIN includes CAP_BPF."""
    monkeypatch.setattr(capability, "effective_capabilities", lambda: 1 << capability.CAP_NET_ADMIN | 1 << other)
    capability.require_rights("editing the tables")


def test_a_missing_libbpf_is_named_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """XLVS_LIBBPF points at nothing: the sentence says what to install."""
    monkeypatch.setenv("XLVS_LIBBPF", "/nonexistent/libbpf.so.1")
    libbpf.library.cache_clear()
    try:
        with pytest.raises(NotSupported, match=r"libbpf\.so\.1 cannot be loaded.*apt install libbpf1"):
            capability.require_libbpf()
    finally:
        libbpf.library.cache_clear()


def test_a_libbpf_before_1_0_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library without libbpf_major_version() is older than 0.6; libc stands in for it."""
    monkeypatch.setenv("XLVS_LIBBPF", "libc.so.6")
    libbpf.library.cache_clear()
    try:
        with pytest.raises(NotSupported, match=r"older than 1\.0"):
            capability.require_libbpf()
    finally:
        libbpf.library.cache_clear()
