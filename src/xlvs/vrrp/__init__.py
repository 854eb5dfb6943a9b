# SPDX-License-Identifier: Apache-2.0
"""VRRP (RFC 3768, 5798, 9568) as Keepalived speaks it: no socket and no clock, events in and effects out."""
