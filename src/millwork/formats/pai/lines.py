"""PAI's command lines, `PAI -name NAME -project algo_public -Dkey=value ...;`, as written.

They stand in the SQL nodes of DataWorks, among statements of SQL: a statement ends with `;`, a
comment goes from `--` to the end of its line, and values may be in quotes of either kind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault
from millwork.base.records import dataclass
from millwork.spec.document import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_IS_COMMAND = re.compile(r"(?im)(?:^|;)[ \t]*pai\s+-")
_TOKEN = re.compile(
    r"""(?P<blank>(?:\s|\\\r?\n)++|--[^\n]*+|/\*.*?\*/)
      | (?P<comment>/\*)
      | (?P<end>;)
      | (?P<word>(?:"(?:[^"\\]|\\.|"")*+"|'(?:[^'\\]|\\.|'')*+'|(?!\\\r?\n)[^\s;"'])++)
      | (?P<open>["'])""",
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(r""""((?:[^"\\]|\\.|"")*+)"|'((?:[^'\\]|\\.|'')*+)'|([^"']++)""", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["'\\])|""|''""")


class Word(NamedTuple):
    """A word of a statement, as it stands there, quotes and all."""

    text: str
    place: Place

    @property
    def plain(self) -> str:
        """The word without its quotes."""
        return "".join(
            bare or _ESCAPED.sub(lambda found: found[1] or found[0][0], double or single)
            for double, single, bare in _PART.findall(self.text)
        )


class Argument(NamedTuple):
    """`-Dkey=value`."""

    key: str
    value: str
    place: Place


@dataclass(frozen=True)
class Command:
    """One line `PAI -name ...`; `place` is that of the name."""

    name: str
    place: Place
    arguments: tuple[Argument, ...]
    project: str = ""


@dataclass(frozen=True)
class Other:
    """A statement that is no command of PAI's."""

    text: str
    place: Place


def has_commands(text: str) -> bool:
    """Whether a line of a file begins a command of PAI's."""
    return _IS_COMMAND.search(text) is not None


def read_lines(text: str, file: str) -> tuple[Command | Other, ...]:
    """The statements of a file in their order; InvalidFile with every fault of its commands."""
    faults: list[Fault] = []
    found: list[Command | Other] = []
    for words in _statements(text, file):
        if words[0].text.casefold() == "pai":
            command = _command(words, file, faults)
            found += [command] if command else []
        else:
            found.append(Other(" ".join(word.text for word in words), words[0].place))
    if faults:
        raise InvalidFile(faults)
    return tuple(found)


def _statements(text: str, file: str) -> Iterator[list[Word]]:
    words: list[Word] = []
    position, line, start = 0, 1, 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        assert found is not None  # every character begins a token
        place = Place(line, position - start + 1)
        if found["open"] or found["comment"]:
            kind = "quote" if found["open"] else "comment"
            raise InvalidFile([_fault(file, place, f"this {kind} is not closed")])
        if found["word"]:
            words.append(Word(found["word"], place))
        elif found["end"] and words:
            yield words
            words = []
        if breaks := found[0].count("\n"):
            line, start = line + breaks, text.rindex("\n", position, found.end()) + 1
        position = found.end()
    if words:
        yield words


def _command(words: list[Word], file: str, faults: list[Fault]) -> Command | None:
    """The command in a statement; None if it has faults, which are noted."""
    before = len(faults)
    flags: dict[str, Word] = {}
    arguments: dict[str, Argument] = {}
    rest = iter(words[1:])
    for word in rest:
        flag = word.text.casefold()
        if flag in ("-name", "-project"):
            value = next(rest, None)
            if value is None:
                faults.append(_fault(file, word.place, f"{word.text} without a word behind it"))
            else:
                flags[flag] = value
        elif word.text.startswith("-D") and "=" in word.text:
            _add(arguments, word, file, faults)
        else:
            faults.append(_fault(file, word.place, _unexpected(word.plain)))
    if "-name" not in flags:
        faults.append(_fault(file, words[0].place, "PAI without -name NAME"))
    if len(faults) > before:
        return None
    name, project = flags["-name"], flags.get("-project")
    given = tuple(arguments.values())
    return Command(name.plain, name.place, given, project.plain if project else "")


def _add(arguments: dict[str, Argument], word: Word, file: str, faults: list[Fault]) -> None:
    key, _, value = word.plain.removeprefix("-D").partition("=")
    if key.casefold() in arguments:
        faults.append(_fault(file, word.place, f"-D{key} stands twice"))
    arguments[key.casefold()] = Argument(key, value, word.place)


def _unexpected(text: str) -> str:
    if text.casefold() == "pai":
        return "a second PAI in one statement: put ; before it"
    return f"expected -name NAME, -project NAME or -Dkey=value, found '{text[:60]}'"


def _fault(file: str, place: Place, message: str) -> Fault:
    return Fault(file, place.line, place.column, "", "error", message)
