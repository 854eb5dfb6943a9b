# SPDX-License-Identifier: Apache-2.0
"""The entry point of `xlvs`: dispatch, and errors as a user wants to read them."""

from __future__ import annotations

import os
import sys
from errno import EIO, ENOSPC
from typing import Final

from xlvs.cli.commands import BY_NAME
from xlvs.linux import streams
from xlvs.model.errors import UsageError, XlvsError

# What a shell reports for a process that a signal ended: 128 + SIGINT, 128 + SIGPIPE.
_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141
_INTERNAL_ERROR: Final = 70  # EX_SOFTWARE of sysexits.h
_DEBUG: Final = "XLVS_DEBUG"
_OUTPUT_ERRORS: Final = (ENOSPC, EIO)


def main(argv: list[str] | None = None) -> int:
    """Run ``xlvs ARGV`` (default: the process's own arguments); the exit code. Never raises but on request."""
    arguments = sys.argv[1:] if argv is None else argv
    streams.open_closed()
    try:
        code = dispatch(arguments)
        sys.stdout.flush()
    except XlvsError as error:
        _complain(error.message)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        streams.drop_output()
        return _BROKEN_PIPE
    except Exception as error:  # the last line before the user
        if os.environ.get(_DEBUG):
            raise
        if isinstance(error, OSError) and error.errno in _OUTPUT_ERRORS and not error.filename:
            streams.drop_output()
            _complain(f"cannot write the output: {error.strerror}")
            return 1
        _complain(f"internal error: {type(error).__name__}: {error} (set {_DEBUG}=1 to see where, and report it)")
        return _INTERNAL_ERROR
    return code


def keepalived() -> int:
    """The command `keepalived`, for scripts and exporters that call it."""
    return main(["keepalived", *sys.argv[1:]])


def dispatch(arguments: list[str]) -> int:
    """Hand over to the command that the first word names."""
    if not arguments:
        from xlvs.cli import help as help_page

        print(help_page.text(), end="", file=sys.stderr)
        return UsageError.exit_code
    word, *rest = arguments
    if word in {"-h", "--help", "help"}:
        return _help(rest)
    word = "version" if word in {"-V", "--version"} else word
    if word not in BY_NAME:
        raise UsageError(f"there is no command `{word}`{_suggestion(word)} (see `xlvs --help`)")
    return _run(word, rest)


def _run(word: str, rest: list[str]) -> int:
    from importlib import import_module

    module, _, function = BY_NAME[word].entry.partition(":")
    code: int = getattr(import_module(module), function)(rest)
    return code


def _help(rest: list[str]) -> int:
    if rest and rest[0] in BY_NAME:
        return _run(rest[0], ["--help"])
    from xlvs.cli import help as help_page

    print(help_page.text(), end="")
    return 0


def _suggestion(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, BY_NAME, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _complain(message: str) -> None:
    print(f"xlvs: {message}", file=sys.stderr)
