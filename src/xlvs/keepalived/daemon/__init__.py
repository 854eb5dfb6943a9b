# SPDX-License-Identifier: Apache-2.0
"""The processes: their life, their files, and the line between them."""
