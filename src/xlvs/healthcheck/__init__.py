# SPDX-License-Identifier: Apache-2.0
"""Verdicts about real servers and services: retries, quorum, hysteresis; no socket and no clock."""
