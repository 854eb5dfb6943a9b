# SPDX-License-Identifier: Apache-2.0
"""libbpf 1.x through ctypes: found once, declared once, its messages collected instead of printed.

ctypes releases the interpreter lock in every call, so a long call in a thread does not hold up the others.
"""

import ctypes
import os
from collections import deque
from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from functools import cache
from typing import Any, Final

from xlvs.model.errors import KernelError, NotSupported, PermissionDenied

REMEDY: Final = "apt install libbpf1, or dnf install libbpf"
_NEWEST_MESSAGES: Final = 200
_LEVEL_DEBUG: Final = 2
_EPERM: Final = 1

_int_p = POINTER(c_uint32)
_PRINTER = ctypes.CFUNCTYPE(c_int, c_int, c_void_p, c_void_p)

# name: (result, arguments); bytes may be passed wherever a c_void_p stands.
_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "libbpf_set_print": (c_void_p, [_PRINTER]),
    "bpf_object__open_file": (c_void_p, [c_char_p, c_void_p]),
    "bpf_object__open_mem": (c_void_p, [c_void_p, c_size_t, c_void_p]),
    "bpf_object__load": (c_int, [c_void_p]),
    "bpf_object__close": (None, [c_void_p]),
    "bpf_object__btf": (c_void_p, [c_void_p]),
    "bpf_object__next_map": (c_void_p, [c_void_p, c_void_p]),
    "bpf_object__next_program": (c_void_p, [c_void_p, c_void_p]),
    "bpf_object__find_map_by_name": (c_void_p, [c_void_p, c_char_p]),
    "bpf_object__find_program_by_name": (c_void_p, [c_void_p, c_char_p]),
    "btf__raw_data": (c_void_p, [c_void_p, _int_p]),
    "bpf_map__name": (c_char_p, [c_void_p]),
    "bpf_map__fd": (c_int, [c_void_p]),
    "bpf_map__key_size": (c_uint32, [c_void_p]),
    "bpf_map__value_size": (c_uint32, [c_void_p]),
    "bpf_map__initial_value": (c_void_p, [c_void_p, POINTER(c_size_t)]),
    "bpf_map__set_max_entries": (c_int, [c_void_p, c_uint32]),
    "bpf_map__set_pin_path": (c_int, [c_void_p, c_char_p]),
    "bpf_map__set_autocreate": (c_int, [c_void_p, ctypes.c_bool]),
    "bpf_map__set_inner_map_fd": (c_int, [c_void_p, c_int]),
    "bpf_map__reuse_fd": (c_int, [c_void_p, c_int]),
    "bpf_program__name": (c_char_p, [c_void_p]),
    "bpf_program__fd": (c_int, [c_void_p]),
    "bpf_program__set_autoload": (c_int, [c_void_p, ctypes.c_bool]),
    "bpf_program__set_expected_attach_type": (c_int, [c_void_p, c_int]),
    "bpf_map_create": (c_int, [c_int, c_char_p, c_uint32, c_uint32, c_uint32, c_void_p]),
    "bpf_map_lookup_elem": (c_int, [c_int, c_void_p, c_void_p]),
    "bpf_map_lookup_elem_flags": (c_int, [c_int, c_void_p, c_void_p, c_uint64]),
    "bpf_map_lookup_and_delete_elem": (c_int, [c_int, c_void_p, c_void_p]),
    "bpf_map_update_elem": (c_int, [c_int, c_void_p, c_void_p, c_uint64]),
    "bpf_map_delete_elem": (c_int, [c_int, c_void_p]),
    "bpf_map_get_next_key": (c_int, [c_int, c_void_p, c_void_p]),
    "bpf_map_freeze": (c_int, [c_int]),
    "bpf_map_lookup_batch": (c_int, [c_int, c_void_p, c_void_p, c_void_p, c_void_p, _int_p, c_void_p]),
    "bpf_map_lookup_and_delete_batch": (c_int, [c_int, c_void_p, c_void_p, c_void_p, c_void_p, _int_p, c_void_p]),
    "bpf_map_update_batch": (c_int, [c_int, c_void_p, c_void_p, _int_p, c_void_p]),
    "bpf_map_delete_batch": (c_int, [c_int, c_void_p, _int_p, c_void_p]),
    "bpf_map_get_fd_by_id": (c_int, [c_uint32]),
    "bpf_prog_get_fd_by_id": (c_int, [c_uint32]),
    "bpf_link_get_fd_by_id": (c_int, [c_uint32]),
    "bpf_obj_get_info_by_fd": (c_int, [c_int, c_void_p, _int_p]),
    "bpf_obj_pin": (c_int, [c_int, c_char_p]),
    "bpf_obj_get": (c_int, [c_char_p]),
    "bpf_prog_test_run_opts": (c_int, [c_int, c_void_p]),
    "bpf_link_create": (c_int, [c_int, c_int, c_int, c_void_p]),
    "bpf_link_update": (c_int, [c_int, c_int, c_void_p]),
    "bpf_link_detach": (c_int, [c_int]),
    "bpf_iter_create": (c_int, [c_int]),
    "bpf_tc_hook_create": (c_int, [c_void_p]),
    "bpf_tc_hook_destroy": (c_int, [c_void_p]),
    "bpf_tc_attach": (c_int, [c_void_p, c_void_p]),
    "bpf_tc_detach": (c_int, [c_void_p, c_void_p]),
    "bpf_tc_query": (c_int, [c_void_p, c_void_p]),
    "libbpf_num_possible_cpus": (c_int, []),
}

