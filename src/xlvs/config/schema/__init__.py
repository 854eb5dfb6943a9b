# SPDX-License-Identifier: Apache-2.0
"""The schema of keepalived.conf: each keyword declared once, in files by block. Everything else is made from it."""
