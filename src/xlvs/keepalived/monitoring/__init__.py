# SPDX-License-Identifier: Apache-2.0
"""What network management systems ask for by SNMP, and what they are told."""
