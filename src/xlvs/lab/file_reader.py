# SPDX-License-Identifier: Apache-2.0
"""Values of a TOML document, each checked, and what is wrong with them: one complaint per mistake, none of them the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Reader:
    """Collects complaints, each a line ``FILE: key: what is wrong (what helps)``. What is wrong is read as empty."""

    def __init__(self, source: str) -> None:
        self.complaints: list[str] = []
        self._source = source

    def complain(self, path: str, what: str, remedy: str = "") -> None:
        """Note a mistake at a key."""
        place = f"{self._source}: {path}: " if path else f"{self._source}: "
        self.complaints.append(place + what + (f" ({remedy})" if remedy else ""))

    def keys(self, table: Mapping[str, object], path: str, allowed: Iterable[str]) -> bool:
        """Whether every key is one of these; complain about each that is not."""
        unknown = [key for key in table if key not in allowed]
        for key in unknown:
            self.complain(path, f"there is no key {key}{_near(key, allowed)}", f"keys: {' '.join(allowed)}")
        return not unknown

    def known(self, name: str, path: str, names: Iterable[str]) -> None:
        """Complain unless the name is one of these."""
        if name not in names:
            self.complain(path, f"there is no node {name}{_near(name, names)}", f"nodes: {' '.join(names)}")

    def valid(self, text: str, path: str, check: Callable[[str], object], wanted: str) -> bool:
        """Whether `check` raises no ValueError; complain if it does."""
        try:
            check(text)
        except ValueError:
            self.complain(path, f"{text!r}: {wanted}")
            return False
        return True

    def table(self, value: object, path: str, example: str) -> dict[str, Any]:
        """A table."""
        if isinstance(value, dict):
            return value
        self.complain(path, "a table is wanted", f"write {example}")
        return {}

    def tables(self, table: Mapping[str, object], key: str, path: str) -> list[dict[str, Any]]:
        """A list of tables; none when the key is not there."""
        place = _join(path, key)
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return value
        self.complain(place, "a list of tables is wanted", f"write [[{place}]]")
        return []

    def text(self, table: Mapping[str, object], key: str, path: str, default: str) -> str:
        """A text."""
        value = table.get(key, default)
        if isinstance(value, str):
            return value
        self.complain(_join(path, key), "a text is wanted", f'write {key} = "..."')
        return default

    def texts(self, table: Mapping[str, object], key: str, path: str, example: str) -> tuple[str, ...]:
        """A list of texts; empty when the key is not there."""
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self.complain(_join(path, key), "a list of texts is wanted", f"write {key} = {example}")
        return ()

    def command(self, text: str, path: str) -> str:
        """The text; complain about a NUL, which no process is started with."""
        if "\0" in text:
            self.complain(path, f"{text!r} has a NUL, which no command can have", "remove \\u0000")
        return text

    def lines(self, table: Mapping[str, object], key: str, path: str, example: str) -> tuple[str, ...]:
        """A list of texts, none of which is empty or longer than a line."""
        texts = self.texts(table, key, path, example)
        for each in texts:
            if not each.strip() or not each.isprintable():
                self.complain(_join(path, key), f"{each!r} is not one line of text", f"write {key} = {example}")
        return texts

    def flag(self, table: Mapping[str, object], key: str, path: str) -> bool:
        """True or false; false when the key is not there."""
        value = table.get(key, False)
        if isinstance(value, bool):
            return value
        self.complain(_join(path, key), "true or false is wanted")
        return False

    def number(
        self, table: Mapping[str, object], key: str, path: str, default: float, limits: tuple[float, float]
    ) -> float:
        """A number between two limits, a whole one where these are."""
        value = table.get(key, default)
        least, most = limits
        kinds = int if isinstance(least, int) else int | float
        if isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        self.complain(_join(path, key), f"a number from {least:g} to {most:g} is wanted")
        return default


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _near(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # heavy, and needed for mistakes only

    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
