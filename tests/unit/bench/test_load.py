# SPDX-License-Identifier: Apache-2.0
"""Reading what the load generators report."""

import pytest

from bench.netns.load import parse_iperf, parse_wrk
from bench.objects import BenchError

WRK = """Running 2s test @ http://10.71.0.100:80/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.95ms  291.54us   6.34ms   91.09%
  66094 requests in 2.00s, 22.69MB read
{errors}Requests/sec:  33045.12
Transfer/sec:     11.34MB
"""


def test_wrk_tells_requests_per_second() -> None:
    """The figure stands behind its label."""
    assert parse_wrk(WRK.format(errors="")) == 33045.12


def test_a_run_full_of_errors_is_no_figure() -> None:
    """Requests that fail fast would look like speed."""
    errors = "  Socket errors: connect 0, read 70000, write 0, timeout 1\n"
    with pytest.raises(BenchError, match="socket errors"):
        parse_wrk(WRK.format(errors=errors))


@pytest.mark.parametrize("text", ["", "unable to connect to 10.71.0.100:80", "Requests/sec:      0.00"])
def test_no_answer_is_no_figure(text: str) -> None:
    """A balancer that does not balance is not infinitely slow, it is missing."""
    with pytest.raises(BenchError, match="no answer"):
        parse_wrk(text)


def test_iperf_tells_what_was_received() -> None:
    """Bits per second in its JSON, Gbit/s in ours."""
    assert parse_iperf('{"end": {"sum_received": {"bits_per_second": 9.12e9}}}') == pytest.approx(9.12)


def test_iperf_failing_is_told_in_its_own_words() -> None:
    """Its JSON then holds `error`."""
    with pytest.raises(BenchError, match="No route to host"):
        parse_iperf('{"start": {}, "end": {}, "error": "unable to connect: No route to host"}')
