# SPDX-License-Identifier: Apache-2.0
"""Scripts and FIFOs as the processes have them in their plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlvs.config.schema.special import Fifo as ConfiguredFifo
    from xlvs.config.settings.general import GlobalSettings
    from xlvs.config.values import Script
    from xlvs.model.rights import Rights


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run. `user` and `group`: names, "" for the usual ones; `run_as`: the numbers, once they are known."""

    arguments: tuple[str, ...]
    user: str = ""
    group: str = ""
    run_as: Rights | None = None

    @property
    def text(self) -> str:
        """As it is written in logs and dumps."""
        return " ".join(self.arguments)


@dataclass(frozen=True, slots=True)
class FifoPlan:
    """A named pipe for events, and the program that reads it. `kind`: how the log calls it."""

    kind: str
    path: str
    user: str = ""
    group: str = ""
    script: Command | None = None
    owner: Rights | None = None
    """Whose it is, once that is known."""


@dataclass(frozen=True, slots=True)
class ScriptRules:
    """What global_defs says about scripts. `user` and `group`: of those that name none."""

    user: str = ""
    group: str = ""
    secure: bool = False
    """Root runs nothing that others may write."""
    supplementary: bool = False
    """Scripts have the other groups of their user, too."""
    keeps_links: bool = False
    """A link in a script's path is not followed beforehand."""


def command_of(script: Script | None) -> Command | None:
    """A script of a configuration."""
    return Command(script.command, script.user, script.group) if script and script.command else None


def rules_of(settings: GlobalSettings) -> ScriptRules:
    """What global_defs says."""
    user = settings.script_user
    return ScriptRules(
        user.name if user else "",
        user.group if user else "",
        settings.enable_script_security,
        settings.set_supplementary_groups,
        settings.use_symlink_paths,
    )


def fifos_of(
    settings: GlobalSettings, kind: str, own: ConfiguredFifo | None, own_script: Script | None
) -> tuple[FifoPlan, ...]:
    """notify_fifo, and the one of a process itself: `kind` is `vrrp` or `lvs`."""
    given = (
        ("notify fifo", settings.notify_fifo, settings.notify_fifo_script),
        (f"{kind}_notify fifo", own, own_script),
    )
    return tuple(
        FifoPlan(name, fifo.path, fifo.user, fifo.group, command_of(script)) for name, fifo, script in given if fifo
    )
