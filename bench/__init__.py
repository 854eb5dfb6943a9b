# SPDX-License-Identifier: Apache-2.0
"""Measurements of xlvs beside their baselines; `python -m bench` runs them all."""
