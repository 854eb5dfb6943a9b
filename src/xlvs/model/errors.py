# SPDX-License-Identifier: Apache-2.0
"""Every error that xlvs raises on purpose.

XlvsError
├── UsageError              the command line or a file is wrong; nothing was done
├── PermissionDenied        the caller may not do this
├── NotSupported            this kernel or this host lacks something; the only one a test may skip on
│   └── OtherVersion        the tables are another version's
├── KernelError             a system call failed in a way that nobody foresaw
└── TableError              the tables refuse the change; nothing was changed
    ├── ServiceExists       ├── NoSuchService       ├── ServiceNotDefined
    ├── DestinationExists   ├── NoSuchDestination   ├── NoSuchScheduler
    ├── InvalidArgument     ├── OutOfRange          ├── TableFull
    ├── DaemonRunning       ├── NoDaemon            ├── NoSuchDevice, NoSuchSetting
    ├── OtherMark           ├── NoSuchMark
    ├── LocalAddressExists  ├── NoSuchLocalAddress
    └── FullNatOnePacket

Each has a `message` of one sentence, fit to print, and the `exit_code` of a command that ends with it. The messages
of the table errors are those that users and scripts know from ipvsadm.
"""

from __future__ import annotations

from os import strerror  # noqa: TID251 - a table of texts, no input or output
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class XlvsError(Exception):
    """An error to be shown as one sentence. `exit_code` is what a command that ends with it returns."""

    message: str = "Something went wrong"
    exit_code: int = 1

    def __init__(self, message: str | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.message)


class UsageError(XlvsError):
    """The command line or a configuration file is wrong; nothing was done."""

    exit_code = 2


class PermissionDenied(XlvsError):
    """The caller lacks a right that `operation` needs; `remedy` says how to get it."""

    def __init__(self, operation: str, remedy: str = "run it as root") -> None:
        super().__init__(f"{operation}: permission denied ({remedy})")
        self.operation = operation
        self.remedy = remedy


class NotSupported(XlvsError):
    """Something that this host does not have: `feature` is missing because of `why`; `remedy` says what helps."""

    def __init__(self, feature: str, why: str, remedy: str = "") -> None:
        super().__init__(f"{feature} is not available: {why}" + (f" ({remedy})" if remedy else ""))
        self.feature = feature
        self.why = why
        self.remedy = remedy


class OtherVersion(NotSupported):
    """The director's tables were made by another version of xlvs; `what` tells in what they differ."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "this director",
            f"its tables were made by another version of xlvs ({what})",
            "save them with the version that made them, `xlvs detach --yes`, and restore them",
        )


class KernelError(XlvsError):
    """A system call failed: `errno` as the kernel gave it, `details` the lines that libbpf or the verifier printed."""

    def __init__(self, operation: str, errno: int, details: Sequence[str] = ()) -> None:
        super().__init__(f"{operation}: {strerror(errno)}")
        self.operation = operation
        self.errno = errno
        self.details = tuple(details)


class TableError(XlvsError):
    """The tables refuse a change; nothing was changed."""

    exit_code = 255


class ServiceExists(TableError):
    """Adding a service that is there."""

    message = "Service already exists"


class NoSuchService(TableError):
    """Editing, deleting, zeroing or showing a service that is not there."""

    message = "No such service"


class ServiceNotDefined(TableError):
    """A command on a destination names a service that is not there."""

    message = "Service not defined"


class DestinationExists(TableError):
    """Adding a destination whose address and port the service has."""

    message = "Destination already exists"


class NoSuchDestination(TableError):
    """Editing or deleting a destination that the service has not."""

    message = "No such destination"


class NoSuchScheduler(TableError):
    """The named scheduler or persistence engine does not exist."""

    message = "Scheduler or persistence engine not found"


class InvalidArgument(TableError):
    """What the kernel answers with EINVAL."""

    message = "Invalid operation.  Possibly wrong module version, address not unicast, ..."


class OutOfRange(TableError):
    """What the kernel answers with ERANGE: a lower threshold above the upper one."""

    message = "Numerical result out of range"


class DaemonRunning(TableError):
    """Starting a daemon whose role runs already."""

    message = "Daemon has already run"


class NoDaemon(TableError):
    """Stopping a daemon that does not run."""

    message = "No daemon is running"


class NoSuchDevice(TableError):
    """The daemon's interface does not exist."""

    message = "No such device"


class NoSuchSetting(TableError):
    """A setting of net.ipv4.vs that does not exist."""

    message = "No such file or directory"


class OtherMark(TableError):
    """A port is to have a mark, and has another one."""

    exit_code = 1
    message = "The port has another mark"


class NoSuchMark(TableError):
    """Taking marks away where there are none."""

    exit_code = 1
    message = "No port has such a mark (`xlvs mark list` shows them)"


class FullNatOnePacket(TableError):
    """A one-packet service with a full NAT destination."""

    message = "One-packet scheduling and full NAT exclude each other: an answer would not find its client"


class LocalAddressExists(TableError):
    """Giving a service a local address that it has."""

    exit_code = 1
    message = "The service has this local address with other ports (take it away first: `xlvs laddr del`), or it is named twice"


class NoSuchLocalAddress(TableError):
    """Taking a local address from a service that has it not."""

    exit_code = 1
    message = "The service has no such local address (`xlvs laddr list` shows them)"


class TableFull(TableError):
    """No room for another service or destination."""

    message = "The table is full"
