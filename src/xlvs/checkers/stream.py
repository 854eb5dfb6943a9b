# SPDX-License-Identifier: Apache-2.0
"""Probes over TCP: a connection, TLS if asked for, and what is said over it."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from os import strerror
from typing import TYPE_CHECKING

from xlvs.checkers import phrases
from xlvs.checkers.attempt import Attempt
from xlvs.checkers.exchange import Deferred
from xlvs.checkers.sockets import connected
from xlvs.healthcheck.probe import SECOND_US, ProbeResult, end_text

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from xlvs.checkers.exchange import Exchange
    from xlvs.checkers.phrases import Phrases
    from xlvs.healthcheck.probe import Endpoint, TlsIdentity

_PORTION = 64 * 1024
_PORTIONS = 4
"""So much is read before others have their turn."""
_LONGEST = 12
"""An answer that comes in drops is waited for this many times the limit of one wait."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How a probe speaks TLS: the name it asks for, what it shows, and whether it says good-bye."""

    sni: str = ""
    identity: TlsIdentity | None = None
    takes_leave: bool = False


@lru_cache(maxsize=16)
def tls_context(identity: TlsIdentity | None = None) -> ssl.SSLContext:
    """TLS as SSL_GET has it: the certificate is not verified, since real servers rarely have one for their address.

    Raises OSError (of which ssl.SSLError is one): a file of the identity cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if identity and identity.authorities:
        context.load_verify_locations(identity.authorities)
    if identity and identity.certificate:
        # An empty password: without one, OpenSSL would ask at a terminal.
        context.load_cert_chain(identity.certificate, identity.key, identity.password)
    return context


def forget_identities() -> None:
    """Certificates are read anew for the next probe."""
    tls_context.cache_clear()


class StreamAttempt(Attempt):
    """Connects; without an exchange that is all."""

    __slots__ = ("_endpoint", "_exchange", "_heard_at", "_outgoing", "_phrases", "_speaking_since", "_tls")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        endpoint: Endpoint,
        done: Callable[[ProbeResult], None],
        exchange: Exchange | None = None,
        words: Phrases = phrases.TCP,
        tls: Tls | None = None,
    ) -> None:
        super().__init__(loop, endpoint.timeout_us, done)
        self._endpoint = endpoint
        self._exchange = exchange
        self._phrases = words
        self._speaking_since: float | None = None
        self._heard_at = 0.0
        self._tls = tls
        self._outgoing = b""

    def start(self) -> None:
        """Open the connection."""
        try:
            opened, error = connected(self._endpoint, socket.SOCK_STREAM)
        except OSError as problem:
            reason = f"Cannot connect to {self._name()}: {problem.strerror or problem}"
            self._finish(ok=False, reason=reason, said=self._phrases.of(problem.errno or 0))
            return
        self._begin(opened)
        if error:
            self._refused(error)
        else:
            self._loop.add_writer(opened.fileno(), self._connected)

    def _name(self) -> str:
        return end_text(self._endpoint.address, self._endpoint.port, "tcp")

    def _refused(self, error: int) -> None:
        reason = f"TCP connection to {self._name()} failed: {strerror(error)}."
        self._finish(ok=False, reason=reason, said=self._phrases.of(error))

    def _broken(self, problem: OSError) -> None:
        reason = f"{self._name()} broke off: {problem.strerror or problem}."
        self._finish(ok=False, reason=reason, said=self._phrases.broken)

    def _expired(self) -> None:
        if self._speaking_since is not None:
            if self._may_go_on(self._speaking_since):
                return
            self._finish(ok=False, reason=f"Timeout reading from {self._name()}.", said=self._phrases.silent)
        else:
            self._finish(ok=False, reason=f"Timeout connecting to {self._name()}.", said=self._phrases.unconnected)

    def _may_go_on(self, since: float) -> bool:
        """Whether something came lately, and the whole does not take too long; then it is looked again later."""
        timeout_s = self._timeout_us / SECOND_US
        left = min(self._heard_at + timeout_s, since + timeout_s * _LONGEST) - self._loop.time()
        if left <= 0:
            return False
        self._limit = self._loop.call_later(left, self._expired)
        return True

    def _untrusted(self, problem: Exception) -> None:
        reason = f"TLS with {self._name()} failed: {getattr(problem, 'strerror', None) or problem}"
        self._finish(ok=False, reason=reason, said=self._phrases.untrusted)

    def _connected(self) -> None:
        opened = self._socket
        if opened is None:
            return
        error = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._refused(error)
        elif self._exchange is None:
            self._finish(ok=True, reason=f"TCP connection to {self._name()} success.")
        else:
            self._loop.remove_writer(opened.fileno())
            self._restart_limit()
            if self._tls:
                self._secure(opened, self._tls)
            else:
                self._speak()

    def _secure(self, opened: socket.socket, tls: Tls) -> None:
        try:
            name = tls.sni.encode("idna")  # first: wrap_socket would lose the socket over a wrong one
            wrapped = tls_context(tls.identity).wrap_socket(
                opened, do_handshake_on_connect=False, server_hostname=name or None, suppress_ragged_eofs=True
            )
        except (OSError, ValueError) as problem:
            self._untrusted(problem)
            return
        self._socket = wrapped
        self._shake_hands()

    def _shake_hands(self) -> None:
        opened = self._socket
        if not isinstance(opened, ssl.SSLSocket):
            return
        try:
            opened.do_handshake()
        except ssl.SSLWantReadError:
            self._loop.remove_writer(opened.fileno())
            self._loop.add_reader(opened.fileno(), self._shake_hands)
        except ssl.SSLWantWriteError:
            self._loop.remove_reader(opened.fileno())
            self._loop.add_writer(opened.fileno(), self._shake_hands)
        except OSError as problem:
            self._untrusted(problem)
        else:
            self._loop.remove_writer(opened.fileno())
            self._loop.remove_reader(opened.fileno())
            self._speak()

    def _speak(self) -> None:
        if self._exchange and self._socket:
            self._speaking_since = self._heard_at = self._loop.time()
            self._outgoing = self._exchange.opening()
            self._loop.add_reader(self._socket.fileno(), self._listen)
            self._send()

    def _send(self) -> None:
        opened = self._socket
        if opened is None or not self._outgoing:
            return
        try:
            self._outgoing = self._outgoing[opened.send(self._outgoing) :]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as problem:
            self._broken(problem)
            return
        if self._outgoing:
            self._loop.add_writer(opened.fileno(), self._send)
        else:
            self._loop.remove_writer(opened.fileno())

    def _listen(self) -> None:
        for _ in range(_PORTIONS if self._tls else 1):
            if not (self._socket and self._exchange):
                return
            try:
                data = self._socket.recv(_PORTION)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except ssl.SSLError:
                data = b""
            except OSError as problem:
                self._broken(problem)
                return
            self._heard_at = self._loop.time()
            self._hear(self._exchange.receive(data) if data else self._exchange.closed())
        if self._tls and self._socket:
            # What TLS holds already makes no event; others have their turn first.
            self._loop.call_soon(self._listen)

    def _end(self, result: ProbeResult) -> None:
        if self._tls and self._tls.takes_leave and isinstance(self._socket, ssl.SSLSocket):
            # It is not waited for what the server answers.
            with suppress(OSError, ValueError):
                self._socket.unwrap()
        super()._end(result)

    def _hear(self, said: bytes | ProbeResult | Deferred | None) -> None:
        if isinstance(said, ProbeResult):
            self._end(said)
        elif isinstance(said, Deferred):
            if self._socket:
                self._loop.remove_reader(self._socket.fileno())
            self._exchange = None
            # The limit goes on meanwhile; what comes after the end of this attempt is lost.
            self._loop.run_in_executor(None, said.work).add_done_callback(self._worked_out)
        elif said:
            self._outgoing += said
            self._send()

    def _worked_out(self, future: asyncio.Future[ProbeResult]) -> None:
        if not future.cancelled():
            self._end(future.result())
