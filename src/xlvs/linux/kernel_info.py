# SPDX-License-Identifier: Apache-2.0
"""What the kernel tells about a map, a program or a link (linux/bpf.h: bpf_map_info, bpf_prog_info, bpf_link_info).

Only the leading members are declared; the kernel fills as much as is asked for, whatever its own size.
"""

import ctypes
from ctypes import c_char, c_uint8, c_uint32, c_uint64
from typing import NamedTuple, TypeVar

from xlvs.linux.libbpf import check, library

LINK_ITER, LINK_XDP, LINK_TCX = 4, 6, 11


class MapInfo(NamedTuple):
    """Sizes in bytes, `type` and `flags` as in linux/bpf.h."""

    type: int
    id: int
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    name: str


class ProgramInfo(NamedTuple):
    """`tag` is the hash of the instructions; `loaded_ns` counts from boot; `run_*` are 0 unless statistics are on."""

    type: int
    id: int
    tag: str
    loaded_ns: int
    name: str
    map_ids: tuple[int, ...]
    run_time_ns: int
    run_count: int


class LinkInfo(NamedTuple):
    """`ifindex` and `attach_type` are 0 where the link type has none; a TCX or XDP link without its device has 0."""

    type: int
    id: int
    program_id: int
    ifindex: int
    attach_type: int


class _MapInfo(ctypes.Structure):
    _fields_ = [
        ("type", c_uint32),
        ("id", c_uint32),
        ("key_size", c_uint32),
        ("value_size", c_uint32),
        ("max_entries", c_uint32),
        ("flags", c_uint32),
        ("name", c_char * 16),
    ]


class _ProgramInfo(ctypes.Structure):
    _fields_ = [
        ("type", c_uint32),
        ("id", c_uint32),
        ("tag", c_uint8 * 8),
        ("jited_len", c_uint32),
        ("xlated_len", c_uint32),
        ("jited_insns", c_uint64),
        ("xlated_insns", c_uint64),
        ("load_time", c_uint64),
        ("uid", c_uint32),
        ("nr_map_ids", c_uint32),
        ("map_ids", c_uint64),
        ("name", c_char * 16),
        ("ifindex", c_uint32),
        ("gpl_compatible", c_uint32),
        ("netns_dev", c_uint64),
        ("netns_ino", c_uint64),
        ("nr_jited_ksyms", c_uint32),
        ("nr_jited_func_lens", c_uint32),
        ("jited_ksyms", c_uint64),
        ("jited_func_lens", c_uint64),
        ("btf_id", c_uint32),
        ("func_info_rec_size", c_uint32),
        ("func_info", c_uint64),
        ("nr_func_info", c_uint32),
        ("nr_line_info", c_uint32),
        ("line_info", c_uint64),
        ("jited_line_info", c_uint64),
        ("nr_jited_line_info", c_uint32),
        ("line_info_rec_size", c_uint32),
        ("jited_line_info_rec_size", c_uint32),
        ("nr_prog_tags", c_uint32),
        ("prog_tags", c_uint64),
        ("run_time_ns", c_uint64),
        ("run_cnt", c_uint64),
    ]


class _LinkInfo(ctypes.Structure):
    _fields_ = [
        ("type", c_uint32),
        ("id", c_uint32),
        ("prog_id", c_uint32),
        ("pad", c_uint32),
        ("first", c_uint32),  # XDP and TCX: ifindex
        ("second", c_uint32),  # TCX: attach type
        ("rest", c_uint64 * 3),
    ]


_Info = TypeVar("_Info", bound=ctypes.Structure)


def map_info(fd: int) -> MapInfo:
    """Describe the map behind `fd`."""
    raw = _query(fd, _MapInfo(), "reading a map's description")
    return MapInfo(raw.type, raw.id, raw.key_size, raw.value_size, raw.max_entries, raw.flags, raw.name.decode())


def program_info(fd: int) -> ProgramInfo:
    """Describe the program behind `fd`, with the ids of the maps that it uses."""
    operation = "reading a program's description"
    count = _query(fd, _ProgramInfo(), operation).nr_map_ids
    ids = (c_uint32 * count)()
    raw = _query(fd, _ProgramInfo(nr_map_ids=count, map_ids=ctypes.addressof(ids)), operation)
    name = raw.name.decode()
    return ProgramInfo(
        raw.type, raw.id, bytes(raw.tag).hex(), raw.load_time, name, tuple(ids), raw.run_time_ns, raw.run_cnt
    )


def link_info(fd: int) -> LinkInfo:
    """Describe the link behind `fd`."""
    raw = _query(fd, _LinkInfo(), "reading a link's description")
    ifindex = raw.first if raw.type in (LINK_XDP, LINK_TCX) else 0
    attach_type = raw.second if raw.type == LINK_TCX else 0
    return LinkInfo(raw.type, raw.id, raw.prog_id, ifindex, attach_type)


def _query(fd: int, info: _Info, operation: str) -> _Info:
    size = c_uint32(ctypes.sizeof(info))
    check(operation, library().bpf_obj_get_info_by_fd(fd, ctypes.byref(info), ctypes.byref(size)))
    return info
