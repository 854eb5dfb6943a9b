# SPDX-License-Identifier: Apache-2.0
"""What a program may read of the kernel's own memory: whether it may at all, and where a variable stands."""

from typing import Final

_LOCKDOWN: Final = "/sys/kernel/security/lockdown"
_SYMBOLS: Final = "/proc/kallsyms"


def memory_is_readable() -> bool:
    """Whether programs may read it: not where the kernel is locked down for confidentiality (kernel_lockdown(7))."""
    try:
        with open(_LOCKDOWN, encoding="ascii") as file:
            return "[confidentiality]" not in file.read()
    except OSError:
        return True


def address_of(variable: str) -> int:
    """Address of one of the kernel's variables; 0 where the kernel does not have it or does not tell (kptr_restrict)."""
    wanted = f" {variable}\n".encode()
    try:
        with open(_SYMBOLS, "rb") as file:
            line = next((line for line in file if line.endswith(wanted)), b"0")
    except OSError:
        return 0
    return int(line.split()[0], 16)