_messages: deque[str] = deque(maxlen=_NEWEST_MESSAGES)


@cache
def library() -> ctypes.CDLL:
    """The loaded libbpf, with every function that we use declared.

    Looked for in `$XLVS_LIBBPF`, then beside this file, then as the system's `libbpf.so.1`.
    Raises NotSupported when there is none, or none of version 1.0 or later.
    """
    loaded = _open_library()
    _require_version(loaded)
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype = result
        function.argtypes = arguments
    loaded.libbpf_set_print(_printer())
    return loaded


def version() -> tuple[int, int]:
    """Major and minor version of the libbpf in use."""
    return library().libbpf_major_version(), library().libbpf_minor_version()


@cache
def possible_cpus() -> int:
    """How many values a per-CPU map holds per key: the possible CPUs, present or not."""
    return check("counting the CPUs", library().libbpf_num_possible_cpus())


def take_messages() -> tuple[str, ...]:
    """What libbpf has said since the last call (the newest 200 messages)."""
    taken = tuple(_messages)
    _messages.clear()
    return taken


def check(operation: str, result: int) -> int:
    """Pass a result >= 0 through; turn libbpf's -errno into an error of the tree, with what libbpf said about it."""
    if result >= 0:
        return result
    raise failure(operation, -result)


def check_pointer(operation: str, pointer: int | None) -> int:
    """Pass a pointer through; a null one becomes the error that `errno` names."""
    if pointer:
        return pointer
    raise failure(operation, ctypes.get_errno())


def failure(operation: str, errno: int) -> KernelError | PermissionDenied:
    """The error for a failed call, taking along what libbpf said about it."""
    details = take_messages()
    if errno == _EPERM:
        return PermissionDenied(operation)
    return KernelError(operation, errno, details)


def _open_library() -> ctypes.CDLL:
    forced = os.environ.get("XLVS_LIBBPF")
    bundled = f"{__file__.rpartition('/')[0]}/libbpf.so.1"
    path = forced or (bundled if os.access(bundled, os.R_OK) else "libbpf.so.1")
    try:
        return ctypes.CDLL(path, use_errno=True)
    except OSError as error:
        raise NotSupported("eBPF", f"the library libbpf.so.1 cannot be loaded: {error}", REMEDY) from None


def _require_version(loaded: ctypes.CDLL) -> None:
    try:
        major = loaded.libbpf_major_version()
    except AttributeError:
        major = 0
    if major < 1:
        raise NotSupported("eBPF", "the installed libbpf is older than 1.0", REMEDY)


@cache
def _printer() -> Any:
    """The callback that libbpf prints through; cached, as it must live as long as the library."""
    format_message: Callable[..., int] = ctypes.CDLL(None).vsnprintf
    format_message.argtypes = [c_void_p, c_size_t, c_void_p, c_void_p]  # type: ignore[attr-defined]  # made at run time

    def collect(level: int, template: int, arguments: int) -> int:
        if level >= _LEVEL_DEBUG:
            return 0
        text = ctypes.create_string_buffer(1 << 16)
        length = format_message(text, len(text), template, arguments)
        _messages.append(text.value.decode(errors="replace").rstrip())
        return length

    return _PRINTER(collect)
