"""How the built-in components are seen: listed, looked for, shown, with a server and without."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from millwork import Client
from millwork.actions.call import Call
from millwork.actions.nouns import catalogue as verbs
from millwork.base.errors import BadRequest, NotFound
from millwork.catalogue.index import declarations
from tests.e2e.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Millwork

ALL = declarations()
CALL = Call(None)  # type: ignore[arg-type]


def names(category: str = "", search: str = "") -> list[str]:
    return [item["name"] for item in verbs.list_(CALL, category, search)["items"]]


def test_all_are_listed_by_category_and_by_words() -> None:
    assert names() == list(ALL)
    assert names("preprocess") == [n for n, each in ALL.items() if each.category == "preprocess"]
    assert "standardise" in names(search="DEVIATION mean")
    assert "standardise" in names(search="normalize data")  # as Azure ML calls it
    assert "split_rows" in names("preprocess", "split")
    assert names(search="nothing of the kind") == []
    with pytest.raises(BadRequest, match=r"there is no category 'x'; there are: .*preprocess"):
        names("x")


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_is_shown_with_commands_that_can_be_typed(name: str) -> None:
    shown, declared = verbs.show(CALL, name), ALL[name]
    assert [port["name"] for port in shown["inputs"]] == list(declared.inputs)
    assert {each["name"] for each in shown["parameters"]} == declared.parameters.keys()
    for command in shown["example"]:
        words = shlex.split(command)
        assert words[:2] == ["millwork", "run"]
        known = ALL[words[2].removeprefix("builtin:")]
        given = {
            flag: [word.partition("=")[0] for at, word in enumerate(words) if words[at - 1] == flag]
            for flag in ("-i", "-p")
        }
        assert set(given["-i"]) <= known.inputs.keys()
        assert set(given["-p"]) <= known.parameters.keys()
    assert f"builtin:{name} " in f"{shown['example'][-1]} "


def test_an_unknown_name_is_not_found() -> None:
    assert verbs.show(CALL, "builtin:standardise")["name"] == "standardise"
    with pytest.raises(NotFound, match="is it standardise"):
        verbs.show(CALL, "standardize")


def test_the_command_prints_tables_and_json(millwork: Millwork) -> None:
    listed = millwork("catalogue", "list", "--category", "preprocess", "--search", "standard")
    assert "standardise" in listed.out
    assert ALL["standardise"].summary in listed.out
    shown = millwork("catalogue", "show", "standardise")
    for part in ("parameters: fields", "columns", "Columns", "Normalize Data", "Try it:"):
        assert part in shown.out
    assert millwork("catalogue", "show", "standardise", "--json").json == verbs.show(
        CALL, "standardise"
    )
    assert millwork("catalogue", "list", "--json").json == verbs.list_(CALL)
    assert millwork("catalogue", "list", "--search", "qqqq").out == "none\n"
    assert millwork("catalogue", "show", "standardize").code == 2


@pytest.mark.parametrize("width", [60, 100])
def test_it_fits_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from millwork.cli import catalogue

    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for answer in (verbs.list_(CALL), verbs.show(CALL, "split_rows")):
        catalogue.show(answer)
        lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
        shown = [line for line in lines if not line.startswith("  millwork run ")]
        assert max(map(len, shown)) <= width


def test_a_server_answers_the_same(home: Path) -> None:
    with serving(home) as server:
        client = Client(server.url, token=server.token)
        assert client.catalogue.list() == verbs.list_(CALL)
        assert client.catalogue.list(search="split") == verbs.list_(CALL, search="split")
        assert client.catalogue.show("standardise") == verbs.show(CALL, "standardise")
        with pytest.raises(NotFound):
            client.catalogue.show("absent")


def test_a_name_without_builtin_is_understood(millwork: Millwork, tmp_path: Path) -> None:
    assert "did you mean builtin:impute?" in millwork("run", "impute").err
    (tmp_path / "p.yaml").write_text(
        "apiVersion: millwork/v1\nkind: Pipeline\nname: p\nversion: 1.0.0\n"
        "nodes: {a: {component: filter_rows}}\n"
    )
    said = millwork("validate", tmp_path / "p.yaml")
    assert "did you mean builtin:filter_rows?" in said.out + said.err
