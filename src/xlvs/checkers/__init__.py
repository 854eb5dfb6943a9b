# SPDX-License-Identifier: Apache-2.0
"""Probes of real servers: sockets and programs around the pure rules of xlvs.healthcheck."""
