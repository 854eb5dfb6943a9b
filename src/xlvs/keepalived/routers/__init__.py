# SPDX-License-Identifier: Apache-2.0
"""Virtual routers on this host: interfaces, addresses, routes, sockets, and what is tracked."""
