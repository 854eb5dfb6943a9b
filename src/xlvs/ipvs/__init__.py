# SPDX-License-Identifier: Apache-2.0
"""The tables: sole owner of their layouts, pins and locks."""
