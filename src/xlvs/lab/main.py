# SPDX-License-Identifier: Apache-2.0
"""``xlvs lab``: networks in namespaces, to learn and to try things in."""

from __future__ import annotations


def main(argv: list[str]) -> int:
    """Run ``xlvs lab ARGV``; the exit code."""
    # What needs no lab is spared the time that all about labs takes to be loaded: a scene makes dozens of requests.
    if argv[:1] == ["get"]:
        from xlvs.lab import get_words

        return get_words.run(argv[1:])
    if argv[:1] == ["capture"]:
        from xlvs.lab import capture_words

        return capture_words.run(argv[1:])
    from xlvs.lab import words

    return words.run(argv)
