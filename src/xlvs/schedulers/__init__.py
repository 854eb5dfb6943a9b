# SPDX-License-Identifier: Apache-2.0
"""Schedulers: their names and numbers, and the tables that user space computes for the packet path.

Pure: a destination is its place in the service's list, newest first; what comes out are plain lists of such places.
"""
