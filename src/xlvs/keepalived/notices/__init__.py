# SPDX-License-Identifier: Apache-2.0
"""Telling others what happened: scripts and who may run them, FIFOs, mails."""
