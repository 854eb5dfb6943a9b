# SPDX-License-Identifier: Apache-2.0
"""``xlvs keepalived plan FILE``: what a reload would change; nothing is changed."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from xlvs.config.files import Identity
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.config_check import short_host_name
from xlvs.keepalived.configured import configured
from xlvs.keepalived.daemon.source import Source
from xlvs.keepalived.plan_changes import block_changes, desired_after, services_of
from xlvs.keepalived.status import daemon
from xlvs.model.diff import diff
from xlvs.model.difference import line
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.config.settings.config import KeepalivedConfig


def main(argv: Sequence[str]) -> int:
    """Run ``xlvs keepalived plan ARGV``: 0 nothing would change, 1 something, 2 it would be refused, 3 no daemon runs."""
    options = _parser().parse_args(argv)
    facts = daemon(options.pid)
    source = Source(options.file or facts["configuration"], Identity(options.config_id or short_host_name()))
    reading = source.read()
    try:
        source.refuse_new(reading, Counter(tuple(each) for each in facts["mistakes"]))
    except UsageError as error:
        raise UsageError(f"the reload would be refused:\n{error.message}") from None
    changes = {
        "routers": list(block_changes(facts["configured"], configured(reading.config), _states(facts))),
        "tables": _table_changes(reading.config, facts.get("healthcheckers", {})),
    }
    if options.json:
        print(json.dumps(changes, indent=2))
    else:
        _print(changes)
    return int(any(changes.values()))


def _states(facts: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["state"] for each in facts.get("vrrp", {}).get("instances", ())}


def _table_changes(config: KeepalivedConfig, state: dict[str, Any]) -> list[str]:
    from xlvs.ipvs.desired import configured as configured_services
    from xlvs.ipvs.pinned import open_tables

    plan = translate(config)
    owned = plan.keys | services_of(state)
    if not owned:
        return []
    wanted = desired_after(plan.health, state)
    return [
        line(each) for each in diff(configured_services(open_tables(heeds_drains=True)), wanted, owned.__contains__)
    ]


def _print(changes: dict[str, list[str]]) -> None:
    for title, lines in changes.items():
        if lines:
            print(f"{title}:", *lines, sep="\n  ")
    if not any(changes.values()):
        sys.stdout.write("nothing would change\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs keepalived plan",
        description="What a reload would change in routers, addresses and tables, compared with what the running daemon "
        "and the tables have. Nothing is changed.",
        epilog="exit code: 0 nothing would change, 1 something would, 2 the reload would be refused, 3 no daemon runs",
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="(default: the daemon's)")
    parser.add_argument("-i", "--config-id", metavar="ID", help="which lines of @ID count (default: the host's name)")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("-p", "--pid", metavar="FILE", help="the daemon's pid file (default: the one that runs)")
    return parser
