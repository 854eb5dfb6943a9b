# SPDX-License-Identifier: Apache-2.0
"""Whole requests and streams through a director in network namespaces, beside other balancers."""
