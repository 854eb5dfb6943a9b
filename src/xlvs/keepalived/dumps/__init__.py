# SPDX-License-Identifier: Apache-2.0
"""What signals ask for: files in the layouts that exporters read."""
