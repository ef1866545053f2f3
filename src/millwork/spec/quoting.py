"""Where placeholders stand in a shell's text, and whether a text needs a shell (DESIGN decision 8).

A text here has a MARK for each placeholder. The scanner knows quotes, backslashes, `$(...)`,
backticks, comments and here-documents as bash reads them, and refuses what it does not know: a
reference that is put where its quoting is not known could let a value become code.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.spec.model import Syntax

MARK = "\0"


class Quoting(Enum):
    """What surrounds a placeholder; in TEST it is bare, but splitting it would be unsafe."""

    BARE = "bare"
    DOUBLE = "in double quotes, or where bash splits nothing: a here-document, an assignment"
    SINGLE = "in single quotes"
    ANSI = "in $'...'"
    TEST = "bare, in [ ] or test"


class Rule(Enum):
    """What a value must be where it stands, lest bash take it for more than text."""

    ANY = ""
    NUMBER = "a whole number"
    OPERAND = "a text without a leading '-'"


@dataclass(frozen=True)
class Place:
    """How one placeholder stands in the text."""

    quoting: Quoting
    rule: Rule = Rule.ANY


class NotUnderstood(ValueError):
    """Shell text that the scanner refuses; `offset` is where in the text it was given."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


_QUOTED = r"""'[^']*'|"(?:[^"\\$`]|\\[^$`\n])*\""""
_UNIT = re.compile(rf"{_QUOTED}|\\.")
_CONTINUED = re.compile(rf"({_QUOTED}|\\[^\n])|\\\n")
# Outside quotes: operators, expansions, patterns, quotes that shlex reads otherwise, lists in
# braces, and where a word starts `~`, a comment, a negation or an assignment.
_SHELL = re.compile(
    r"[|&;<>()*?$`'\"\\]|\{[^\s{}]*(?:,|\.\.)|(?:^|[\s=:])~|(?:^|\s)#|^!\s|^\w+\+?="
)
_NEXT_COMMAND = re.compile(r"\n\s*[^\s-]")
_BUILTINS = frozenset(
    """[[ { . : alias builtin bg bind break case cd command continue coproc declare dirs eval exec
    exit export fc fg for function getopts hash if jobs let local logout mapfile popd pushd read
    readarray readonly return select set shift shopt source suspend time times trap type typeset
    ulimit umask unalias unset until wait while""".split()  # noqa: SIM905
)


def needs_shell(text: str, syntax: Syntax) -> bool:
    """Whether only a shell can run the text; otherwise its words are those of shlex.

    In `braces`, brackets that are left are text and lines are joined, as in seed 002. In
    `dollar`, brackets are a pattern, and a further line is a further command unless it starts
    with `-`, as no command's name does.
    """
    text = join_lines(text.strip())
    outside = _UNIT.sub("q", text)
    if syntax == "dollar" and ("[" in outside or _NEXT_COMMAND.search(outside)):
        return True
    return not _BUILTINS.isdisjoint(text.split(maxsplit=1)[:1]) or bool(_SHELL.search(outside))


def join_lines(text: str) -> str:
    """The text with its continued lines made one: a backslash at a line's end is left out."""
    return _CONTINUED.sub(lambda found: found[1] or "", text)


@lru_cache(maxsize=256)  # a scheduled command is the same at each of its cycles
def places(text: str) -> tuple[Place, ...]:
    """How each MARK of the text stands in it, in their order; raises NotUnderstood."""
    scanner = _Scanner(text, 0, len(text))
    scanner.command("")
    return tuple(scanner.places)


def is_program(words: Sequence[str]) -> bool:
    """Whether the word that follows `words` is a program for a shell: `bash -ec`."""
    at = len(words) - 1
    if at < 1 or not _C_OPTION.fullmatch(words[at]):
        return False
    while at > 0 and (words[at][0] in "-+" or _O_OPTION.fullmatch(words[at - 1])):
        at -= 1
    return _SHELLS.fullmatch(words[at]) is not None


