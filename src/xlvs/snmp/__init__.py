# SPDX-License-Identifier: Apache-2.0
"""SNMP objects and the protocol by which a master agent asks for them (RFC 2741); pure."""
