# SPDX-License-Identifier: Apache-2.0
"""The lab: whole networks in namespaces of this machine, built and removed by one command."""
