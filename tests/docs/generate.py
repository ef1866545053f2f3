"""The parts of the docs that come from the code: `python -m tests.docs.generate` writes them.

A part stands between `<!-- fields: component -->` and `<!-- end -->`.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from millwork.access.roles import REACHES, ROLES, reach_of
from millwork.access.verbs import VERBS, WORKSPACE
from millwork.app.settings import (
    BRIDGE,
    CONTAINER,
    ENVIRONMENT,
    MAIL,
    REFERENCES,
    RETENTION,
    SETTINGS,
    WEBHOOKS,
)
from millwork.base.faultpoints import POINTS
from millwork.cli import nouns
from millwork.cli.asking import summary_of
from millwork.cli.parser import NOUNS, RUN_VERBS, build_parser
from millwork.formats.azureml.leniencies import LENIENCIES
from millwork.spec.reference import field_table, port_table, record_table
from tests.client import generate as client
from tests.client.generate import is_made
from tests.docs import catalogue, scheduling, transcripts

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
_PART = re.compile(
    r"(<!-- (fields|options|ports|points|settings|verbs|api|roles|catalogue|scheduling): "
    r"([a-z_ ]+) -->\n\n)"
    r"(.*?)\n?<!-- end -->",
    re.DOTALL,
)
_SETTINGS = {
    record.label: record
    for record in (
        SETTINGS,
        REFERENCES,
        ENVIRONMENT,
        BRIDGE,
        CONTAINER,
        RETENTION,
        MAIL,
        WEBHOOKS,
    )
}


def pages() -> list[Path]:
    """Every Markdown file of the repository that people read."""
    folders = [ROOT.glob("*.md"), ROOT.glob("docs/**/*.md"), ROOT.glob("examples/**/*.md")]
    return sorted(page for folder in folders for page in folder)


def commands() -> dict[str, argparse.ArgumentParser]:
    """Every command that can be given, `runs list` among them, with its parser."""
    return dict(_leaves(build_parser(), ""))


def _leaves(
    parser: argparse.ArgumentParser, name: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [act for act in parser._actions if isinstance(act, argparse._SubParsersAction)]
    if not groups:
        yield name, parser
    for group in groups:
        for word, child in group.choices.items():
            yield from _leaves(child, f"{name} {word}".strip())


def options_table(name: str) -> str:
    """The words and options of a command as a Markdown table."""
    lines = ["| word or option | meaning |", "|---|---|"]
    for action in commands()[name]._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        value = "" if action.nargs == 0 else str(action.metavar or "")
        if action.choices and not value:
            value = "{" + ",".join(map(str, action.choices)) + "}"
        value = value or action.dest.upper()
        words = [f"{word} {value}" if action.nargs != 0 else word for word in action.option_strings]
        shown = ", ".join(f"`{word}`" for word in words or [value + "..." * (action.nargs == "+")])
        lines.append(f"| {shown} | {(action.help or '').replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else "It takes no options.\n"


def verbs_table() -> str:
    """The commands that are made of the verbs, with what must be said, as a Markdown table."""
    lines = ["| command | what it does |", "|---|---|"]
    verbs = [verb for verb in VERBS.values() if is_made(verb) and _is_generic(verb.name)]
    for verb in sorted(verbs, key=lambda verb: verb.name.partition(".")[0]):
        parser = nouns.parser_of(*verb.name.split("."))
        lines.append(f"| `{_usage(parser, verb.name)}` | {summary_of(verb)} |")
    return "\n".join(lines) + "\n"


def api_table() -> str:
    """The verbs as the API has them, as a Markdown table."""
    lines = ["| verb | request | needs | what it does |", "|---|---|---|---|"]
    for verb in VERBS.values():
        path = verb.path.replace(WORKSPACE, "~")
        lines.append(
            f"| `{verb.name}` | `{verb.method} {path}` | `{verb.needs}` | {summary_of(verb)} |"
        )
    return "\n".join(lines) + "\n"


def roles_table() -> str:
    """What each role reaches, as a Markdown table."""
    lines = ["| | " + " | ".join(ROLES) + " |", "|---" * (len(ROLES) + 1) + "|"]
    for noun, action in REACHES:
        cells = [reach_of(role, noun, action) for role in ROLES]
        shown = ["" if cell == "none" else cell for cell in cells]
        lines.append(f"| `{noun}:{action}` | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def _is_generic(name: str) -> bool:
    noun, _, action = name.partition(".")
    return noun in NOUNS or (noun == "runs" and action in RUN_VERBS)


def _usage(parser: argparse.ArgumentParser, name: str) -> str:
    """The words of a command without its options."""
    noun, _, action = name.partition(".")
    (group,) = [act for act in parser._actions if isinstance(act, argparse._SubParsersAction)]
    words = [noun, action]
    for each in group.choices[action]._actions:
        if not each.option_strings:
            words.append(str(each.metavar))
        elif each.required:
            words.append(f"{each.option_strings[0]} {each.metavar or 'VALUE'}")
    return " ".join(words)


def points_table() -> str:
    """The fault points as a Markdown table."""
    lines = ["| point | what is so when it is reached |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {text} |" for name, text in POINTS.items())]) + "\n"


def settings_table(name: str) -> str:
    """A part of the settings file, or the rules of AzureML that are not held, as a table."""
    if name != "leniencies":
        return record_table(_SETTINGS[name], "coming-from-azureml.md")
    lines = ["| rule | why it is not held |", "|---|---|"]
    return "\n".join([*lines, *(f"| {one.rule} | {one.why} |" for one in LENIENCIES)]) + "\n"


def part(kind: str, name: str) -> str:
    """The text of one generated part."""
    if kind == "fields":
        return field_table(name)
    if kind == "settings":
        return settings_table(name)
    if kind == "points":
        return points_table()
    if kind == "catalogue":
        return catalogue.part(name)
    if kind in _MADE:
        return _MADE[kind]()
    return options_table(name) if kind == "options" else port_table()


_MADE = {
    "verbs": verbs_table,
    "api": api_table,
    "roles": roles_table,
    "scheduling": scheduling.examples_table,
}


def parts(text: str) -> list[tuple[str, str, str]]:
    """Kind, name and present text of each generated part of a page."""
    return [(found[2], found[3], found[4]) for found in _PART.finditer(text)]


def renewed(text: str) -> str:
    """A page with its generated parts as the code has them."""
    return _PART.sub(lambda found: f"{found[1]}{part(found[2], found[3])}\n<!-- end -->", text)


def main() -> None:
    """Writes the generated parts of the pages, and the client; `--run` also what commands print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--run", action="store_true", help="run the console blocks, and write them")
    parser.add_argument("--slow", action="store_true", help="the slow ones too")
    options = parser.parse_args()
    client.write()
    _make_pages()
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = renewed(text)
        if options.run and transcripts.blocks(new, slow=True):
            with TemporaryDirectory() as folder, transcripts.Shell(Path(folder)) as shell:
                new = transcripts.renewed(new, shell, slow=options.slow)
        if new != text:
            page.write_text(new, encoding="utf-8")


def _make_pages() -> None:
    """A page for each category of built-in components that has none yet."""
    for category in catalogue.categories():
        page = ROOT / "docs" / "catalogue" / f"{category}.md"
        if not page.exists():
            page.write_text(catalogue.skeleton(category), encoding="utf-8")


if __name__ == "__main__":
    main()
