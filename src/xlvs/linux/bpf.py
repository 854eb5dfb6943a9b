# SPDX-License-Identifier: Apache-2.0
"""BPF for the rest of xlvs, in one place: objects, maps, programs, links.

    with Object.open("ip_vs.bpf.o") as ip_vs:
        ip_vs.set_constants({"conn_tab_bits": bytes([20, 0, 0, 0])})
        ip_vs.set_pin_path("services", f"{directory}/services")
        ip_vs.load()
        outcome = ip_vs.program("tc_ingress").test_run(packet)

A failed call raises KernelError (PermissionDenied for EPERM); a host without libbpf, NotSupported.
"""

from xlvs.linux.bpf_link import (
    ATTACH_TCX_EGRESS,
    ATTACH_TCX_INGRESS,
    XDP_GENERIC,
    XDP_NATIVE,
    Link,
)
from xlvs.linux.bpf_map import ANY, EXIST, F_MMAPABLE, F_NO_PREALLOC, NO_EXIST, TYPE_ARRAY, TYPE_HASH, Map
from xlvs.linux.bpf_object import Object
from xlvs.linux.bpf_program import LIVE_FRAMES, Program, RunOutcome
from xlvs.linux.btf import Btf, Layout, Member
from xlvs.linux.handle import open_pin
from xlvs.linux.kernel_info import LinkInfo, MapInfo, ProgramInfo
from xlvs.linux.libbpf import possible_cpus

__all__ = [
    "ANY",
    "ATTACH_TCX_EGRESS",
    "ATTACH_TCX_INGRESS",
    "EXIST",
    "F_MMAPABLE",
    "F_NO_PREALLOC",
    "LIVE_FRAMES",
    "NO_EXIST",
    "TYPE_ARRAY",
    "TYPE_HASH",
    "XDP_GENERIC",
    "XDP_NATIVE",
    "Btf",
    "Layout",
    "Link",
    "LinkInfo",
    "Map",
    "MapInfo",
    "Member",
    "Object",
    "Program",
    "ProgramInfo",
    "RunOutcome",
    "open_pin",
    "possible_cpus",
]
