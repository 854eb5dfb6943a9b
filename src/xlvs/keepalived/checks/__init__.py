# SPDX-License-Identifier: Apache-2.0
"""Virtual servers on this host: probes, verdicts, and the tables that follow them."""
