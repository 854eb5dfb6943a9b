# SPDX-License-Identifier: Apache-2.0
"""What the servers serve: a page of 128 bytes over HTTP, an iperf3 sink, and a UDP sink that counts and drops."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.netns import topology as net
from bench.objects import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit; worker_rlimit_nofile 20000;
events {{ worker_connections 8000; }}
http {{
  access_log off; keepalive_requests 100000000; sendfile off; open_file_cache max=10;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen {port} backlog=8192; root {folder}; }}
}}
"""
_SINK = """
table netdev sink {{
  chain in {{
    type filter hook ingress device s0 priority 0
    udp dport {port} counter drop
  }}
}}
"""


@contextlib.contextmanager
def serving() -> Iterator[None]:
    """Both servers at work, for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="xlvs-bench-") as folder, contextlib.ExitStack() as stack:
        Path(folder).chmod(0o755)
        for server in (net.SERVER1, net.SERVER2):
            own = Path(folder, server)
            own.mkdir()
            (own / "index.html").write_text("x" * 128)
            (own / "nginx.conf").write_text(_NGINX.format(folder=own, port=net.HTTP_PORT))
            stack.callback(net.stop, net.start(server, ["nginx", "-c", str(own / "nginx.conf")]))
            _load_sink(server)
        stack.callback(net.stop, net.start(net.SERVER1, ["iperf3", "-s", "-p", str(net.STREAM_PORT)]))
        for address in (net.SERVER1_IP, net.SERVER2_IP):
            await_answer(address)
        yield


def _load_sink(server: str) -> None:
    command = ["ip", "netns", "exec", server, "nft", "-f", "-"]
    subprocess.run(command, input=_SINK.format(port=net.UDP_PORT), text=True, check=True, capture_output=True)


def await_answer(address: str, seconds: float = 5) -> None:
    """Wait until the page comes from an address. Raises BenchError when it does not."""
    fetch = ["curl", "-s", "-m", "1", "-o", "/dev/null", f"http://{address}:{net.HTTP_PORT}/"]
    end = time.monotonic() + seconds
    while subprocess.run(["ip", "netns", "exec", net.CLIENT, *fetch], check=False).returncode:
        if time.monotonic() > end:
            raise BenchError(f"no answer from {address}")
        time.sleep(0.05)
