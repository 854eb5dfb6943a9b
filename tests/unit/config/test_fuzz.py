# SPDX-License-Identifier: Apache-2.0
"""Mutated configurations: problems are collected, nothing is raised."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.config.texts import MadeUpHost, framed, read
from xlvs.config.host import host_problems
from xlvs.config.schema.blocks import BLOCKS
from xlvs.lab.scenes_pair import CONFIGURATIONS

SEEDS = [path.read_text(encoding="utf-8") for path in sorted(CONFIGURATIONS.glob("*.conf"))]
KEYWORDS = sorted({keyword.name for block in BLOCKS.values() for keyword in block.keywords})
SCRAPS = (
    *(
        "{",
        "}",
        "{}",
        '"',
        "'",
        "\\",
        "#",
        "!",
        "$",
        "${",
        "${A}",
        "$A=",
        "$A=${A}",
        "$A= \\",
        "@",
        "@main",
        "@^x",
        "~SEQ(A,1,3)",
    ),
    *(
        "~SEQ(A,3,1,1)",
        "~LST(A)",
        "~LST({A,B},{1})",
        "~SEQ(",
        "include x",
        "include keepalived.conf",
        "include_check -",
        "\t",
    ),
    *(
        "0",
        "-1",
        "1",
        "255",
        "256",
        "99999999999999999999",
        "1e9",
        "nan",
        "0x10",
        "0.5",
        ".",
        "-",
        "+",
        "١",
        "10.0.0.1",
    ),
    *(
        "10.0.0.1/33",
        "10.0.0.1-9",
        "10.0.0.0/0",
        "::",
        "fe80::1/200",
        "::-f",
        "[::1]:80",
        "weight",
        "reverse",
        "dev",
        "vA",
    ),
    *(
        "fwmark",
        "group",
        "via",
        "nexthop",
        "encap",
        "mpls",
        "or",
        "tcp",
        "hex:",
        "\x00",
        "\udcff",
        "ᐈ",
        "%s",
        "{0}",
        "\r",
    ),
)
words = st.sampled_from(KEYWORDS) | st.sampled_from(SCRAPS) | st.text(max_size=6)
lines = st.lists(words, max_size=6).map(" ".join)


def survives(text: str) -> None:
    """Read it and look for what the host lacks; say every problem."""
    loaded = read(text, x="router_id x\n$B=1")
    for problem in [*loaded.problems, *host_problems(loaded.statements, MadeUpHost())]:
        assert problem.report()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), lines), min_size=1, max_size=8))
def test_mutated_configuration_is_read(seed: str, changes: list[tuple[float, int, str]]) -> None:
    """Lines are put in, cut out, repeated, cut in the middle."""
    rows = seed.split("\n")
    for place, kind, line in changes:
        at = int(place * (len(rows) - 1))
        if kind == 0:
            rows.insert(at, line)
        elif kind == 1:
            rows[at : at + 2] = [line]
        elif kind == 2:
            rows.insert(at, rows[at])
        else:
            rows[at] = f"{rows[at][: len(rows[at]) // 2]}{line}"
        rows = rows or [""]
    survives("\n".join(rows))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([name for name in BLOCKS if name]), st.lists(lines, max_size=8))
def test_block_of_random_lines_is_read(block: str, inside: list[str]) -> None:
    """Every kind of block, at the top level and inside of others."""
    body = "\n".join((f"{block} x 1 {{", *inside, "}"))
    survives(body)
    survives(framed("V", body))
    survives(framed("S", f"real_server 10.0.0.9 80 {{\n{body}\n}}"))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_keyword_takes_any_words(data: st.DataObject) -> None:
    """A value is taken or a problem is said."""
    name = data.draw(st.sampled_from([name for name in BLOCKS if name]))
    keyword = data.draw(st.sampled_from(BLOCKS[name].keywords))
    line = f"{keyword.name} {data.draw(lines)}"
    survives(f"{name} x 1 {{\n{line}\n{{\n{line}\n}}\n}}")
    survives(framed("S", f"real_server 10.0.0.9 80 {{\n{name} {{\n{line}\n}}\n}}"))
    survives(framed("V", f"{name} {{\n{line}\n}}\n{line}"))
