# SPDX-License-Identifier: Apache-2.0
"""The kernel's own IPVS beside xlvs, on one kernel, in an emulated machine: work per packet."""