_SHELLS = re.compile(r"(?:\S*/)?(?:ba|da|k|z)?sh")
_TO_SHELL = re.compile(rf"\|\s*{_SHELLS.pattern}\b")
_C_OPTION = re.compile(r"-[A-Za-z]*c")
_O_OPTION = re.compile(r"[-+][A-Za-z]*o")
_PREFIXES = frozenset(
    """if then else elif while until do time ! {
    command builtin exec env nohup""".split()  # noqa: SIM905
)
_EVALUATE = frozenset(
    ("eval", "let", "trap", "alias", "unset", "read", "mapfile", "readarray", "getopts", "compgen")
)
_DECLARE = frozenset(["declare", "typeset", "local"])
_DUPLICATE = re.compile(r"[<>]&\s*$")
_NUMERIC = re.compile(r"\s-(?:eq|ne|lt|le|gt|ge|v|R)\s")
_CASE = re.compile(r"case\s")
_EXPANSION = re.compile(r"\$\{[^{}'\"\\`()\0]*\}")
_HERE = re.compile(r"<<(-?)[ \t]*('[^'\n\0]+'|\"[^\"\\$`\n\0]+\"|\\?[\w.+!%@-]+)(?=[\s;&|<>)]|$)")
_HERE_LINE = re.compile(r"""(?:[^'"`\\\n(]|'[^'\n]*'|"[^"`\\\n(]*")*\n""")
_ASSIGNED = re.compile(r"\w+\+?=")
_SUBSCRIPT = re.compile(r"[^]\s]*\]\+?=")
_DEEPEST = 32
_BLANK = " \t\n"
_OPERATORS = ";&|()\n"


@dataclass(frozen=True)
class _Here:
    """A here-document whose lines are still to come; a shell takes them for code if `code`."""

    word: str
    quoted: bool
    tabs: bool
    code: bool


