# SPDX-License-Identifier: Apache-2.0
"""Nanoseconds per packet of BPF programs, by BPF_PROG_TEST_RUN behind a wrapper program."""
