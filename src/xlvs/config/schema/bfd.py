# SPDX-License-Identifier: Apache-2.0
"""Keywords: bfd_instance."""

from __future__ import annotations

from xlvs.config.schema.keyword import C, E, Keyword, R
from xlvs.config.values import IP, Bool, Flag, Number, Seconds, Weighted

BFD_INSTANCE = (
    Keyword("neighbor_ip", E, "peer address", IP()),
    Keyword("neighbour_ip", R, "synonym", IP(), means="neighbor_ip"),
    Keyword("source_ip", C, "local address (needed to keep the source port in range)", IP()),
    Keyword("min_rx", C, "required minimum receive interval", Seconds("1", "4294967", "ms", 1000), default="10"),
    Keyword("min_tx", C, "desired minimum transmit interval", Seconds("1", "4294967", "ms", 1000), default="10"),
    Keyword("idle_tx", R, "interval while down", Seconds("1000", "4294967", "ms", 1000), default="1000"),
    Keyword("multiplier", C, "missed packets until down", Number(1, 255), default="5"),
    Keyword("passive", R, "do not start the session", Flag()),
    Keyword(
        "ttl",
        R,
        "TTL of packets to the neighbor; those from it have to have it, less max_hops",
        Number(1, 255),
        default="[255; over IPv6 255 is sent and 64 is expected]",
    ),
    Keyword("hoplimit", R, "the same, as IPv6 calls it", Number(1, 255), means="ttl"),
    Keyword("max_hops", R, "how many hops a packet may have come; 255 = any", Number(-1, 255), default="0"),
    Keyword("multihop", R, "port 4784 instead of 3784", Bool(), default="off", since="2.4"),
    Keyword("weight", C, "default tracking weight", Weighted(-253, 253), default="0"),
    Keyword("vrrp", R, "events only to the VRRP child", Flag()),
    Keyword("checker", R, "events only to the checker child", Flag()),
)
