# SPDX-License-Identifier: Apache-2.0
"""Whom our health checks tell of changes, beside the real Keepalived's: FIFOs, scripts, mails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.netns.twins import KEEPALIVED

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COMPILER = shutil.which("cc") or shutil.which("clang") or ""
NETWORK = 'mount --make-rprivate / && mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed"),
    pytest.mark.skipif(not COMPILER, reason="no C compiler"),
]


def told(which: str, library: Path, settings: str) -> list[str]:
    """What a daemon tells, from a network namespace of its own."""
    command = [sys.executable, "-m", "tests.netns.told_twins", which, str(library), settings]
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", NETWORK, "sh", *command],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.keyword("global_defs.no_checker_emails", "global_defs.rs_init_notifies", "global_defs.smtp_alert_checker")
@pytest.mark.parametrize(
    "settings",
    ["router_id R2", "no_checker_emails\nrs_init_notifies\nsmtp_alert_checker"],
    ids=["usual", "other settings"],
)
def test_the_same_is_told_to_all(tmp_path: Path, settings: str) -> None:
    """From the start over failures, returns and a reload to the end: every line, every run of a script, every mail."""
    library = tmp_path / "quiet_ipvs.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", library, HERE / "quiet_ipvs.c"], check=True)
    with ThreadPoolExecutor() as pool:
        real, ours = (pool.submit(told, which, library, settings) for which in ("real", "ours"))

    assert ours.result() == real.result()
