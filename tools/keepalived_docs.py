# SPDX-License-Identifier: Apache-2.0
"""What is made from the schema of keepalived.conf: the coverage table, the manual page and words for editors.

tools/keepalived_docs.py            writes them
tools/keepalived_docs.py --check    says which are not what the schema says; exit code 1
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keepalived_coverage import identity, keywords, shown

from xlvs.config.schema.blocks import BLOCKS, rows
from xlvs.config.schema.keyword import Keyword, Rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
NAMES: Final = {Rank.ESSENTIAL: "essential", Rank.COMMON: "common", Rank.RARE: "rare"}
TITLES: Final = {
    "": "Top level",
    "*_CHECK": "Options of every checker that uses the network",
    "url": "url, in HTTP_GET and SSL_GET",
}
INTRODUCTION: Final = """\
# keepalived.conf

Every keyword of Keepalived 2.2.7 and 2.4, from the schema that the parser reads (`tools/keepalived_docs.py` writes this file).

Rank: **E** the feature cannot be used without it, **C** common in real configurations, **R** rare. State:

- *done*: a test shows its effect (`tools/keepalived_coverage.py` names the tests);
- *checked*: value and range are checked, and the daemon is given it, but no test names this one keyword;
- *as* another: the keyword is another name of that one;
- *no effect*: it is checked, and a notice says what is not done.

