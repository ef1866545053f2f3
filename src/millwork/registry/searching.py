"""The text in which things are found: one line of words, then a line for each label and each use.

All of it is casefolded. Words have their line to themselves, so that no description looks like a
label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.names import BUILTIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_WORDS = 8
_LONGEST = 64 * 1024  # characters of words; the rest of a huge document is not searched


def search_text(
    words: Iterable[str], labels: Mapping[str, str] | None = None, uses: Iterable[str] = ()
) -> str:
    """What is kept for the search; `uses` are references such as `component:train@1.0.0`."""
    lines = [
        " ".join(" ".join(words).split())[:_LONGEST],
        *(f"#{key}={value}" for key, value in sorted((labels or {}).items())),
        *(f">{reference}" for reference in sorted(set(uses))),
    ]
    return _plain("".join(f"{line}\n" for line in lines))


def label_words(labels: Mapping[str, str]) -> Iterator[str]:
    """The words that labels are found by, besides themselves."""
    return (f"{key} {value}" for key, value in labels.items())


def relabelled(text: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The text of what had some labels, which were the last of its words, with others."""
    words, *lines = text.split("\n")
    former = " ".join(_plain(" ".join(label_words(before))).split())
    kept = words.removesuffix(former) if former else words
    uses = (line.removeprefix(">") for line in lines if line.startswith(">"))
    return search_text([kept, *label_words(after)], after, uses)


def uses_in(text: str) -> set[str]:
    """What a pipeline with this text is made of: `component:train`, `builtin:split_rows`."""
    words, *lines = text.split("\n")
    named = {line[1:].partition("@")[0] for line in lines if line.startswith(">")}
    return named | {word for word in words.split() if word.startswith(BUILTIN)}


def word_patterns(text: str) -> list[str]:
    """A pattern of LIKE for each word of a search; raises ValueError for more than 8 words."""
    words = _plain(text).split()
    if len(words) > MOST_WORDS:
        raise ValueError(f"search for at most {MOST_WORDS} words")
    return [f"%{escaped(word)}%" for word in words]


def label_pattern(label: str) -> str:
    """The pattern of LIKE for a label, `key` or `key=value`; empty for none."""
    if not label:
        return ""
    end = "\n" if "=" in label else "="
    return f"%\n#{escaped(_plain(label))}{end}%"


def use_pattern(reference: str) -> str:
    """The pattern of LIKE for what uses a thing; without `@version`, for any version of it."""
    end = "\n" if "@" in reference else "@"
    return f"%\n>{escaped(_plain(reference))}{end}%"


def escaped(text: str) -> str:
    """A text that LIKE takes for itself, with `!` as the escape."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _plain(text: str) -> str:
    """Text that every database can keep and compare."""
    return text.casefold().replace("\0", "").encode("utf-8", "replace").decode()
