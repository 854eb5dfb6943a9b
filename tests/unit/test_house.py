# SPDX-License-Identifier: Apache-2.0
"""The house rules that no linter knows: sizes, licence headers, and tests that say what they show."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60
FOLDERS = ("src", "bpf", "tools", "tests", "bench", "packaging", ".ci")
SOURCE_SUFFIXES = (".py", ".c", ".h", ".sh")
RECORDED = ("tests", "oracle", "scenes")  # the input of recordings: data, like their output beside them
LICENCE_LINES = 4  # a header stands at the top, after #! at most


class Function(NamedTuple):
    """A function's name and its length in lines, signature and docstring included."""

    name: str
    lines: int


def source_files(root: Path) -> Iterator[Path]:
    """Every file that somebody wrote as a program, scripts without a suffix included."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not is_data(path.relative_to(root)) and is_program(path):
                yield path


def is_data(path: Path) -> bool:
    """Caches and recordings, by their place in the project."""
    return "__pycache__" in path.parts or path.parts[: len(RECORDED)] == RECORDED


def is_program(path: Path) -> bool:
    """A source suffix, or a script by its first line."""
    if path.suffix:
        return path.suffix in SOURCE_SUFFIXES
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def python_functions(text: str) -> list[Function]:
    """Functions and methods of a module, nested ones too."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    return [Function(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in found]


def blank(match: re.Match[str]) -> str:
    """The same number of lines, without the text."""
    return "\n" * match.group().count("\n") or " "


C_NOISE = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | ^[ \t]*\#(?:\\\n|[^\n])*""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)


def c_functions(text: str) -> list[Function]:
    """Function definitions: a block at depth 0 whose head ends in a parameter list."""
    found = []
    depth, head, head_line, line = 0, "", 1, 1
    for char in C_NOISE.sub(blank, text):
        line += char == "\n"
        if depth == 0 and char not in "{};":
            head, head_line = (head + char, head_line) if head.strip() else (char, line)
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                found += [Function(c_name(head), line - head_line + 1)] if head.rstrip().endswith(")") else []
                head = ""
        elif depth == 0:
            head = ""
    return found


def c_name(head: str) -> str:
    """The word before the parameter list, or the whole head when it is stranger than that."""
    return next(iter(re.findall(r"(\w+)\s*\([^()]*\)\s*$", head)), " ".join(head.split()))


def functions(path: Path) -> list[Function]:
    """The functions of a Python or C file; scripts have none that are measured."""
    if path.suffix == ".py":
        return python_functions(path.read_text())
    return c_functions(path.read_text()) if path.suffix in (".c", ".h") else []


def docstring_of_module(path: Path) -> str | None:
    """`None` where a module says nothing about itself."""
    return ast.get_docstring(ast.parse(path.read_text()))


def undocumented_tests(path: Path) -> list[str]:
    """Names of the test functions of a file that have no docstring."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    return [node.name for node in nodes if node.name.startswith("test_") and not ast.get_docstring(node)]


def expected_licence(path: Path) -> str:
    """What runs in the kernel, which is all that is written in C but for what is preloaded, may be GPL; else Apache."""
    in_kernel = path.suffix in (".c", ".h") and path.parts[-3:-1] != ("tests", "netns")
    return f"SPDX-License-Identifier: {'MIT OR GPL-2.0-only' if in_kernel else 'Apache-2.0'}"


def test_files_stay_within_their_budget(project_root: Path) -> None:
    """No file is longer than 600 lines: beyond that it holds two things."""
    lengths = {path: len(path.read_text().splitlines()) for path in source_files(project_root)}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_stay_within_their_budget(project_root: Path) -> None:
    """No function is longer than 60 lines, in Python or in C."""
    measured = [(path.name, function) for path in source_files(project_root) for function in functions(path)]
    assert [entry for entry in measured if entry[1].lines > MAX_FUNCTION_LINES] == []


def test_files_name_their_licence(project_root: Path) -> None:
    """Every source file says at its top under which licence it may be used."""

    def top(path: Path) -> str:
        return "\n".join(path.read_text().splitlines()[:LICENCE_LINES])

    files = [path for path in source_files(project_root) if path.stat().st_size]
    assert [path for path in files if expected_licence(path) not in top(path)] == []


def test_modules_say_what_they_are(project_root: Path) -> None:
    """Every module opens with a docstring; an empty `__init__.py` has nothing to say."""
    files = [path for path in source_files(project_root) if path.suffix == ".py" and path.stat().st_size]
    assert [path for path in files if not docstring_of_module(path)] == []


def test_tests_say_what_they_show(project_root: Path) -> None:
    """Every test has a docstring that tells the behaviour."""
    files = sorted((project_root / "tests").rglob("test_*.py"))
    silent = {path.name: undocumented_tests(path) for path in files}
    assert {name: tests for name, tests in silent.items() if tests} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int one(void)\n{\n\treturn 1;\n}\n", [Function("one", 4)]),
        ('SEC("tc")\nint two(struct __sk_buff *skb)\n{\n\tif (skb) {\n\t}\n}\n', [Function("two", 6)]),
        ("struct key {\n\tint a;\n};\n", []),
        ("static int table[] = {\n\t1,\n};\nint three(int a,\n\t  int b)\n{\n}\n", [Function("three", 4)]),
        ("/* int no(void) {\n*/\n#define X(a) \\\n\t{ a }\nint four(void) { return '}'; }\n", [Function("four", 1)]),
    ],
)
def test_length_of_c_functions_is_measured(text: str, expected: list[Function]) -> None:
    """The scan tells functions from structs, tables, macros and comments, and counts from the signature."""
    assert c_functions(text) == expected


def test_length_of_python_functions_is_measured() -> None:
    """A function's docstring counts, its decorators do not."""
    text = '@decorator\ndef one():\n    """Says."""\n    return 1\n'
    assert python_functions(text) == [Function("one", 3)]
