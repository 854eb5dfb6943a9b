# SPDX-License-Identifier: Apache-2.0
"""Bidirectional Forwarding Detection (RFC 5880, RFC 5881): packets and sessions, without I/O and without a clock."""
