# SPDX-License-Identifier: Apache-2.0
"""``xlvs lab get``: what is asked of a web server, and what came of it."""

from __future__ import annotations

import argparse
from typing import Final

SUMMARY: Final = "fetch a page, each time on a new connection"
_SHOWN: Final = 20
_A_DAY_S: Final = 86400.0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Have the list of commands show it; `run` reads its words."""
    commands.add_parser("get", help=SUMMARY, add_help=False)


def run(argv: list[str]) -> int:
    """Run ``xlvs lab get ARGV``; the exit code."""
    options = _parser().parse_args(argv)
    if options.every or options.duration or options.keep_alive:
        from xlvs.lab import steady

        every_s = options.every or 1.0
        return steady.main(options.url, every_s, options.timeout, options.duration, keep_alive=options.keep_alive)
    _ask(options.url, options.count, options.timeout)
    return 0


def _ask(url: str, count: int, timeout_s: float) -> None:
    from collections import Counter

    from xlvs.lab.client import get

    pages: Counter[str] = Counter()
    for _ in range(count):
        page = get(url, timeout_s=timeout_s).removesuffix("\n")
        pages[page] += 1
        if count <= _SHOWN:
            print(page, flush=True)
    if count > _SHOWN:
        for page, times in sorted(pages.items()):
            print(f"{times} x {page}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="xlvs lab get", description=SUMMARY.capitalize() + ".", allow_abbrev=False)
    parser.add_argument("url", help="http://192.168.20.129/ or just 192.168.20.129")
    parser.add_argument(
        "-n", "--count", type=_positive, default=1, help="how often; more than 20 are summed up by page"
    )
    parser.add_argument(
        "--every", type=_seconds, metavar="SECONDS", help="at this pace, until ^C; then count what failed"
    )
    parser.add_argument(
        "--for", dest="duration", type=_seconds, metavar="SECONDS", help="for so long, every second unless --every says"
    )
    parser.add_argument(
        "--keep-alive",
        action="store_true",
        help="all on one connection, until it fails (exit code 1), every second unless --every says",
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=5.0, metavar="SECONDS", help="when a request has failed (default: 5)"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < _A_DAY_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value
