# SPDX-License-Identifier: Apache-2.0
"""Programs that are started with their output closed, or onto a full disk."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = {
    "xlvs": "import sys; from xlvs.cli.main import main; sys.exit(main(['--help']))",
    "ipvsadm": "import sys; from xlvs.ipvsadm import main as m; m._check_rights = int; sys.exit(m.main(['-h']))",
}


def run(program: str, redirection: str) -> tuple[int, str]:
    """The help of a program, its output redirected as the shell does it; exit code and standard error."""
    words = ["sh", "-c", f'exec "$0" -c "$1" {redirection}', sys.executable, PROGRAMS[program]]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_with_its_output_closed_a_program_works_in_silence(program: str) -> None:
    """As cron jobs and daemons start programs."""
    assert run(program, ">&-") == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_full_disk_is_one_sentence(program: str) -> None:
    """No traceback, and nothing more at exit."""
    code, said = run(program, ">/dev/full")

    assert code == 1
    assert said.splitlines()[1:] == []
    assert said.endswith("No space left on device\n")
