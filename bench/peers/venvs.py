"""A virtual environment for each peer, kept below `.peers/` until its requirements change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".peers"
UV = str(Path(sys.executable).with_name("uv"))
STAMP = "requirements"
SECONDS = 600


class NotInstalled(Exception):
    """The environment could not be made; the text is what uv said."""


def python_of(
    package: str, requirements: tuple[str, ...], cache: Path = CACHE, options: tuple[str, ...] = ()
) -> Path:
    """The Python of the environment that has these requirements, made if it is not there yet.

    `options` are given to `uv pip install`. Raises NotInstalled.
    """
    folder = cache / package
    stamp, wanted = folder / STAMP, "\n".join(requirements) + "\n"
    python = folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    cache.mkdir(parents=True, exist_ok=True)
    (cache / ".gitignore").write_text("*\n")
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--python", sys.executable, str(folder))
    _uv("pip", "install", "--compile-bytecode", *options, "--python", str(python), *requirements)
    stamp.write_text(wanted)
    return python


def _uv(*words: str) -> None:
    try:
        done = subprocess.run(
            [UV, *words], capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)) from error
    if done.returncode:
        raise NotInstalled(done.stderr.strip())
