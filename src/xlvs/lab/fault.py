# SPDX-License-Identifier: Apache-2.0
"""``xlvs lab fault``: links that are cut, lose or hold packets; servers that stop, nodes that stand still."""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from xlvs.lab import fault_effect, fault_note, fault_points, lab, match, state
from xlvs.lab.amounts import show_duration
from xlvs.lab.errors import LabError
from xlvs.lab.fault_note import FROZEN, STOPPED, Fault, Rule
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    import argparse

_PATIENCE_S: Final = 10.0


def link(options: argparse.Namespace) -> int:
    """``fault link``: packets of a link are lost, held, doubled."""
    rule = Rule(
        loss=options.loss or 0.0,
        duplicate=options.duplicate or 0.0,
        reorder=options.reorder or 0.0,
        corrupt=options.corrupt or 0.0,
        delay_s=options.delay or 0.0,
        jitter_s=options.jitter or 0.0,
        match=tuple(options.filter.split()) if options.filter else (),
        seed=secrets.randbits(32) if options.seed is None else options.seed,
    )
    _check_rule(rule)
    found = lab.find(options.lab)
    return _add(fault_points.link(found, options.node, options.other, options.direction, rule), options)


def cut(options: argparse.Namespace) -> int:
    """``fault cut``: nothing goes over a link any more."""
    found = lab.find(options.lab)
    return _add(fault_points.cut(found, options.node, options.other), options)


def stop(options: argparse.Namespace) -> int:
    """``fault stop``: the web servers of a node die."""
    return _add(_of_node(options, STOPPED), options)


def freeze(options: argparse.Namespace) -> int:
    """``fault freeze``: every process of a node stands still."""
    return _add(_of_node(options, FROZEN), options)


def kill(options: argparse.Namespace) -> int:
    """``fault kill``: every process of a node dies; nothing brings them back."""
    found = lab.find(options.lab)
    count = fault_effect.signal_all(found.namespace(options.node), signal.SIGKILL)
    print(f"{options.node}: {count} processes killed" if count else f"{options.node}: nothing runs there")
    return 0


def show(options: argparse.Namespace) -> int:
    """``fault list``: what is in force, with counts."""
    faults = [fault for name in _labs(options.lab) for fault in fault_note.load_all(name)]
    documents = [_document(fault) for fault in faults]
    if options.json:
        print(json.dumps({"faults": documents}, indent=2))
        return 0
    several = len({fault.lab for fault in faults}) > 1
    for fault, document in zip(faults, documents, strict=True):
        print(_line(fault, document, several=several))
        for direction in document["directions"]:
            print("      " + _counts_line(direction))
    if not faults:
        print("no fault is in force")
    return 0


def clear(options: argparse.Namespace) -> int:
    """``fault clear``: as it was before."""
    found = [fault for name in _labs(options.lab) for fault in fault_note.load_all(name)]
    if options.numbers:
        missing = sorted(set(options.numbers) - {fault.number for fault in found})
        if missing:
            raise LabError(f"there is no fault {missing[0]}", "see `xlvs lab fault list`")
        found = [fault for fault in found if fault.number in options.numbers]
    for fault in found:
        end(fault)
        print(f"{fault.number}: {fault.where}: {fault.what()}: cleared")
    if not found:
        print("no fault is in force")
    return 0


def start(fault: Fault) -> Fault:
    """Bring a fault about, in a process of its own; it as it is then. Raises LabError."""
    with state.locked():
        for each in fault_note.load_all(fault.lab):
            if not each.alive:
                end(each)
        fault = replace(fault, number=fault_note.next_number(fault.lab))
        fault_note.save(fault)
        answer = _start_holder(fault)
        if answer:
            end(fault)
            raise LabError(answer)
        return fault_note.load(fault.lab, fault.number)


def end(fault: Fault) -> None:
    """Have the process of a fault undo it, or do so in its place when it is gone."""
    if fault.alive:
        with suppress(ProcessLookupError, ChildProcessError):
            descriptor = os.pidfd_open(fault.pid)
            signal.pidfd_send_signal(descriptor, signal.SIGTERM)
            select.select([descriptor], [], [], _PATIENCE_S)
            os.close(descriptor)
            os.waitpid(fault.pid, os.WNOHANG)
    if fault_note.present(fault.lab, fault.number):
        fault_effect.undo(fault)
        fault_note.forget(fault)


