# SPDX-License-Identifier: Apache-2.0
"""What `tools/bootstrap` says to a user for whom it cannot install things."""

import shutil
import subprocess
from pathlib import Path

import pytest

# The programs of a bare system that the script itself calls.
BARE_SYSTEM = ["sh", "cat", "dirname", "grep", "sha256sum", "mkdir", "tail", "env"]


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH that holds next to nothing, and a user who is not root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BARE_SYSTEM:
        (folder / name).symlink_to(str(shutil.which(name)))
    identity = folder / "id"
    identity.write_text("#!/bin/sh\necho 1000\n")
    identity.chmod(0o755)
    return folder


@pytest.fixture
def checkout(tmp_path: Path, project_root: Path) -> Path:
    """What the script reads of a checkout, without a virtual environment."""
    (tmp_path / "checkout" / "tools").mkdir(parents=True)
    for name in ("pyproject.toml", "tools/bootstrap"):
        shutil.copy(project_root / name, tmp_path / "checkout" / name)
    return tmp_path / "checkout"


def run(checkout: Path, path: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and standard error."""
    done = subprocess.run(
        [checkout / "tools" / "bootstrap", *arguments],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_user_without_root_gets_the_command_to_type(checkout: Path, bare_path: Path) -> None:
    """Missing system packages are named, with the command that installs them."""
    code, said = run(checkout, bare_path)
    assert (code, "only root can install packages" in said) == (1, True)
    assert "remedy: sudo apt-get install --no-install-recommends" in said
    assert "iproute2" in said.splitlines()[-1]


def test_missing_python_is_named(checkout: Path, bare_path: Path) -> None:
    """A system without a Python that is new enough is told so."""
    (bare_path / "flock").symlink_to("/bin/true")
    code, said = run(checkout, bare_path, "venv")
    expected = [
        "bootstrap: Python 3.11 or later is needed",
        "  remedy: install python3 (Debian 12: apt-get install python3)",
    ]
    assert (code, said.splitlines()) == (1, expected)


def test_unknown_argument_is_refused(checkout: Path, bare_path: Path) -> None:
    """A word that the script does not know installs nothing."""
    code, said = run(checkout, bare_path, "everything")
    assert (code, said.splitlines()[0]) == (1, "bootstrap: unknown argument: everything")
