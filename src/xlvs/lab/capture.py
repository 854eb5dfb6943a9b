# SPDX-License-Identifier: Apache-2.0
"""``xlvs lab capture``: packets of a lab's links, to a file or the screen."""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from xlvs.ipvs.objects import object_path
from xlvs.lab import capture_points, lab, match, plan
from xlvs.lab.capture_file import Pcap, Pcapng
from xlvs.lab.errors import LabError
from xlvs.lab.merge import Merge, Packet
from xlvs.lab.packet_line import complete, describe
from xlvs.linux import namespace
from xlvs.linux.bpf import Object
from xlvs.linux.interface import interface
from xlvs.linux.packet_socket import PacketSocket

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import FrameType

    from xlvs.lab.capture_file import Writer
    from xlvs.lab.capture_points import Ear
    from xlvs.linux.packet_socket import Frame

_BEAT_S: Final = 0.5
_SETTLED_S: Final = 0.002
_AT_ONCE: Final = 512
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NANOSECONDS: Final = 1_000_000_000


class _Listener:
    """One ear with its socket."""

    def __init__(self, number: int, ear: Ear, program_fd: int, lab_name: str) -> None:
        self._number = number
        self.ear = ear
        self.count = 0
        self.lost = 0
        with namespace.entered(plan.namespace(lab_name, ear.place)):
            self.with_xdp = bool(interface(ear.device).xdp_mode)
            self.socket = PacketSocket(ear.device, program_fd)

    def fileno(self) -> int:
        """For epoll."""
        return self.socket.fileno()

    def read(self, merge: Merge, until_ns: int) -> int:
        """Hand over what came, some at a time; up to when that is all."""
        frames: list[Frame] = []
        while len(frames) < _AT_ONCE and (frame := self.socket.read()):
            frames.append(frame)
        merge.add([self._packet(each) for each in frames if not (self.ear.one_way and each.outgoing)])
        return until_ns if len(frames) < _AT_ONCE else min(until_ns, frames[-1].time_ns)

    def note_lost(self) -> None:
        """Ask the kernel what it had no room for."""
        self.lost += self.socket.dropped()

    def _packet(self, frame: Frame) -> Packet:
        self.count += 1
        data = complete(frame.data, *frame.checksum) if frame.checksum else frame.data
        return Packet(frame.time_ns, self._number, data, frame.outgoing != self.ear.far, frame.segment)


class _Sink:
    """Where packets go: a file with its writer, or the screen."""

    def __init__(self, names: Sequence[str], file: BinaryIO | None, writer: Writer, snaplen: int) -> None:
        self._names = names
        self._width = max(len(name) for name in names)
        self._file = file
        self._writer = writer
        self._snaplen = snaplen
        self.count = 0
        if file:
            self._write(writer.head())

    def take(self, packets: list[Packet]) -> None:
        """Write them, and let readers of a pipe see them."""
        self.count += len(packets)
        if self._file:
            self._write(b"".join(map(self._record, packets)))
        else:
            sys.stdout.write("".join(map(self._line, packets)))
            sys.stdout.flush()

    def end(self, counts: Sequence[tuple[int, int]]) -> None:
        """Write what stands at the end."""
        if self._file:
            self._write(self._writer.tail(time.time_ns(), counts))

    def _record(self, packet: Packet) -> bytes:
        data = packet.data
        return self._writer.packet(
            packet.ear, packet.time_ns, data[: self._snaplen], len(data), outgoing=packet.outgoing
        )

    def _line(self, packet: Packet) -> str:
        seconds, rest = divmod(packet.time_ns, _NANOSECONDS)
        stamp = time.strftime("%H:%M:%S", time.localtime(seconds))
        way = "out" if packet.outgoing else "in "
        large = f" (large: {packet.segment} each)" if packet.segment else ""
        name = self._names[packet.ear]
        return f"{stamp}.{rest // 1000:06} {name:{self._width}} {way} {describe(packet.data)}{large}\n"

    def _write(self, data: bytes) -> None:
        if self._file:
            self._file.write(data)
            self._file.flush()


class _Until:
    """When it is over: so many packets, so long, a signal, or the end of the lab."""

    def __init__(self, options: argparse.Namespace, places: Sequence[str], stack: ExitStack) -> None:
        self._count: int | None = options.count
        self._ends = time.monotonic() + options.duration if options.duration else float("inf")
        self._places = {place: _identity(place) for place in places}
        self.signalled = False
        self.lab_gone = False
        for number in _ENDING:
            stack.callback(signal.signal, number, signal.signal(number, self._signal))

    def wait_s(self) -> float:
        """How long to wait for packets at most."""
        return max(min(_BEAT_S, self._ends - time.monotonic()), 0.0)

    def room(self, count: int) -> int | None:
        """How many more are wanted; None: all."""
        return None if self._count is None else self._count - count

    def over(self, count: int) -> bool:
        """Whether it is."""
        enough = self._count is not None and count >= self._count
        return self.signalled or enough or time.monotonic() >= self._ends

    def look(self) -> bool:
        """Whether the lab is gone, or another one has its name: what listens would keep the old one's network alive."""
        self.lab_gone = any(_identity(place) != identity for place, identity in self._places.items())
        return self.lab_gone

    def _signal(self, _number: int, _frame: FrameType | None) -> None:
        self.signalled = True