class _Scanner:
    """One pass over `text[at:end]`.

    `_word` is where the current word starts, `_words` what its command has before it, from its
    name on.
    """

    def __init__(self, text: str, at: int, end: int, depth: int = 0) -> None:
        self.places: list[Place] = []
        self._text = text
        self._at = at
        self._end = end
        self._depth = depth
        self._word = at
        self._words: list[str] = []
        self._condition = range(0)
        self._here: list[_Here] = []

    def command(self, closer: str) -> None:
        """Read commands up to `closer`, or to the end of the text if there is none."""
        if self._depth > _DEEPEST:
            self._refuse("nested too deep")
        depth = 0
        while self._at < self._end:
            letter = self._text[self._at]
            if self._at == self._word:
                self._start_of_word(closer)
                letter = self._text[self._at] if self._at < self._end else ""
            if letter == ")":
                if closer and depth == 0:
                    self._at += 1
                    return
                depth -= 1
            elif letter == "(":
                if self._text.startswith("((", self._at):
                    self._arithmetic(self._at + 2)
                    continue
                depth += 1
            self._one(letter)
        if closer:
            self._refuse(f"a '{closer}' is missing", self._end)
        if self._here:
            self._refuse("a here-document has no end", self._end)

    def _start_of_word(self, closer: str) -> None:
        if self._text[self._at] == "#":
            while self._at < self._end and self._text[self._at] != "\n":
                if self._text[self._at] == MARK:
                    self.places.append(Place(Quoting.DOUBLE))
                self._at += 1
        elif closer and _CASE.match(self._text, self._at):
            self._refuse("case within $(...) is not understood")
        elif self._text[self._at : self._at + 3] in ("[[ ", "[[\t", "[[\n"):
            end = self._text.find(" ]]", self._at, self._end)
            if end < 0:
                self._refuse("' ]]' is missing")
            self._condition = range(self._at, end + 3)

    def _one(self, letter: str) -> None:
        """One step within a command."""
        if letter == "\\":
            self._backslash()
        elif letter == "'":
            self._single()
        elif letter == '"':
            self._double()
        elif letter == "$":
            self._dollar(quoted=False)
        elif letter == "`":
            self._backticks()
        elif letter == MARK:
            self._place(Quoting.BARE)
        elif self._text.startswith("<<", self._at) and self._at not in self._condition:
            self._here_start()
        elif letter:
            self._at += 1
            self._after(letter)

    def _after(self, letter: str) -> None:
        """Note where the next word and the next command start."""
        if letter not in _OPERATORS + _BLANK + "<>":
            return
        redirects = letter == "&" and (
            self._text[self._at - 2 : self._at - 1] in ("<", ">") or self._next() == ">"
        )
        self._end_of_word(self._at - 1)
        if letter in _OPERATORS and not redirects and self._at not in self._condition:
            self._words = []
        if letter == "\n" and self._here:
            self._here_bodies()

    def _end_of_word(self, end: int) -> None:
        word = self._text[self._word : end].strip("'\"\\")
        if word and (self._words or not (word in _PREFIXES or _ASSIGNED.match(word))):
            self._words.append(word)
        self._word = self._at

    def _next(self) -> str:
        return self._text[self._at : min(self._at + 1, self._end)]

    def _backslash(self) -> None:
        if self._text[self._at + 1 : self._at + 2] == MARK:
            self._refuse("a backslash stands before a placeholder")
        if self._text[self._at + 1 : self._at + 2] == "\n" and self._at == self._word:
            self._word += 2
        self._at += 2

    def _single(self) -> None:
        end = self._text.find("'", self._at + 1, self._end)
        if end < 0:
            self._refuse("this quote has no end")
        while self._at < end:
            if self._text[self._at] == MARK:
                self._note(Quoting.SINGLE)
            self._at += 1
        self._at += 1

    def _double(self) -> None:
        start = self._at
        self._at += 1
        self._expanded('"')
        if self._next() != '"':
            self._refuse("this quote has no end", start)
        self._at += 1

    def _expanded(self, closer: str) -> None:
        """Text in which only `$`, backticks and backslashes mean something."""
        while self._at < self._end and self._text[self._at] != closer:
            letter = self._text[self._at]
            if letter == "\\":
                self._backslash()
            elif letter == "$":
                self._dollar(quoted=True)
            elif letter == "`":
                self._backticks()
            elif letter == MARK:
                self._place(Quoting.DOUBLE)
            else:
                self._at += 1

    def _ansi(self) -> None:
        start = self._at
        self._at += 2
        while self._next() not in ("'", ""):
            if self._next() == "\\":
                self._backslash()
            elif self._next() == MARK:
                self._place(Quoting.ANSI)
            else:
                self._at += 1
        if self._at >= self._end:
            self._refuse("this quote has no end", start)
        self._at += 1

    def _dollar(self, quoted: bool) -> None:
        following = self._text[self._at + 1 : self._at + 3]
        if following.startswith(MARK):
            self._refuse("a '$' stands before a placeholder")
        if following == "((":
            self._arithmetic(self._at + 3)
        elif following.startswith("("):
            self._at += 2
            self._nested()
        elif following.startswith("{"):
            found = _EXPANSION.match(self._text, self._at, self._end)
            if not found:
                self._refuse("this ${...} is not understood: quotes, braces or placeholders in it")
            self._at = found.end()
        elif following.startswith("["):
            self._refuse("$[...] is not understood; write $((...))")
        elif following.startswith("'") and not quoted:
            self._ansi()
        else:
            # `$#` starts no comment, and `$$` takes nothing from what follows.
            self._at += 2 if following[:1] in tuple("#$!?*@-") else 1

    def _nested(self) -> None:
        outside = self._word, self._words, self._here, self._condition
        self._word = self._at
        self._words, self._here, self._condition = [], [], range(0)
        self._depth += 1
        self.command(")")
        self._depth -= 1
        if self._here:
            self._refuse("a here-document has no end")
        self._word, self._words, self._here, self._condition = outside

    def _backticks(self) -> None:
        end = self._text.find("`", self._at + 1, self._end)
        if end < 0:
            self._refuse("this backtick has no end")
        if "\\" in self._text[self._at : end]:
            self._refuse("a backslash within backticks is not understood; write $(...)")
        inner = _Scanner(self._text, self._at + 1, end, self._depth + 1)
        inner.command("")
        self.places += inner.places
        self._at = end + 1

    def _arithmetic(self, start: int) -> None:
        """`((...))`, from after its parentheses: bash evaluates even what a variable holds."""
        opened, self._at, depth = self._at, start, 0
        while self._at < self._end:
            letter = self._text[self._at]
            if letter in "'\"\\`" or self._text.startswith("$(", self._at):
                self._refuse(f"{letter} within ((...)) is not understood")
            if letter == ")" and depth == 0:
                if not self._text.startswith("))", self._at):
                    self._refuse("'((' without '))' is not understood", opened)
                self._at += 2
                return
            depth += (letter == "(") - (letter == ")")
            if letter == MARK:
                self.places.append(Place(Quoting.DOUBLE, Rule.NUMBER))
            self._at += 1
        self._refuse("'((' without '))' is not understood", opened)

    def _here_start(self) -> None:
        if self._text.startswith("<<<", self._at):
            self._at += 3
            self._end_of_word(self._at - 3)
            self._words.append("<<<")
            return
        found = _HERE.match(self._text, self._at, self._end)
        if len(self._here) == _DEEPEST:
            self._refuse("too many here-documents")
        rest = found and _HERE_LINE.match(self._text, found.end(), self._end)
        if not found or not rest:
            self._refuse("this '<<' is not understood")
        word = found[2].strip("'\"").removeprefix("\\")
        self._end_of_word(self._at)
        code = _SHELLS.fullmatch("".join(self._words[:1])) or _TO_SHELL.search(rest[0])
        self._here.append(_Here(word, word != found[2], found[1] == "-", bool(code)))
        self._at = self._word = found.end()

    def _here_bodies(self) -> None:
        pending, self._here = self._here, []
        for here in pending:
            start, stop = self._at, self._at
            while (line := self._line(stop)) is not None:
                if (line.lstrip("\t") if here.tabs else line).rstrip("\n") == here.word:
                    break
                if line.endswith("\\\n") and not here.quoted:
                    self._refuse("a backslash ends a line of a here-document", stop)
                stop += len(line)
            else:
                message = f"the line '{here.word}' that ends a here-document is missing"
                self._refuse(message, start)
            self._here_body(here, start, stop)
            self._at = self._word = stop + len(line)

    def _line(self, at: int) -> str | None:
        if at >= self._end:
            return None
        end = self._text.find("\n", at, self._end)
        return self._text[at : end + 1 if end >= 0 else self._end]

    def _here_body(self, here: _Here, start: int, stop: int) -> None:
        mark = self._text.find(MARK, start, stop)
        if mark >= 0 and here.quoted:
            message = "a here-document with a quoted end takes no values; leave the quotes out"
            self._refuse(message, mark)
        if mark >= 0 and here.code:
            self._refuse("a shell would take the value for code", mark)
        if not here.quoted:
            body = _Scanner(self._text, start, stop, self._depth + 1)
            body._expanded("")
            self.places += body.places

    def _place(self, quoting: Quoting) -> None:
        self._note(quoting)
        self._at += 1

    def _note(self, quoting: Quoting) -> None:
        """Add a place, with what the command around it does to its words."""
        words, word = self._words, self._text[self._word : self._at]
        name = words[0] if words else ""
        rule = Rule.ANY
        code = is_program(words) or (_SHELLS.fullmatch(name) and words[-1] == "<<<")
        if code or name in _EVALUATE or self._declares(name, words, word):
            self._refuse(f"'{name}' would take the value for code")
        if name in ("[", "test", "printf") and words[-1] == "-v":
            self._refuse(f"'{name} -v' would take the value for code")
        if quoting is Quoting.BARE:
            if name in ("[", "test"):
                quoting = Quoting.TEST
            elif self._at in self._condition or (not words and _ASSIGNED.match(word)):
                quoting = Quoting.DOUBLE
        if words == ["printf"] and not word.strip("\"'"):
            rule = Rule.OPERAND
        if (
            _DUPLICATE.search(self._text[max(self._word - 8, 0) : self._word])
            or ("[" in word and _SUBSCRIPT.match(self._text, self._at + 1))
            or (self._at in self._condition and _NUMERIC.search(self._clause()))
        ):
            rule = Rule.NUMBER
        self.places.append(Place(quoting, rule))

    def _declares(self, name: str, words: list[str], word: str) -> bool:
        if name not in _DECLARE:
            return False
        return "=" not in word or any(part[0] == "-" and "i" in part for part in words)

    def _clause(self) -> str:
        """The part of a `[[ ]]` around this place, between its `&&` and `||`."""
        text, at = self._text, self._at
        start = max(text.rfind(sign, self._condition.start, at) for sign in ("[[", "&&", "||"))
        ends = [text.find(sign, at, self._condition.stop) for sign in ("]]", "&&", "||")]
        return text[start : min(end for end in ends if end >= 0)]

    def _refuse(self, message: str, offset: int | None = None) -> NoReturn:
        raise NotUnderstood(message, self._at if offset is None else offset)
