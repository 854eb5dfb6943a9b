# SPDX-License-Identifier: Apache-2.0
"""A configuration as values: frozen dataclasses, ready for the daemon."""
