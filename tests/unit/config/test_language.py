# SPDX-License-Identifier: Apache-2.0
"""The language: comments, words, definitions, conditionals, sequences, includes."""

import pytest

from tests.unit.config.texts import Memory, messages, read
from xlvs.config.files import Identity, Reader, Unreadable, braces
from xlvs.config.problem import Severity


def lines(text: str, identity: Identity | None = None, /, **others: str) -> list[str]:
    """The lines that a file stands for."""
    path = "/etc/keepalived/keepalived.conf"
    files = Memory({path: text, **{f"/etc/keepalived/{name}": each for name, each in others.items()}})
    reader = Reader(files, identity or Identity("main"))
    found = [line.text.strip() for line in reader.lines(path)]
    assert reader.problems == []
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a # b", ["a"]),
        ("a ! b", ["a"]),
        ('a "b # c"', ['a "b # c"']),
        (r"a \# b", ["a # b"]),
        ("$A=1\nx $A", ["x 1"]),
        ("$A=1\nx ${A}2 $A,$A", ["x 12 1,1"]),
        ("$A=${B}\n$B=7\nx $A", ["x 7"]),
        ("x $NOT", ["x $NOT"]),
        ("$A=1\nx $A\n$A=2\nx $A", ["x 1", "x 2"]),
        ("$A= \\\n  b {\\\n c\\\n }\n$A", ["b {", "c", "}"]),
        ("@main a\n@other b\n@^main c\n@^other d", ["a", "d"]),
        ("$I=@main\n$I a", ["a"]),
        ("~SEQ(N, 1, 3) a $N", ["a 1", "a 2", "a 3"]),
        ("~SEQ(N, 3) a${N}", ["a1", "a2", "a3"]),
        ("~SEQx(N, 9, 11) a$N", ["a9", "aa", "ab"]),
        ("~SEQ(N, 0, 4, 8) a$N", ["a0", "a4", "a8"]),
        ("~LST(N, x, y) a $N", ["a x", "a y"]),
        ("~LST({N,M}, {1,2}, {3,4}) a $N $M", ["a 1 2", "a 3 4"]),
        ("~SEQ(N, 1, 2) ~LST(M, x, y) ${N}$M", ["1x", "1y", "2x", "2y"]),
        ("a ${_HASH} ${_BANG}", ["a # !"]),
        ("a ${_PWD}/b", ["a /etc/keepalived/b"]),
        ("a ${_INSTANCE}", ["a main"]),
        ("a ${_RANDOM 5 5}", ["a 5"]),
    ],
)
def test_text_stands_for_its_lines(text: str, expected: list[str]) -> None:
    """One row for each rule."""
    assert lines(text) == expected


def test_random_numbers_follow_the_seed_and_stay_in_their_range() -> None:
    """The same seed gives the same configuration."""
    text = "~SEQ(N, 1, 50) ${_RANDOM 10 12}"
    found = lines(text, Identity("main", seed=1))
    assert found == lines(text, Identity("main", seed=1)) != lines(text, Identity("main", seed=2))
    assert set(found) == {"10", "11", "12"}


def test_include_reads_every_file_that_matches_beside_the_including_one() -> None:
    """Relative to its directory, in the order of the names, nested."""
    found = lines("a\ninclude d*.x\nz", None, d1="no", **{"d2.x": "c\ninclude e", "d1.x": "b", "e": "d"})
    assert found == ["a", "b", "c", "d", "z"]


