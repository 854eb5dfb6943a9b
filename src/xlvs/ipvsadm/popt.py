# SPDX-License-Identifier: Apache-2.0
"""Reads a command line by the rules of popt 1.19, as far as ipvsadm lets them show.

Short options may be bundled and carry their argument (`-p60`, `-p=60`); long ones take it after `=` or as the next
word and cannot be abbreviated. An argument is the next word even if it begins with `-`, unless it is optional. `-` and
words without `-` are left over, as is everything after `--`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NO_ARGUMENT = 0
REQUIRED_ARGUMENT = 1
OPTIONAL_ARGUMENT = 2

Meaning = TypeVar("Meaning")


class PoptError(UsageError):
    """A word that the option table cannot make sense of."""

    exit_code = 255

    def __init__(self, word: str, complaint: str) -> None:
        super().__init__(f"{word}: {complaint}")


class Option(NamedTuple, Generic[Meaning]):
    """An option by its long name (without dashes), its short letter if any, and what it stands for.

    `default` is the argument of an option whose optional argument is left out.
    """

    long: str
    short: str
    argument: int
    meaning: Meaning
    default: str = ""

    def takes(self, word: str) -> bool:
        """Whether the next word is this option's argument."""
        return self.argument == REQUIRED_ARGUMENT or (self.argument == OPTIONAL_ARGUMENT and word[:1] != "-")


class OptionTable(Generic[Meaning]):
    """The options that a command line may have."""

    def __init__(self, options: Iterable[Option[Meaning]]) -> None:
        self._by_letter: dict[str, Option[Meaning]] = {}
        self._by_word: dict[str, tuple[tuple[Option[Meaning], None], ...]] = {}
        for option in options:
            self._by_word["--" + option.long] = ((option, None),)
            if option.short:
                self._by_letter[option.short] = option
                self._by_word["-" + option.short] = ((option, None),)

    def words(self) -> set[str]:
        """Every spelling of every option, with its dashes."""
        return set(self._by_word)

    def read(self, words: Sequence[str], leftovers: list[str]) -> Iterator[tuple[Meaning, str, str]]:
        """Yield (meaning, argument, last word read) option by option; append words that are no options to `leftovers`.

        The argument is "" for an option that takes none. PoptError when a word is reached that is wrong.
        """
        position, count = 0, len(words)
        while position < count:
            word = words[position]
            position += 1
            found = self._by_word.get(word)
            if found is None and (word[:1] != "-" or word == "-"):
                leftovers.append(word)
                continue
            if word == "--":
                leftovers.extend(words[position:])
                return
            for option, attached in found or self._split(word):
                if attached is not None:
                    yield option.meaning, attached, word
                elif option.argument and position < count and option.takes(words[position]):
                    position += 1
                    yield option.meaning, words[position - 1], words[position - 1]
                elif option.argument == REQUIRED_ARGUMENT:
                    raise PoptError(word, "missing argument")
                else:
                    yield option.meaning, option.default, word

    def _split(self, word: str) -> Iterator[tuple[Option[Meaning], str | None]]:
        """The options in a word that is more than one bare option, with the argument that is part of the word."""
        if word.startswith("--"):
            yield self._split_long(word)
            return
        for index, letter in enumerate(word[1:], start=2):
            option = self._by_letter.get(letter)
            if option is None:
                raise PoptError(word, "unknown option")
            rest = word[index:]
            if option.argument and rest:
                yield option, rest[1:] if rest[0] == "=" else rest
                return
            if rest[:1] == "=":
                raise PoptError(word, "option does not take an argument")
            yield option, None

    def _split_long(self, word: str) -> tuple[Option[Meaning], str | None]:
        name, equals, argument = word.partition("=")
        found = self._by_word.get(name)
        if found is None or not equals:
            raise PoptError(word, "unknown option")
        option = found[0][0]
        if not option.argument:
            raise PoptError(word, "option does not take an argument")
        return option, argument
