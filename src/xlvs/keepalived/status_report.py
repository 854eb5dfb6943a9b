# SPDX-License-Identifier: Apache-2.0
"""What `xlvs keepalived status` shows, from what the daemon says of itself. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Facts = Mapping[str, Any]

_RED, _YELLOW, _GREEN, _BOLD, _PLAIN = "\033[31m", "\033[33m", "\033[32m", "\033[1m", "\033[0m"
_COLOURS: Final = {
    "MASTER": _GREEN,
    "BACKUP": _YELLOW,
    "FAULT": _RED,
    "up": _GREEN,
    "DOWN": _RED,
    "SORRY": _RED,
    "suspended": _YELLOW,
}
_STEPS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SOON_S: Final = 3


def is_well(facts: Facts) -> bool:
    """Everything runs, no router is in FAULT, every session and real server is up, every virtual server has its quorum."""
    routers = facts.get("vrrp", {}).get("instances", ())
    servers = facts.get("healthcheckers", {}).get("virtual_servers", ())
    sessions = facts.get("bfd", {}).get("sessions", ())
    return (
        not facts["silent"]
        and all(session["up"] for session in sessions)
        and all(part["pid"] for part in facts["parts"].values())
        and all(router["state"] in {"MASTER", "BACKUP"} for router in routers)
        and all(server["quorum_up"] and all(real["up"] for real in server["real_servers"]) for server in servers)
    )


def report(facts: Facts, now: float, *, colour: bool) -> Iterator[str]:
    """Lines for people. `now`: seconds since 1970."""
    paint = _paint if colour else _leave
    yield f"process {facts['pid']}, running for {duration(now - facts['since'])}, {facts['configuration']}"
    for name, part in facts["parts"].items():
        yield f"  {_part(name, part, now, silent=name in facts['silent'])}"
    if "vrrp" in facts:
        yield from _routers(facts["vrrp"], now, paint)
    if "bfd" in facts:
        yield from _sessions(facts["bfd"], now, paint)
    if "healthcheckers" in facts:
        yield from _servers(facts["healthcheckers"], now, paint)


def duration(seconds: float) -> str:
    """In the two largest units: 3 d 4 h, 5 min 10 s, 2 s."""
    left = max(int(seconds), 0)
    found: list[str] = []
    for size, unit in _STEPS:
        count, rest = divmod(left, size)
        if count or found:
            found.append(f"{count} {unit}")
            left = rest
        if len(found) == 2:
            break
    return " ".join(found) or "0 s"


def _paint(word: str, shown: str) -> str:
    return f"{_COLOURS.get(word, _BOLD)}{shown}{_PLAIN}"


def _leave(word: str, shown: str) -> str:  # noqa: ARG001 - the shape of _paint
    return shown


def _part(name: str, part: Facts, now: float, *, silent: bool) -> str:
    process = f"process {part['pid']} for {duration(now - part['since'])}" if part["pid"] else "is started again soon"
    times = "once" if part["restarts"] == 1 else f"{part['restarts']} times"
    restarts = f", started again {times}, last after {part['last_end']}" if part["restarts"] else ""
    return f"{name}: {process}{restarts}{', does not answer' if silent else ''}"


def _routers(vrrp: Facts, now: float, paint: Any) -> Iterator[str]:
    group_of = {member: group["name"] for group in vrrp["groups"] for member in group["members"]}
    width = max((len(each["name"]) for each in vrrp["instances"]), default=0)
    yield from ("", paint("", "Virtual routers"))
    for each in vrrp["instances"]:
        state = paint(each["state"], f"{each['state']:<6}")
        priority = f"priority {each['priority']}"
        if each["effective_priority"] != each["priority"]:
            priority += f", now {each['effective_priority']}"
        group = f", group {group_of[each['name']]}" if each["name"] in group_of else ""
        yield (
            f"  {each['name']:<{width}}  {state} for {duration(now - each['since'])}, {each['interface']}, "
            f"VRID {each['vrid']}, {priority}{group}"
        )
        for address in (*each["addresses"], *each["excluded_addresses"]):
            word = _presence(each["state"], present=address["present"])
            yield f"  {'':<{width}}  {address['address']} on {address['interface']}{word}"
    for each in vrrp["scripts"]:
        if each["state"] == "down":
            yield f"  script {each['name']} {paint('DOWN', 'fails')} with status {each['status']}"


def _presence(state: str, *, present: bool) -> str:
    if state == "MASTER" and not present:
        return ", is missing"
    return ", not taken off" if present and state != "MASTER" else ""


def _sessions(bfd: Facts, now: float, paint: Any) -> Iterator[str]:
    width = max((len(each["name"]) for each in bfd["sessions"]), default=0)
    yield from ("", paint("", "BFD sessions"))
    for each in bfd["sessions"]:
        state = paint("up" if each["up"] else "DOWN", each["state"])
        why = "" if each["up"] or each["diagnostic"] == "No Diagnostic" else f": {each['diagnostic']}"
        detection = f", lost after {each['detection_ms']:g} ms of silence" if each["up"] else ""
        since = duration(now - each["since"])
        yield f"  {each['name']:<{width}}  {state} for {since}, neighbor {each['neighbor']}{detection}{why}"


def _servers(checks: Facts, now: float, paint: Any) -> Iterator[str]:
    yield from ("", paint("", "Virtual servers"))
    for each in checks["virtual_servers"]:
        real = each["real_servers"]
        up = sum(server["up"] for server in real)
        state = "suspended" if each["suspended"] else "up" if each["quorum_up"] else "DOWN"
        sorry = f", sorry server {each['sorry_server']} serves" if each["sorry_server_active"] else ""
        weight = sum(server["weight"] for server in real if server["up"])
        yield (
            f"  {each['name']}  {paint(state, state)}, {each['scheduler']}, {up} of {len(real)} real servers, "
            f"quorum {each['quorum']} of weight {weight}{sorry}"
        )
        width = max((len(server["name"]) for server in real), default=0)
        for server in real:
            yield from _real_server(server, width, now, paint)


def _real_server(server: Facts, width: int, now: float, paint: Any) -> Iterator[str]:
    state = "up" if server["up"] else "DOWN"
    since = f" for {duration(now - server['since'])}" if server["since"] else ""
    head = f"    {server['name']:<{width}}  {paint(state, state)}{since}, weight {server['weight']}"
    if not server["checks"]:
        yield f"{head}, not checked"
        return
    yield head
    for check in server["checks"]:
        yield f"    {'':<{width}}    {_check(check, now, paint)}"


def _check(check: Facts, now: float, paint: Any) -> str:
    if check["last"] is None:
        return f"{check['kind']}: not run yet"
    ago = now - check["last"]
    when = "just now" if ago < _SOON_S else f"{duration(ago)} ago"
    at = datetime.fromtimestamp(check["last"], UTC).astimezone().strftime("%H:%M:%S")
    outcome = "ok" if check["last_ok"] else paint("DOWN", "failed")
    reason = f": {check['reason'].rstrip('.')}" if check["reason"] else ""
    return f"{check['kind']} {outcome} {when} ({at}){reason}"
