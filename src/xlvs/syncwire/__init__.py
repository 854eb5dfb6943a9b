# SPDX-License-Identifier: Apache-2.0
"""The messages by which directors tell each other of connections: the kernel's protocol, versions 0 and 1; pure."""
