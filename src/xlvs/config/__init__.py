# SPDX-License-Identifier: Apache-2.0
"""The language of keepalived.conf: from text to statements, without reading a file or a clock."""