Times are given in seconds unless the value says otherwise. A default in brackets is a description.
"""
PAGE: Final = """\
.\\" SPDX-License-Identifier: Apache-2.0
.\\" Written by tools/keepalived_docs.py from the schema.
.Dd November 21, 2026
.Dt KEEPALIVED.CONF 5
.Os
.Sh NAME
.Nm keepalived.conf
.Nd configuration of xlvs keepalived
.Sh DESCRIPTION
Virtual routers, virtual servers and their checks, in the language of Keepalived.
A comment begins with
.Ql #
or
.Ql \\&! .
A block stands in braces; a line holds one keyword and its words.
.Pp
.Dl xlvs keepalived check FILE
.Pp
names everything that is wrong with a file.
.Ss Files
.Bl -tag -width Ds
.It Cm include Ar pattern
Reads the files that match, relative to the including one;
.Cm includer , includem , includew , includeb
and
.Cm includea
make it an error when a file cannot be read, a name, a pattern or a part in braces matches nothing, or any of these.
.El
.Ss Definitions
.Bl -tag -width Ds
.It Li $NAME=value
Used as
.Li $NAME
or
.Li ${NAME} ;
a value of several lines begins with a backslash after the equals sign, and each of its lines but the last ends in one.
.It Li ${_PWD} , ${_INSTANCE} , ${_RANDOM min max} , ${_HASH} , ${_BANG}
The directory of the file, the instance, a random number, # and !.
.It Li @id line , @^id line
A line for one identity, or for all but one; see
.Fl i .
.It Li ~SEQ(NAME, start, step, end) line , ~LST(NAME, value, ...) line
The line once for each number or value.
.El
"""


def title(block: str) -> str:
    """Of a block in the documents."""
    return TITLES.get(block, block)


def by_block() -> dict[str, list[Keyword]]:
    """The keywords of each block, the common options of checkers behind the real server."""
    found: dict[str, list[Keyword]] = {}
    common: list[Keyword] = []
    for block, keyword in rows():
        (common if block == "*_CHECK" else found.setdefault(block, [])).append(keyword)
    ordered: dict[str, list[Keyword]] = {}
    for block, inside in found.items():
        ordered[block] = inside
        if block == "real_server":
            ordered["*_CHECK"] = common
    return ordered


def form(keyword: Keyword) -> str:
    """What follows a keyword, for people."""
    if keyword.block:
        head = BLOCKS[keyword.block].head
        return f"{head.form} {{ ... }}" if head else "{ ... }"
    if keyword.lines:
        return f"{{ {keyword.lines.form} }}"
    return keyword.value.form if keyword.value else ""


def state(block: str, keyword: Keyword) -> str:
    """What becomes of a keyword."""
    if keyword.without_effect:
        return f"no effect: {keyword.without_effect}"
    done = "done" if identity(block, keyword) in shown() else "checked"
    return f"{done}, as `{keyword.means}`" if keyword.means else done


def table() -> str:
    """docs/keepalived.md."""
    ranks = Counter(keyword.rank for _, keyword in rows())
    without = Counter(keyword.rank for _, keyword in rows() if keyword.without_effect)
    tested = Counter(keyword.rank for name, keyword in keywords().items() if name in shown())
    lines = [INTRODUCTION, "| rank | keywords | shown by a test | without effect |", "|---|---|---|---|"]
    lines += [f"| {rank.value} ({NAMES[rank]}) | {ranks[rank]} | {tested[rank]} | {without[rank]} |" for rank in Rank]
    for block, inside in by_block().items():
        lines += ["", f"## {title(block)}", "", "| keyword | rank | value | default | state | meaning |"]
        lines.append("|---|---|---|---|---|---|")
        lines += [_row(block, keyword) for keyword in inside]
    return "\n".join(lines) + "\n"


def _row(block: str, keyword: Keyword) -> str:
    name = f"`{keyword.name}`" + (f" ({keyword.since})" if keyword.since != "2.2.7" else "")
    value = f"`{form(keyword)}`" if form(keyword) else ""
    cells = (name, keyword.rank.value, value, keyword.default, state(block, keyword), keyword.doc)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def page() -> str:
    """man/keepalived.conf.5."""
    lines = [PAGE.rstrip("\n")]
    for block, inside in by_block().items():
        lines += [f".Sh {_roff(title(block)).upper()}", ".Bl -tag -width Ds"]
        for keyword in inside:
            lines += _entry(keyword)
        lines.append(".El")
    lines += [".Sh SEE ALSO", ".Xr ipvsadm 8 ,", ".Xr xlvs 8"]
    return "\n".join(lines) + "\n"


def _entry(keyword: Keyword) -> Iterator[str]:
    words = _roff(form(keyword))
    yield f".It Cm {_roff(keyword.name)}" + (f" Li {words}" if words else "")
    yield f"{_sentence(keyword.doc)}"
    if keyword.default:
        yield f"Default: {_roff(keyword.default.strip('[]'))}."
    if keyword.since != "2.2.7":
        yield "Only in xlvs." if keyword.since == "xlvs" else f"Since Keepalived {keyword.since}."
    if keyword.means and keyword.means not in keyword.doc:
        yield f"Another name of\n.Cm {_roff(keyword.means)} ."
    for text in (keyword.deprecated, keyword.outdated):
        if text:
            yield f"Out of date: {_roff(text)}."
    if keyword.without_effect:
        yield f"No effect: {_roff(keyword.without_effect)}."


def _roff(text: str) -> str:
    safe = text.replace("\\", "\\e").replace('"', "\\(dq").replace("|", "|\\:")
    safe = "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in safe)
    # a word alone that mdoc knows, or punctuation, would be taken for a macro or a delimiter
    return " ".join(f"\\&{word}" if len(word) < 4 or word[0] in ".'" else word for word in safe.split(" "))


def _sentence(text: str) -> str:
    return f"{_roff(text[:1].upper() + text[1:])}."


def words() -> str:
    """packaging/keepalived.conf.json: for editors and shells, the keywords of each block and the words of each value."""
    blocks = {
        block.name or "top": {
            keyword.name: {
                "doc": keyword.doc,
                "form": form(keyword),
                "words": _offered(keyword),
                **({"block": keyword.block} if keyword.block else {}),
            }
            for keyword in block.keywords
        }
        for block in BLOCKS.values()
    }
    return json.dumps(blocks, indent=1, ensure_ascii=False) + "\n"


def _offered(keyword: Keyword) -> list[str]:
    value = keyword.lines or keyword.value
    return list(value.words) if value else []


MADE: Final[dict[str, Callable[[], str]]] = {
    "docs/keepalived.md": table,
    "man/keepalived.conf.5": page,
    "packaging/keepalived.conf.json": words,
}


def main(argv: list[str]) -> int:
    """Write the files, or compare them."""
    stale = []
    for name, make in MADE.items():
        path = ROOT / name
        text = make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if argv != ["--check"]:
            path.write_text(text, encoding="utf-8")
    if stale and argv == ["--check"]:
        print(f"not what the schema says: {', '.join(stale)} (run tools/keepalived_docs.py)")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
