# SPDX-License-Identifier: Apache-2.0
"""The real server's side of DR and tunnel: virtual addresses on lo, quiet ARP, decapsulation; and its exact undoing."""
