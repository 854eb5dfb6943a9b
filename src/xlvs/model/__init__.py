# SPDX-License-Identifier: Apache-2.0
"""The values everything else speaks in: services, destinations, connections, statistics, settings, errors.

Pure: no I/O, no clock, no randomness; standard library only.
"""