def test_include_with_braces_reads_each_part() -> None:
    """As in csh."""
    assert lines("include {b,a}.x", None, **{"a.x": "1", "b.x": "2"}) == ["2", "1"]
    assert braces("a{b,c{d,e}}f") == ["abf", "acdf", "acef"]


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("include nothing", Severity.NOTICE),
        ("include nothing*", Severity.NOTICE),
        ("includer nothing", Severity.NOTICE),
        ("includem nothing", Severity.SECURITY),
        ("includew nothing*", Severity.SECURITY),
        ("includeb {nothing,neither}", Severity.SECURITY),
        ("includea nothing", Severity.SECURITY),
        ("global_defs {\n include_check\n}\ninclude nothing", Severity.SECURITY),
        ("global_defs {\n include_check +match\n}\ninclude nothing*", Severity.NOTICE),
    ],
)
def test_include_of_nothing_matters_as_it_is_asked_to(text: str, severity: Severity) -> None:
    """The letter after `include`, or include_check."""
    assert [each.severity for each in read(text).problems] == [severity]


def test_files_that_include_each_other_come_to_an_end() -> None:
    """With one problem, not an endless loop."""
    problems = read("include keepalived.conf").problems
    assert [each.message for each in problems] == ["files include each other without end"]


def test_files_that_include_each_other_twice_come_to_an_end() -> None:
    """At once: the depth alone would leave 2^32 files to read."""
    problems = read("include x\ninclude [x]\n", x="include x\ninclude x\n").problems
    assert [each.message for each in problems] == ["files include each other without end"]


def test_problem_in_an_included_file_names_that_file() -> None:
    """Path and line of where it stands."""
    problem = read("a_word_that_is_unknown\ninclude x", x="\nrouter_id 1").problems[1]
    assert (problem.origin.path, problem.origin.number) == ("/etc/keepalived/x", 2)


def test_definition_that_is_not_finished_is_a_problem() -> None:
    """Its last line ends with a backslash."""
    assert messages(read("$A= \\\n b \\")) == ["1: the definition of $A is not finished"]


def test_file_that_is_not_there_cannot_be_read() -> None:
    """The one thing that raises."""
    with pytest.raises(Unreadable):
        list(Reader(Memory({}), Identity("main")).lines("/nope"))


@pytest.mark.parametrize("value", ["${A}", "${A} and what makes it longer each time", "${A}${A}", "x ${B}\n$B=y ${A}"])
def test_definition_that_refers_to_itself_is_one_problem(value: str) -> None:
    """Found at once, however the line grows."""
    assert len(read(f"$A={value}\nx $A").problems) == 1


@pytest.mark.keyword("global_defs.random_seed")
def test_random_seed_makes_the_drawn_numbers_the_same_again() -> None:
    """Whatever the process began with; another one draws others."""
    lines = "global_defs {\n random_seed {}\n router_id ${{_RANDOM 1 1000000}}\n}\n"
    drawn = [
        read(
            lines.replace("{}", seed, 1).replace("{{", "{").replace("}}", "}"), identity=Identity("main", seed=start)
        ).config.settings.router_id
        for seed, start in (("5", 1), ("5", 2), ("6", 1))
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_line_ends_at_a_nul() -> None:
    """No call of the system takes one; the rest is named."""
    loaded = read("global_defs {\n router_id a\0b\n}\n")
    assert loaded.config.settings.router_id == "a"
    assert [each.message for each in loaded.problems] == ["the line ends at a NUL: the rest is ignored"]


def test_a_command_cannot_have_a_nul() -> None:
    """Nor one that is written as an escape."""
    problems = read('global_defs {\n startup_script "/bin/true a\\000b"\n}\n').problems
    assert [each.message for each in problems] == ["startup_script: a command cannot have a NUL"]


def test_a_random_seed_beyond_all_numbers_is_a_problem() -> None:
    """Not more: it is left out."""
    assert len(read(f"global_defs {{\n random_seed {'9' * 5000}\n}}\n").problems) == 1


@pytest.mark.parametrize(
    "text", ["~SEQ(A,1,9999) ~SEQ(B,1,9999) x$A", "~SEQ(A,1,99999999999) $B=$A", "~SEQ(A,1,99999999999) @other x"]
)
def test_sequences_without_end_are_a_problem(text: str) -> None:
    """A line that stands for more lines than a configuration has, or that makes none again and again."""
    problems = read(f"{text}\n").problems
    assert any("make more than" in each.message for each in problems)
