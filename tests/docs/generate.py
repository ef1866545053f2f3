"""The parts of the docs that come from the code: `python -m tests.docs.generate` writes them.

A part stands between `<!-- fields: component -->` and `<!-- end -->`.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from millwork.app.settings import BRIDGE, CONTAINER, ENVIRONMENT, REFERENCES, SETTINGS
from millwork.base.faultpoints import POINTS
from millwork.cli.parser import build_parser
from millwork.formats.azureml.leniencies import LENIENCIES
from millwork.spec.reference import field_table, port_table, record_table
from tests.docs import transcripts

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
_PART = re.compile(
    r"(<!-- (fields|options|ports|points|settings): ([a-z ]+) -->\n\n)(.*?)\n?<!-- end -->",
    re.DOTALL,
)
_SETTINGS = {
    record.label: record for record in (SETTINGS, REFERENCES, ENVIRONMENT, BRIDGE, CONTAINER)
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
    return options_table(name) if kind == "options" else port_table()


def parts(text: str) -> list[tuple[str, str, str]]:
    """Kind, name and present text of each generated part of a page."""
    return [(found[2], found[3], found[4]) for found in _PART.finditer(text)]


def renewed(text: str) -> str:
    """A page with its generated parts as the code has them."""
    return _PART.sub(lambda found: f"{found[1]}{part(found[2], found[3])}\n<!-- end -->", text)


def main() -> None:
    """Writes the generated parts of every page; with `--run`, what its commands print as well."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--run", action="store_true", help="run the console blocks, and write them")
    parser.add_argument("--slow", action="store_true", help="the slow ones too")
    options = parser.parse_args()
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = renewed(text)
        if options.run and transcripts.blocks(new, slow=True):
            with TemporaryDirectory() as folder:
                shell = transcripts.Shell(Path(folder))
                new = transcripts.renewed(new, shell, slow=options.slow)
        if new != text:
            page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
