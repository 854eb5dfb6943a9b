# SPDX-License-Identifier: Apache-2.0
"""The web server of a lab: one fixed page, on a listening socket that it is handed.

It is run by path in an isolated interpreter without site (a quarter of the usual start-up time), so it imports the
standard library only, and little of it. The socket listens before the process exists: nobody ever waits for it.

Usage: server.py FILE-DESCRIPTOR OWNER PAGE   (OWNER: a process to die with, 0 for none)
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading

_PR_SET_PDEATHSIG = 1
_IDLE_S = 30.0
_LONGEST_HEAD = 16384


def answer(request_head: bytes, page: bytes) -> tuple[bytes, bool]:
    """The whole response to one request, and whether the connection stays open after it (RFC 9112, 9.3)."""
    line, *fields = request_head.split(b"\r\n")
    method, _, rest = line.partition(b" ")
    options = {name.strip().lower(): value.strip().lower() for name, _, value in (f.partition(b":") for f in fields)}
    keep = rest.endswith(b"HTTP/1.1") and options.get(b"connection") != b"close"
    body = page if method in (b"GET", b"HEAD") else b""
    status = b"200 OK" if body else b"405 Method Not Allowed"
    head = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n" % (status, len(body))
    head += b"\r\n" if keep else b"Connection: close\r\n\r\n"
    return head + (b"" if method == b"HEAD" else body), keep


def serve_connection(connection: socket.socket, page: bytes) -> None:
    """Answer the requests of one connection until either side has enough."""
    with connection:
        connection.settimeout(_IDLE_S)
        pending = b""
        try:
            while len(pending) < _LONGEST_HEAD:
                head, end, rest = pending.partition(b"\r\n\r\n")
                if end:
                    pending = rest
                    response, keep = answer(head, page)
                    connection.sendall(response)
                    if not keep:
                        return
                    continue
                received = connection.recv(4096)
                if not received:
                    return
                pending += received
        except OSError:
            return


def serve(listener: socket.socket, page: bytes) -> None:
    """Accept for ever, one thread per connection."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_connection, args=(connection, page), daemon=True).start()


def _die_with(owner: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:
        sys.exit(0)


def main(arguments: list[str]) -> None:
    """Serve on the inherited socket; returns never."""
    descriptor, owner, page = int(arguments[0]), int(arguments[1]), arguments[2]
    if owner:
        _die_with(owner)
    # Whatever else was open where the lab was built, its lock for one, is none of a server's business.
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    serve(socket.socket(fileno=descriptor), page.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
