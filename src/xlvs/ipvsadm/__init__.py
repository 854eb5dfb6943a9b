# SPDX-License-Identifier: Apache-2.0
"""The table tool: `ipvsadm`, `ipvsadm-save` and `ipvsadm-restore` as of version 1.31."""
