# SPDX-License-Identifier: Apache-2.0
"""The high-availability front end: reads keepalived.conf, runs virtual routers and checkers."""
