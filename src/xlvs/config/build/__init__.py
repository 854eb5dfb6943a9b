# SPDX-License-Identifier: Apache-2.0
"""From statements to values: inheritance, references between blocks, and rules that concern more than one keyword."""
