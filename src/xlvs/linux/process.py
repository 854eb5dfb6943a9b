# SPDX-License-Identifier: Apache-2.0
"""Running a step in a child process, for steps that would change this one for good."""

import os
from collections.abc import Callable
from errno import EINVAL, EPERM

from xlvs.model.errors import KernelError, PermissionDenied


def in_child(operation: str, action: Callable[[], None]) -> None:
    """Run `action` in a forked child and wait for it; its KernelError or OSError is raised here with the same errno.

    The child has one thread, as setns(2) into a mount namespace demands, and ends without running exit handlers.
    """
    pid = os.fork()
    if pid == 0:
        os._exit(_errno_of(action))
    _, status = os.waitpid(pid, 0)
    errno = os.waitstatus_to_exitcode(status)
    if errno == EPERM:
        raise PermissionDenied(operation)
    if errno:
        raise KernelError(operation, errno if errno > 0 else EINVAL)


def _errno_of(action: Callable[[], None]) -> int:
    try:
        action()
    except KernelError as error:
        return error.errno
    except PermissionDenied:
        return EPERM
    except OSError as error:
        return error.errno or EINVAL
    except BaseException:  # noqa: BLE001 - nothing may escape into the parent's code from the copied stack
        return EINVAL
    return 0
