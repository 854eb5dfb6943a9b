# SPDX-License-Identifier: Apache-2.0
"""``python -m xlvs.syncd DIRECTOR``: how the tables start the process."""

import sys

from xlvs.syncd.main import main

sys.exit(main(sys.argv[1:]))
