# SPDX-License-Identifier: Apache-2.0
"""Directors that are left behind when their network namespace goes, and those that only look like it."""

from __future__ import annotations

from contextlib import suppress

from tests.netns.listing import eventually
from tests.unit.linux.scratch import scratch_namespace
from xlvs.ipvs import attachments, program, stale
from xlvs.ipvs.pinned import PinnedTables
from xlvs.linux import bpffs, namespace


def test_a_director_is_left_behind_with_its_namespace_and_not_before() -> None:
    """The kernel takes a namespace apart when it finds the time."""
    with scratch_namespace() as name:
        with namespace.entered(name):
            number, folder = namespace.cookie(), bpffs.director()
            attachments.attach(PinnedTables(program.sizes(1 << 14)).store(), attachments.named(["lo"])[0], "tc")
        alive = stale.abandoned({number: folder})
        namespace.delete(name)
        left = eventually(lambda: stale.abandoned({number: folder}) == {number: folder})
        namespace.create(name)
        with suppress(FileNotFoundError):  # whoever loads a director anywhere removes it, too
            bpffs.remove(folder)

    assert alive == {}
    assert left


def test_a_namespace_lives_by_any_of_its_processes() -> None:
    """The first one that was seen may have ended meanwhile."""
    with scratch_namespace() as name:
        with namespace.entered(name):
            number = namespace.cookie()

        assert stale.cookie_behind(["/proc/0/ns/net", namespace.path_of(name)]) == number
        assert stale.cookie_behind(["/proc/0/ns/net"]) is None
