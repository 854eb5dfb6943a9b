# SPDX-License-Identifier: Apache-2.0
"""The web server of a lab: fixed pages, on a listening socket that it is handed, and a log of who asked.

It is run by path in an isolated interpreter without site (a quarter of the usual start-up time), so it imports the
standard library only, and little of it. The socket listens before the process exists: nobody ever waits for it.

Usage: server.py FILE-DESCRIPTOR OWNER CERTIFICATE LOG PAGE [PATH PAGE]...
OWNER is a process to die with, 0 for none; CERTIFICATE a file with key and certificate, empty for plain HTTP; LOG a file
that gets a line for each request, in the form of other web servers: address, time, request, status, length.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time

TYPE_CHECKING = False  # the module typing would take a tenth of the start
if TYPE_CHECKING:
    import ssl

_PR_SET_PDEATHSIG = 1
_IDLE_S = 30.0
_LONGEST_HEAD = 16384
_LONGEST_LOG = 1 << 20  # it lies in memory; then it begins anew
_MAPPED = "::ffff:"  # an IPv4 address on a socket for both families
_ANY = b""  # the page of every path that has none of its own


def answer(request_head: bytes, pages: dict[bytes, bytes]) -> tuple[bytes, bool]:
    """The whole response to one request, and whether the connection stays open after it (RFC 9112, 9.3)."""
    line, *fields = request_head.split(b"\r\n")
    method, _, rest = line.partition(b" ")
    page = pages.get(rest.partition(b" ")[0], pages[_ANY])
    options = {name.strip().lower(): value.strip().lower() for name, _, value in (f.partition(b":") for f in fields)}
    keep = rest.endswith(b"HTTP/1.1") and options.get(b"connection") != b"close"
    body = page if method in (b"GET", b"HEAD") else b""
    status = b"200 OK" if body else b"405 Method Not Allowed"
    head = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n" % (status, len(body))
    head += b"\r\n" if keep else b"Connection: close\r\n\r\n"
    return head + (b"" if method == b"HEAD" else body), keep


class Log:
    """The file that says who asked for what."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, client: str, request_head: bytes, response: bytes) -> None:
        """Add the line of one request; the client is who accept(2) said it is."""
        if os.fstat(self._descriptor).st_size > _LONGEST_LOG:
            os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, log_line(client, request_head, response, time.time()).encode())


def log_line(client: str, request_head: bytes, response: bytes, now: float) -> str:
    """The line of one request; `now` in seconds since 1970. What a client made up cannot break out of its line."""
    request = (
        request_head.partition(b"\r\n")[0].decode("latin-1").encode("unicode_escape").decode().replace('"', "\\x22")
    )
    head, _, body = response.partition(b"\r\n\r\n")
    written = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now))
    status = head.split(b" ", 2)[1].decode()
    return f'{client.removeprefix(_MAPPED)} - - [{written}] "{request}" {status} {len(body)}\n'


def serve_connection(connection: socket.socket, client: str, pages: dict[bytes, bytes], log: Log) -> None:
    """Answer the requests of one connection until either side has enough."""
    with connection:
        connection.settimeout(_IDLE_S)
        pending = b""
        try:
            while len(pending) < _LONGEST_HEAD:
                head, end, rest = pending.partition(b"\r\n\r\n")
                if end:
                    pending = rest
                    response, keep = answer(head, pages)
                    log.write(client, head, response)
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


def serve_secured(
    connection: socket.socket, client: str, pages: dict[bytes, bytes], log: Log, context: ssl.SSLContext
) -> None:
    """The same behind TLS."""
    connection.settimeout(_IDLE_S)
    try:
        secured = context.wrap_socket(connection, server_side=True)
    except OSError:
        connection.close()
        return
    serve_connection(secured, client, pages, log)


def serve(listener: socket.socket, pages: dict[bytes, bytes], log: Log, context: ssl.SSLContext | None) -> None:
    """Accept for ever, one thread per connection."""
    while True:
        connection, address = listener.accept()
        known = (connection, address[0], pages, log)
        if context:
            threading.Thread(target=serve_secured, args=(*known, context), daemon=True).start()
        else:
            threading.Thread(target=serve_connection, args=known, daemon=True).start()


def _secured(certificate: str) -> ssl.SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _die_with(owner: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:
        sys.exit(0)


def main(arguments: list[str]) -> None:
    """Serve on the inherited socket; returns never."""
    descriptor, owner, certificate, log, page, *others = int(arguments[0]), int(arguments[1]), *arguments[2:]
    pages = {"": page, **dict(zip(others[::2], others[1::2], strict=True))}
    if owner:
        _die_with(owner)
    # Whatever else was open where the lab was built, its lock for one, is none of a server's business.
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    context = _secured(certificate) if certificate else None
    encoded = {path.encode(): text.encode() for path, text in pages.items()}
    serve(socket.socket(fileno=descriptor), encoded, Log(log), context)


if __name__ == "__main__":
    main(sys.argv[1:])
