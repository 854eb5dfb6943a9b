# SPDX-License-Identifier: Apache-2.0
"""The schema: complete, consistent, and in step with the values made from it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields

import pytest

from xlvs.config.build.checkers import CLASSES
from xlvs.config.schema.blocks import BLOCKS, rows
from xlvs.config.schema.keyword import Rank
from xlvs.config.settings.config import KeepalivedConfig
from xlvs.config.settings.general import GlobalSettings, ProcessSettings
from xlvs.config.settings.servers import RealServer, TlsFiles, Url, VirtualServer
from xlvs.config.settings.vrrp import (
    Authentication,
    BfdSession,
    GarpGroup,
    Instance,
    SyncGroup,
    TrackFile,
    TrackGroup,
    TrackProcess,
    TrackScript,
)

SETTINGS: Mapping[str, type] = {
    "global_defs": GlobalSettings,
    "vrrp_instance": Instance,
    "authentication": Authentication,
    "vrrp_sync_group": SyncGroup,
    "vrrp_script": TrackScript,
    "vrrp_track_process": TrackProcess,
    "track_file": TrackFile,
    "track_group": TrackGroup,
    "garp_group": GarpGroup,
    "bfd_instance": BfdSession,
    "SSL": TlsFiles,
    "virtual_server": VirtualServer,
    "real_server": RealServer,
    "http_url": Url,
    "ssl_url": Url,
    **CLASSES,
}
# Fields that another one takes up: the value of these is seen there.
ELSEWHERE = {
    "global_defs": {"include_check"},
    "vrrp_instance": {"preempt", "no_accept", "native_ipv6"},
    "vrrp_sync_group": {"global_tracking"},
    "vrrp_track_process": {"delay"},
    "garp_group": {"interface"},
    "virtual_server": {"connect_timeout", "retry", "delay_before_retry", "warmup", "weight"},
    "real_server": {"connect_timeout", "retry", "delay_before_retry", "warmup", "delay_loop"},
}


def test_schema_has_every_keyword_of_the_original() -> None:
    """As many names as the parsers of 2.2.7 and 2.4.3 know, in the ranks that real configurations give them."""
    pairs = [(name, keyword.name) for name, block in BLOCKS.items() for keyword in block.keywords]
    assert len(pairs) == len(set(pairs))
    ranks = Counter(keyword.rank for _, keyword in rows())
    assert (ranks[Rank.ESSENTIAL], ranks[Rank.COMMON]) == (56, 112)
    assert len({keyword.name for _, keyword in rows() if keyword.since != "xlvs"}) == 363


def test_keywords_that_real_configurations_use_have_their_effect() -> None:
    """Rank E and C."""
    without = {keyword.name for _, keyword in rows() if keyword.without_effect and keyword.rank is not Rank.RARE}
    assert without == set()


@pytest.mark.parametrize("block", SETTINGS)
def test_keyword_with_an_effect_has_a_field(block: str) -> None:
    """What is parsed and not said to be without effect arrives in the typed result."""
    names = {each.name for each in fields(SETTINGS[block])}
    missing = [
        keyword.name
        for keyword in BLOCKS[block].keywords
        if not keyword.block and not keyword.without_effect and keyword.field not in names | ELSEWHERE.get(block, set())
    ]
    assert missing == []


def test_top_level_keyword_with_an_effect_has_a_field() -> None:
    """In the configuration itself or in the settings of the process."""
    names = {"static_ipaddress", "static_routes", "static_rules", "interface_up_down_delays", "virtual_server_group"}
    names |= {each.name for each in fields(ProcessSettings)} | {each.name for each in fields(KeepalivedConfig)}
    open_ = [each.name for each in BLOCKS[""].keywords if not (each.block or each.without_effect or each.name in names)]
    assert open_ == []


def test_defaults_are_what_the_settings_have() -> None:
    """A default that reads like a value is the value of the field."""
    wrong = []
    for block, kind in SETTINGS.items():
        defaults = {each.name: each.default for each in fields(kind)}
        for keyword in BLOCKS[block].keywords:
            if not keyword.value or not keyword.default or keyword.default.startswith("[") or keyword.means:
                continue
            expected = keyword.value.parse(keyword.default.split())
            found = defaults.get(keyword.field, expected)
            if found not in (expected, None):
                wrong.append((block, keyword.name, keyword.default, found))
    assert wrong == []


def test_every_keyword_says_what_it_is() -> None:
    """One line of text, and exactly one kind of what follows."""
    for block, keyword in rows():
        assert keyword.doc, (block, keyword.name)
        assert "\n" not in keyword.doc, (block, keyword.name)
        assert sum(map(bool, (keyword.value, keyword.block, keyword.lines))) == 1, (block, keyword.name)


def test_names_that_mean_another_keyword_name_one_of_their_block() -> None:
    """Aliases do not dangle."""
    for block in BLOCKS.values():
        names = {keyword.name for keyword in block.keywords}
        assert {keyword.means for keyword in block.keywords if keyword.means} <= names
