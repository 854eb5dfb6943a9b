# SPDX-License-Identifier: Apache-2.0
"""What a virtual router counts. The names are those of Keepalived's JSON, which exporters read."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Statistics:
    """Counters of one virtual router."""

    advert_rcvd: int = 0
    advert_sent: int = 0
    become_master: int = 0
    release_master: int = 0
    packet_len_err: int = 0
    advert_interval_err: int = 0
    ip_ttl_err: int = 0
    invalid_type_rcvd: int = 0
    addr_list_err: int = 0
    invalid_authtype: int = 0
    authtype_mismatch: int = 0
    auth_failure: int = 0
    pri_zero_rcvd: int = 0
    pri_zero_sent: int = 0
    checksum_err: int = 0
    invalid_version: int = 0

    def count(self, name: str) -> None:
        """One more."""
        setattr(self, name, getattr(self, name) + 1)

    def clear(self) -> None:
        """All back to zero."""
        for each in fields(self):
            setattr(self, each.name, 0)
