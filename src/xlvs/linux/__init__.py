# SPDX-License-Identifier: Apache-2.0
"""The only package that calls the kernel or reads a clock."""
