# SPDX-License-Identifier: Apache-2.0
"""Which keywords have braces after them. Every other word has values on its line."""

from __future__ import annotations

from typing import Final

from xlvs.config.tree import Form

_BLOCKS: Final = [
    "global_defs",
    "virtual_server",
    "real_server",
    "track_file",
    "vrrp_track_file",
    "vrrp_instance",
    "vrrp_sync_group",
    "vrrp_script",
    "vrrp_track_process",
    "bfd_instance",
    "authentication",
    "SSL",
    "TCP_CHECK",
    "HTTP_GET",
    "SSL_GET",
    "SMTP_CHECK",
    "DNS_CHECK",
    "UDP_CHECK",
    "PING_CHECK",
    "MISC_CHECK",
    "FILE_CHECK",
    "BFD_CHECK",
    "url",
    "host",
]
_LISTS: Final = [
    "virtual_server_group",
    "notification_email",
    "virtual_ipaddress",
    "virtual_ipaddress_excluded",
    "virtual_routes",
    "virtual_rules",
    "track_interface",
    "track_script",
    "track_process",
    "unicast_peer",
    "static_ipaddress",
    "static_routes",
    "static_rules",
]
_COMMANDS: Final = [
    "misc_path",
    "notify_up",
    "notify_down",
    "quorum_up",
    "quorum_down",
    "regex",
    "notify_master",
    "notify_backup",
    "notify_fault",
    "notify",
    "script",
]


class _Forms(dict[str, Form]):
    def get(self, key: str, default: Form | None = None) -> Form:  # type: ignore[override]
        """The form of a keyword."""
        return super().get(key, default or Form.VALUES)


_INSIDE: Final = {"FILE_CHECK": Form.VALUES, "vrrp_instance": Form.LIST, "vrrp_sync_group": Form.LIST}
"""What `track_file` is inside of these."""


class _Grammar:
    def __init__(self, track_file: Form = Form.BLOCK) -> None:
        self.forms = _Forms()
        for form, words in ((Form.BLOCK, _BLOCKS), (Form.LIST, _LISTS), (Form.COMMAND, _COMMANDS)):
            self.forms.update(dict.fromkeys(words, form))
        self.forms["track_file"] = track_file

    def inner(self, keyword: str) -> _Grammar:
        """The same everywhere, but for `track_file`."""
        return _Grammar(_INSIDE[keyword]) if keyword in _INSIDE else self


GRAMMAR: Final = _Grammar()
