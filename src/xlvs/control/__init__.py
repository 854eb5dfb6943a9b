# SPDX-License-Identifier: Apache-2.0
"""The commands of `xlvs` that look after the director on this host: one module per command."""
