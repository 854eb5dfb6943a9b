# SPDX-License-Identifier: Apache-2.0
"""BFD sessions on this host: their sockets, and who is told of them."""