def run(options: argparse.Namespace) -> int:
    """Capture as the options say; the exit code."""
    found = lab.find(options.lab)
    targets, words = capture_points.split(found.topology, options.words)
    ears = capture_points.ears(found.topology, targets)
    terms = match.parse(words)
    with ExitStack() as stack:
        listeners = _listen(found.name, ears, terms, stack)
        until = _Until(options, sorted({plan.namespace(found.name, ear.place) for ear in ears}), stack)
        file = _open(options.write, stack)
        names = [ear.name for ear in ears]
        sink = _Sink(names, file, _writer(options, names), options.snaplen)
        _tell_start(listeners)
        begun = time.monotonic()
        with suppress(BrokenPipeError):
            _pump(listeners, sink, until)
            sink.end([(each.count, each.lost) for each in listeners])
        _tell_end(listeners, sink, until, options, time.monotonic() - begun)
    return 0


def _listen(lab_name: str, ears: Sequence[Ear], terms: tuple[match.Term, ...], stack: ExitStack) -> list[_Listener]:
    with Object.open(object_path("capture")) as opened:
        opened.set_constants({"terms": match.pack(terms)})
        opened.load()
        listeners = []
        for number, ear in enumerate(ears):
            listeners.append(_Listener(number, ear, opened.program("capture").fd, lab_name))
            stack.callback(listeners[-1].socket.close)
    return listeners


def _open(path: str | None, stack: ExitStack) -> BinaryIO | None:
    if path is None:
        return None
    if path == "-":
        if sys.stdout.isatty():
            raise LabError("packets do not go to a terminal as they are", "pipe them: ... -w - | wireshark -k -i -")
        pipe = os.fdopen(os.dup(1), "wb")
        stack.callback(_close, pipe)
        return pipe
    try:
        return stack.enter_context(Path(path).open("wb"))
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}") from None


def _close(pipe: BinaryIO) -> None:
    # Who read it may be gone, and what is left with it.
    with suppress(BrokenPipeError):
        pipe.close()


def _writer(options: argparse.Namespace, names: Sequence[str]) -> Writer:
    kind = options.format or ("pcap" if (options.write or "").endswith(".pcap") else "pcapng")
    return Pcap(options.snaplen) if kind == "pcap" else Pcapng(options.snaplen, names)


def _pump(listeners: Sequence[_Listener], sink: _Sink, until: _Until) -> None:
    """Take packets to the sink until it is over, in the order of their times."""
    progress = sink.count == 0 and sys.stderr.isatty() and not sys.stdout.isatty()
    beat = time.monotonic() + _BEAT_S
    merge = Merge()
    with selectors.DefaultSelector() as selector:
        for each in listeners:
            selector.register(each, selectors.EVENT_READ)
        while not until.over(sink.count):
            selector.select(min(until.wait_s(), _SETTLED_S) if merge else until.wait_s())
            # A packet has its time a moment before its socket has it.
            known_ns = time.time_ns() - int(_SETTLED_S * _NANOSECONDS)
            for each in listeners:
                known_ns = each.read(merge, known_ns)
            sink.take(merge.before(known_ns)[: until.room(sink.count)])
            if time.monotonic() >= beat:
                beat = time.monotonic() + _BEAT_S
                _look(listeners, sink, progress=progress)
                if until.look():
                    break
    for each in listeners:
        each.read(merge, 0)
    sink.take(merge.rest()[: until.room(sink.count)])
    _look(listeners, sink, progress=False)


def _look(listeners: Sequence[_Listener], sink: _Sink, *, progress: bool) -> None:
    for each in listeners:
        each.note_lost()
    if progress:
        lost = sum(each.lost for each in listeners)
        print(f"\r{sink.count} packets, {lost} lost ", end="", file=sys.stderr, flush=True)


def _tell_start(listeners: Sequence[_Listener]) -> None:
    names = " ".join(each.ear.name for each in listeners)
    print(f"listening: {names}; ^C ends it", file=sys.stderr)
    for each in listeners:
        if each.with_xdp:
            place = f"{each.ear.place}:{each.ear.device}"
            print(f"note: XDP runs on {place}; listen behind it as well: what it takes is not seen", file=sys.stderr)


def _tell_end(
    listeners: Sequence[_Listener], sink: _Sink, until: _Until, options: argparse.Namespace, took_s: float
) -> None:
    lost = sum(each.lost for each in listeners)
    unreadable = sum(each.socket.unreadable for each in listeners)
    words = f"{sink.count} packets in {took_s:.1f} s, {lost} lost since they came too fast"
    if unreadable:
        words += f", {unreadable} large ones that this kernel cannot hand over"
    if options.write and options.write != "-":
        words += f", in {options.write}"
    if until.lab_gone:
        words += "; the lab is gone"
    start = "\r" if sys.stderr.isatty() else ""
    print(start + words, file=sys.stderr)


def _identity(place: str) -> tuple[int, int] | None:
    try:
        status = os.stat(namespace.path_of(place))
    except OSError:
        return None
    return status.st_dev, status.st_ino
