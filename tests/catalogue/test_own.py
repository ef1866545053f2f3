"""Built-ins written down as components of one's own: read back, run, registered, not for PAI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millwork.actions.builtins import CODE, own_component, put_code
from millwork.actions.convert import convert_file
from millwork.base.errors import BadRequest
from millwork.catalogue.index import declarations
from millwork.formats.pai import read_pai
from millwork.spec.document import parse
from millwork.spec.reader import read_text
from tests.e2e.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Millwork

PARAMETERS = ("-p", "columns=mass")
BOTH_SIDES = "has an input and an output of the same name"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("mass,name\n" + "".join(f"{i},n{i}\n" for i in range(40)))
    return path


@pytest.mark.parametrize("name", sorted(declarations()))
def test_each_is_read_back_as_it_is(name: str) -> None:
    made = convert_file(f"builtin:{name}")
    own, reading = read_text(made.text, "own.yaml")
    assert own == own_component(f"builtin:{name}")
    assert (made.left_out, made.needs_code, reading.faults) == ((), True, [])
    assert "builtin" not in own.tags


@pytest.mark.parametrize("name", sorted(declarations()))
def test_pai_takes_those_whose_names_are_unique(name: str) -> None:
    declared = declarations()[name]
    if declared.inputs.keys() & declared.outputs.keys():
        with pytest.raises(BadRequest, match=BOTH_SIDES):
            convert_file(f"builtin:{name}", "pai")
        return
    text = convert_file(f"builtin:{name}", "pai").text
    read, _ = read_pai(parse(text, "own.json"), text, "own.json")
    assert read.outputs.keys() == declared.outputs.keys()


def test_it_gives_what_the_builtin_gives(millwork: Millwork, tmp_path: Path, rows: Path) -> None:
    assert millwork("convert", "builtin:standardise", "-o", "own.yaml").code == 0
    given = ("-i", f"table={rows}", *PARAMETERS)
    assert millwork("run", "own.yaml", "--force", *given, "-o", "own").code == 0
    assert millwork("run", "builtin:standardise", "--force", *given, "-o", "theirs").code == 0
    files = [[path.read_bytes() for path in sorted((tmp_path / folder).rglob("*.*"))]
             for folder in ("own", "theirs")]  # fmt: skip
    assert files[0] == files[1] != []


def test_it_can_be_registered_and_run_by_its_name(
    millwork: Millwork, home: Path, tmp_path: Path, rows: Path
) -> None:
    assert millwork("convert", "builtin:standardise", "-o", "own.yaml").code == 0
    with serving(home):
        made = millwork("components", "create", "--file", "own.yaml", "--code", CODE, "--json")
        assert made.code == 0, made.err
        run = millwork("run", "standardise@1.0.0", "-i", f"table={rows}", *PARAMETERS, "-o", "out")
        assert run.code == 0, run.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["table", "transform"]


def test_several_share_their_code_and_other_code_stays(millwork: Millwork, tmp_path: Path) -> None:
    for name in ("select_columns", "sort_rows"):
        assert millwork("convert", f"builtin:{name}", "-o", f"{name}.yaml").code == 0
    assert millwork("validate", "select_columns.yaml", "sort_rows.yaml").code == 0
    (tmp_path / CODE / "tables.py").write_text("# mine\n")
    refused = millwork("convert", "builtin:join", "-o", "join.yaml")
    assert (refused.code, "is other code" in refused.err) == (2, True)
    assert (tmp_path / CODE / "tables.py").read_text() == "# mine\n"
    assert not (tmp_path / "join.yaml").exists()


def test_code_is_put_nowhere_but_into_a_folder(tmp_path: Path) -> None:
    (tmp_path / CODE).write_text("")
    with pytest.raises(BadRequest, match="cannot write"):
        put_code(str(tmp_path))
    with pytest.raises(BadRequest, match="cannot write"):
        put_code(str(tmp_path / "absent"))
    assert [path.name for path in tmp_path.iterdir()] == [CODE]


def test_to_the_terminal_it_says_where_its_code_must_be(millwork: Millwork) -> None:
    shown = millwork("convert", "azureml://Select Columns in Dataset")
    assert (shown.code, "name: select_columns" in shown.out) == (0, True)
    assert f"it needs its code in ./{CODE}" in shown.err
