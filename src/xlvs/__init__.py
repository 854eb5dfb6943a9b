# SPDX-License-Identifier: Apache-2.0
"""The Linux Virtual Server on eBPF, run from Python.

Importing this package loads nothing else: `ipvsadm` has to start fast, so every name is imported from its own module.
"""

__version__ = "0.1.0"
