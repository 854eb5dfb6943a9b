# SPDX-License-Identifier: Apache-2.0
"""Prints the exit code of our config test for each file, all in one process."""

import sys
from contextlib import redirect_stderr
from io import StringIO

from xlvs.config.files import Identity
from xlvs.keepalived.config_check import config_test


def main() -> None:
    """A line for each file: its code, a blank, its path."""
    for path in sys.argv[1:]:
        with redirect_stderr(StringIO()):
            code = config_test(path, Identity("main"))
        print(code, path)


if __name__ == "__main__":
    main()
