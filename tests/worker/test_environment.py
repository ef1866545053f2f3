from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import uv

from millwork.worker import environment
from millwork.worker.environment import FAILED, activated, needed, packages, ready

SCRIPT = environment.__file__
BACKEND = """
import os, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "tiny-0.3-py3-none-any.whl"
    info = "tiny-0.3.dist-info"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("tiny.py", open("tiny.py").read())
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 0.3\\n")
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\n"
                       "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "")
    return name
build_editable = build_wheel
"""
PROJECT = """
[project]
name = "tiny"
version = "0.3"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A component's folder with a local package, which is built without any network."""
    package = tmp_path / "code/pkg"
    package.mkdir(parents=True)
    (package / "pyproject.toml").write_text(PROJECT)
    (package / "backend.py").write_text(BACKEND)
    (package / "tiny.py").write_text("VALUE = 1\n")
    (tmp_path / "code/requirements.txt").write_text("./pkg\n")
    return tmp_path / "code"


def start(code: Path, *command: str, **changes: str) -> subprocess.Popen[str]:
    variables = {**os.environ, "UV_OFFLINE": "1", "MILLWORK_REASON": str(code / "reason")}
    tool = changes.pop("uv", uv.find_uv_bin())
    return subprocess.Popen(
        [sys.executable, SCRIPT, "--uv", tool, "--python", sys.executable,
         "--home", str(code.parent / "envs"), "--requirements", str(code / "requirements.txt"),
         "--", *command],
        env={**variables, **changes}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(code: Path, *command: str, **changes: str) -> tuple[int, str, str]:
    process = start(code, *command, **changes)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def found(code: Path) -> str | None:
    return ready(str(code.parent / "envs"), str(code / "requirements.txt"), sys.executable)


SHOW = ("python", "-c", "import os, tiny; print(tiny.VALUE, os.environ['VIRTUAL_ENV'])")


def test_a_real_package_is_installed_once_and_then_no_program_is_started(code: Path) -> None:
    (code / "requirements.txt").write_text("six==1.16.0  # tiny and pure\n")
    show = ("python", "-c", "import six; print(six.__version__)")
    assert found(code) is None
    rc, out, err = run(code, *show, UV_OFFLINE="0")
    assert (rc, out) == (0, "1.16.0\n")
    lines = err.splitlines()
    assert lines[0] == "installing 1 package from requirements.txt ..."
    assert lines[1].startswith("installed in ")
    assert len(lines) == 2
    assert run(code, *show, uv="/nowhere") == (0, "1.16.0\n", "")
    env = found(code)
    assert env
    assert packages(env) == ["six==1.16.0"]


def test_a_local_package_is_found_from_anywhere_and_rebuilt_when_it_changes(
    code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    rc, out, _ = run(code, *SHOW)
    first = found(code)
    assert (rc, out) == (0, f"1 {first}\n")
    assert first
    assert packages(first) == ["tiny==0.3"]
    (code / "pkg/tiny.py").write_text("VALUE = 2\n")
    assert found(code) is None
    rc, out, _ = run(code, *SHOW)
    assert (rc, out) == (0, f"2 {found(code)}\n")


def test_another_copy_of_the_same_code_shares_the_environment(code: Path) -> None:
    run(code, "true")
    twin = code.parent / "attempt-2"
    code.rename(twin)
    assert run(twin, *SHOW, uv="/nowhere") == (0, f"1 {found(twin)}\n", "")


def test_an_editable_package_outlives_the_copy_it_came_from(code: Path) -> None:
    (code / "requirements.txt").write_text("-e ./pkg\n")
    run(code, "true")
    env = found(code)
    assert env
    assert list(Path(env).glob("lib/*/site-packages/tiny.py"))


def test_a_half_built_environment_is_built_again(code: Path) -> None:
    run(code, "true")
    env = found(code)
    assert env
    (Path(env) / ".ready").unlink()
    next(Path(env).glob("lib/*/site-packages/tiny.py")).unlink()
    assert found(code) is None
    rc, out, err = run(code, *SHOW)
    assert (rc, out) == (0, f"1 {env}\n")
    assert "installing" in err


def test_steps_at_once_build_once(code: Path) -> None:
    results = [process.communicate(timeout=120) for process in [start(code, *SHOW) for _ in "123"]]
    assert len({out for out, _ in results}) == 1
    assert sum("installing" in err for _, err in results) == 1


def test_a_requirement_that_does_not_exist_fails_with_a_reason(code: Path) -> None:
    (code / "requirements.txt").write_text("no-such-package-of-millwork\n")
    rc, out, err = run(code, "echo", "never", UV_OFFLINE="0")
    assert (rc, out) == (FAILED, "") == (3, "")
    assert "no-such-package-of-millwork" in err
    reason = (code / "reason").read_text()
    assert reason.startswith("requirements.txt: ")
    assert "no-such-package-of-millwork" in reason
    assert reason.count("\n") == 1
    assert found(code) is None


@pytest.mark.parametrize("text", ["six ===== 1\n", "-r missing.txt\n", "./missing\n"])
def test_a_wrong_file_fails_with_a_reason(code: Path, text: str) -> None:
    (code / "requirements.txt").write_text(text)
    rc, _, err = run(code, "true")
    assert rc == FAILED
    assert "Traceback" not in err
    assert (code / "reason").read_text().strip()


def test_a_failed_build_leaves_no_environment(code: Path) -> None:
    (code / "pkg/backend.py").write_text(BACKEND.replace("def build_wheel", "def build_none"))
    rc, _, _ = run(code, "true")
    assert rc == FAILED
    assert not list((code.parent / "envs").glob("*/pyvenv.cfg"))


def test_no_requirements_means_no_environment(code: Path) -> None:
    (code / "requirements.txt").write_text("# nothing\n\n   # at all\n")
    rc, out, _ = run(code, "sh", "-c", 'echo "${VIRTUAL_ENV-none}"', uv="/nowhere", VIRTUAL_ENV="x")
    assert (rc, out) == (0, "x\n")
    assert not (code.parent / "envs").exists()


def test_the_command_gets_its_words_and_its_exit_code_back(code: Path) -> None:
    (code / "requirements.txt").write_text("")
    assert run(code, "sh", "-c", 'echo "$1"; exit 7', "sh", "--a b") == (7, "--a b\n", "")
    assert run(code, "no-such-command")[0] == 127
    assert run(code, str(code))[0] == 126


@pytest.mark.quick
def test_needed_tells_empty_files(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    for text, answer in [("", False), ("# six\n\n", False), ("six", True), ("-r other.txt", True)]:
        file.write_text(text)
        assert needed(str(file)) is answer


@pytest.mark.quick
def test_the_key_covers_included_files_and_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "requirements.txt").write_text("-r sub/base.txt\n-c limits.txt\n")
    (tmp_path / "sub/base.txt").write_text("six\n--requirement more.txt")
    (tmp_path / "sub/more.txt").write_text("idna\n-r ../requirements.txt")
    (tmp_path / "limits.txt").write_text("six<2")

    def key(python: str = sys.executable) -> str:
        return environment._key(str(tmp_path / "requirements.txt"), python)

    keys = {key(), key("/bin/sh")}
    for name in ("sub/base.txt", "sub/more.txt", "limits.txt", "requirements.txt"):
        path = tmp_path / name
        text = path.read_text()
        path.write_text(text + "\n# a comment alone changes nothing\n")
        assert key() in keys
        path.write_text(text + "\nattrs\n")
        keys.add(key())
    assert len(keys) == 6


@pytest.mark.quick
def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    for name, other in [("a", "../b/x.txt"), ("b", "../a/x.txt")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_text(f"-r {other}\n{name}\n")
    lines, local = environment._survey(str(tmp_path / "a/x.txt"))
    assert (lines, local) == (["-r ../b/x.txt", "a", "-r ../a/x.txt", "b"], [])


@pytest.mark.quick
def test_activated_puts_the_environment_first() -> None:
    variables = activated("/envs/a", {"PATH": "/bin", "PYTHONHOME": "/x", "HOME": "/root"})
    assert variables == {"PATH": "/envs/a/bin:/bin", "VIRTUAL_ENV": "/envs/a", "HOME": "/root"}


@pytest.mark.quick
@pytest.mark.parametrize(
    "message",
    ["error: No solution\n  cause: Because x", "  × No solution:\n  ╰─▶ Because x\n      and y"],
)
def test_the_reason_is_one_line_of_what_uv_said(message: str) -> None:
    assert environment._reason("warning: slow\n" + message) == "No solution: Because x"


@pytest.mark.quick
def test_the_launcher_needs_python_3_8_and_nothing_else() -> None:
    tree = ast.parse(Path(SCRIPT).read_text(), feature_version=(3, 8))
    imports = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imports <= sys.stdlib_module_names


def test_libraries_beside_pythons_folder_are_no_packages(tmp_path: Path) -> None:
    (tmp_path / "lib" / "python3.11" / "site-packages" / "six-1.16.0.dist-info").mkdir(parents=True)
    (tmp_path / "lib" / "libmpi.so").write_text("")
    assert packages(str(tmp_path)) == ["six==1.16.0"]
