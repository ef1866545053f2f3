"""The file of secrets: its mode, its writers, and the environment that wins over it."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import Unavailable
from millwork.store.secrets import HomeSecrets

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_kept_is_there_in_a_file_of_ones_own(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        HomeSecrets(str(tmp_path), {}).keep("api-key", "välue\nof two lines")
    finally:
        os.umask(old)
    again = HomeSecrets(str(tmp_path), {})
    assert again.value("api-key") == "välue\nof two lines"
    assert again.value("other") is None
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_removing_leaves_the_others(tmp_path: Path) -> None:
    secrets = HomeSecrets(str(tmp_path), {})
    secrets.keep("a", "1")
    secrets.keep("b", "2")
    assert secrets.remove("a")
    assert not secrets.remove("a")
    assert (secrets.value("a"), secrets.value("b")) == (None, "2")


def test_the_environment_wins_and_needs_no_file(tmp_path: Path) -> None:
    given = {
        "MILLWORK_SECRET_API_KEY": "from outside", "MILLWORK_SECRET_EMPTY": "",
        "MILLWORK_SECRET_ALONE": "x", "API_KEY": "no",
    }  # fmt: skip
    secrets = HomeSecrets(str(tmp_path), given)
    assert secrets.value("api-key") == secrets.value("api.key") == "from outside"
    assert secrets.value("empty") is None
    secrets.keep("api-key", "from the file")
    secrets.keep("empty", "from the file")
    assert secrets.value("api-key") == "from outside"
    assert secrets.value("empty") == "from the file"
    assert secrets.sources() == {"ALONE": "environment", "api-key": "environment", "empty": "file"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    secrets = HomeSecrets(str(tmp_path), {})
    secrets.keep("a", "canary")
    (tmp_path / "secrets.json").chmod(mode)
    for act in (lambda: secrets.value("a"), secrets.sources, lambda: secrets.keep("b", "2")):
        with pytest.raises(Unavailable, match=rf"mode {mode:03o}\): chmod 600"):
            act()


@pytest.mark.parametrize("text", ["canary", '["canary"]', '{"a": {"canary": 1}}', "\xff"])
def test_a_broken_file_is_told_without_its_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o600)
    with pytest.raises(Unavailable, match=re.escape(str(path))) as caught:
        HomeSecrets(str(tmp_path), {}).value("a")
    assert "canary" not in str(caught.value)


def test_no_writer_undoes_anothers_work(tmp_path: Path) -> None:
    def keep(number: int) -> None:
        HomeSecrets(str(tmp_path), {}).keep(f"s{number}", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, range(24)))
    assert len(json.loads((tmp_path / "secrets.json").read_text())) == 24


def test_what_a_killed_writer_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "secrets.json.new").write_text("half")
    secrets = HomeSecrets(str(tmp_path), {})
    secrets.keep("a", "1")
    assert secrets.value("a") == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
