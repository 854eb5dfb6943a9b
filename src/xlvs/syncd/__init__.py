# SPDX-License-Identifier: Apache-2.0
"""The process behind `ipvsadm --start-daemon`: sends what the packet path tells, and takes in what others send."""
