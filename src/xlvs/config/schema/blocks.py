# SPDX-License-Identifier: Apache-2.0
"""The blocks of the schema, and the grammar that the parser reads from them."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from xlvs.config.schema import bfd, checkers, global_defs, global_process, groups, servers, top, vrrp
from xlvs.config.schema.keyword import Block, Keyword
from xlvs.config.schema.special import NAME, SERVER_HEAD, STRICT_NAME
from xlvs.config.tree import Form
from xlvs.config.values import IPPort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MISC_COMMON: Final = ("retry", "delay_before_retry", "warmup", "delay_loop", "alpha", "log_all_failures")
_SSL_URL: Final = tuple(keyword for keyword in checkers.SSL_GET if keyword.name == "tls_compliant")


def _common(*, without: Iterable[str] = (), only: Iterable[str] = ()) -> tuple[Keyword, ...]:
    return tuple(
        keyword for keyword in checkers.COMMON if keyword.name not in without and (not only or keyword.name in only)
    )


BLOCKS: Final = {
    block.name: block
    for block in (
        Block("", top.TOP),
        Block("global_defs", (*global_defs.GLOBAL_DEFS, *global_process.GLOBAL_PROCESS)),
        Block("vrrp_instance", vrrp.VRRP_INSTANCE, NAME),
        Block("authentication", vrrp.AUTHENTICATION),
        Block("auth_hmac", vrrp.AUTH_HMAC),
        Block("vrrp_sync_group", groups.VRRP_SYNC_GROUP, NAME),
        Block("vrrp_script", groups.VRRP_SCRIPT, STRICT_NAME),
        Block("vrrp_track_process", groups.VRRP_TRACK_PROCESS, STRICT_NAME),
        Block("track_file", groups.TRACK_FILE, STRICT_NAME),
        Block("track_group", groups.TRACK_GROUP, NAME),
        Block("garp_group", groups.GARP_GROUP),
        Block("bfd_instance", bfd.BFD_INSTANCE, STRICT_NAME),
        Block("SSL", servers.SSL),
        Block("virtual_server", servers.VIRTUAL_SERVER, SERVER_HEAD),
        Block("real_server", servers.REAL_SERVER, IPPort()),
        Block("TCP_CHECK", _common()),
        Block("PING_CHECK", _common()),
        Block("HTTP_GET", (*_common(), *checkers.HTTP_GET)),
        Block("SSL_GET", (*_common(), *checkers.SSL_GET)),
        Block("http_url", checkers.URL),
        Block("ssl_url", (*checkers.URL, *_SSL_URL)),
        Block("SMTP_CHECK", (*_common(), *checkers.SMTP_CHECK)),
        Block("smtp_host", _common()),
        Block("DNS_CHECK", (*_common(), *checkers.DNS_CHECK)),
        Block("UDP_CHECK", (*_common(), *checkers.UDP_CHECK)),
        Block("MISC_CHECK", (*_common(only=_MISC_COMMON), *checkers.MISC_CHECK)),
        Block("FILE_CHECK", checkers.FILE_CHECK),
        Block("BFD_CHECK", checkers.BFD_CHECK),
    )
}


class BlockGrammar:
    """What the parser has to know about a block."""

    def __init__(self, block: Block) -> None:
        self.block = block

    @cached_property
    def keywords(self) -> Mapping[str, Keyword]:
        """Keywords by every name that works, wrong spellings too."""
        return {name: keyword for keyword in self.block.keywords for name in (keyword.name, *keyword.spellings)}

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        """How each is read."""
        return {name: keyword.form for name, keyword in self.keywords.items()}

    def home(self, keyword: str) -> str:
        """Where a keyword belongs that this block does not have, for people; empty: nowhere."""
        blocks = _homes().get(keyword, ())
        if "" in blocks:
            return ""
        return f"it belongs into {' or '.join(blocks)}" if blocks else ""

    def inner(self, keyword: str) -> BlockGrammar:
        """The grammar inside a keyword's braces."""
        return GRAMMARS[self.keywords[keyword].block]


@cache
def _homes() -> Mapping[str, tuple[str, ...]]:
    """The blocks that have a keyword, three at most."""
    found: dict[str, list[str]] = {}
    for name, block in BLOCKS.items():
        shown = {"http_url": "url", "ssl_url": "", "smtp_host": ""}.get(name, name)
        for keyword in block.keywords:
            if shown == name or shown:
                found.setdefault(keyword.name, []).append(shown)
    return {name: tuple(blocks[:3]) for name, blocks in found.items()}


GRAMMARS: Final = {name: BlockGrammar(block) for name, block in BLOCKS.items()}
TOP: Final = GRAMMARS[""]


def rows() -> Iterator[tuple[str, Keyword]]:
    """Every keyword once with its block's name, the common options of the checkers under `*_CHECK`."""
    yield from (("*_CHECK", keyword) for keyword in checkers.COMMON)
    common = {keyword.name for keyword in checkers.COMMON}
    for name, block in BLOCKS.items():
        if name in {"smtp_host", "ssl_url"}:
            continue
        shown = "url" if name == "http_url" else name
        for keyword in block.keywords:
            if name.endswith(("_CHECK", "_GET")) and keyword.name in common and name != "BFD_CHECK":
                continue
            yield shown, keyword
