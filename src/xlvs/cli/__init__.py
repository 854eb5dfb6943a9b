# SPDX-License-Identifier: Apache-2.0
"""The command `xlvs`: it finds the front end that a word stands for and hands the rest of the line to it."""