def _of_node(options: argparse.Namespace, kind: str) -> Fault:
    found = lab.find(options.lab)
    found.namespace(options.node)
    return Fault(found.name, 0, kind, options.node, options.node)


def _add(fault: Fault, options: argparse.Namespace) -> int:
    fault = start(replace(fault, duration_s=options.duration, method=getattr(options, "method", None)))
    lasting = f" for {show_duration(fault.duration_s)}" if fault.duration_s else ""
    seed = f" (seed {fault.rule.seed})" if _has_chance(fault.rule) else ""
    print(f"{fault.number}: {fault.where}: {fault.what()}{lasting}{seed}")
    return 0


def _check_rule(rule: Rule) -> None:
    if not (rule.loss or rule.duplicate or rule.corrupt or rule.delay_s):
        raise LabError("nothing is to happen to packets", "give --loss, --delay, --duplicate or --corrupt")
    if not rule.delay_s and (rule.jitter_s or rule.reorder):
        raise LabError("--jitter and --reorder are about packets that are held", "give --delay")
    if rule.jitter_s > rule.delay_s:
        raise LabError("no packet leaves before it came", "give a --jitter that is not longer than --delay")
    match.parse(rule.match)


def _has_chance(rule: Rule) -> bool:
    return bool(rule.jitter_s) or any(0 < each < 1 for each in (rule.loss, rule.duplicate, rule.reorder, rule.corrupt))


def _start_holder(fault: Fault) -> str:
    """Start the process of a fault; what it complains of, "" when the fault is in force."""
    reading, writing = os.pipe()
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_RDWR, 0),
    ]
    words = [sys.executable, "-m", fault_effect.HOLDER, fault.lab, str(fault.number)]
    try:
        pid = os.posix_spawn(sys.executable, words, lab.environment(), file_actions=actions, setsid=True)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.readline()
    except OSError as error:
        return f"the process of the fault cannot be started: {error.strerror}"
    if answer != b"\n":
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    return answer.decode().strip() if answer else "the process of the fault ended without a word"


def _labs(name: str | None) -> list[str]:
    if name:
        return [lab.find(name).name]
    return [each.name for each in state.load_all() if each.owner is None]


def _document(fault: Fault) -> dict[str, Any]:
    """What is to be told of a fault."""
    left = fault.duration_s and max(fault.begun_s + fault.duration_s - time.time(), 0.0)
    rule = {
        "loss": fault.rule.loss,
        "duplicate": fault.rule.duplicate,
        "reorder": fault.rule.reorder,
        "corrupt": fault.rule.corrupt,
        "delay_s": fault.rule.delay_s,
        "jitter_s": fault.rule.jitter_s,
        "filter": " ".join(fault.rule.match),
        "seed": fault.rule.seed,
    }
    return {
        "lab": fault.lab,
        "number": fault.number,
        "kind": fault.kind,
        "where": fault.where,
        "in_force": fault.alive,
        "left_s": None if left is None else round(left, 1),
        **({"rule": rule} if fault.points else {}),
        "directions": _directions(fault),
    }


def _directions(fault: Fault) -> list[dict[str, Any]]:
    from xlvs.lab.fault_link import counts

    documents = []
    for point, map_id in zip(fault.points, fault.maps, strict=False):
        with suppress(KernelError):
            documents.append({"towards": point.towards, **counts(map_id)._asdict()})
    return documents


def _line(fault: Fault, document: dict[str, Any], *, several: bool) -> str:
    words = f"{fault.number:3}  {fault.where}: {fault.what()}"
    if several:
        words = f"{fault.lab:10} {words}"
    if document["left_s"] is not None:
        words += f", for {document['left_s']} s more"
    if not fault.alive:
        words += ", whose process was killed: clear it"
    return words


def _counts_line(direction: dict[str, Any]) -> str:
    shown = [f"{name} {direction[name]}" for name in ("seen", "passed", "lost")]
    others = ("delayed", "reordered", "duplicated", "corrupted", "overflowed")
    return f"{direction['towards']}: " + ", ".join(
        shown + [f"{name} {direction[name]}" for name in others if direction[name]]
    )
