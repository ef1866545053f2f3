"""What an image lacks for a step: packages that the code or the component asks for, our shims."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from millwork.base.records import dataclass
from millwork.engines.container.tool import OURS
from millwork.worker import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from millwork.plan.model import Plan
    from millwork.spec.model import Environment

WORKER = f"{OURS}/worker"
"""Where a container finds the programs and packages that stand beside the user's code."""
_FILE = "requirements.txt"
_INCLUDED = re.compile(r"(?:-r|--requirements?)[ =]*(/.+)")
_DEEPEST = 8

# $1 Python, $2 requirements file or nothing, $3 folders for PYTHONPATH; then the step's words.
# Not `--user`: pip refuses it in a virtual environment, and falls back to it by itself where the
# image's own folder cannot be written. A variable of the step's own, as of pip's, stays as it is.
_SCRIPT = f"""
python=$1 file=$2 shims=$3
shift 3
if [ -n "$file" ]; then
  export PYTHONUSERBASE={OURS}/python
  export PATH="$PYTHONUSERBASE/bin:$PATH"
  echo "$python -m pip install -r $file" >&2
  PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore "$python" -m pip install \\
    --disable-pip-version-check --no-cache-dir --no-input -r "$file" >&2
  code=$?
  if [ $code != 0 ]; then
    echo "requirements.txt: pip ended with $code; the log says why" >"$MILLWORK_REASON"
    exit $code
  fi
fi
if [ -n "$shims" ]; then
  export PYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}$shims"
  export PATH="$PATH:${{shims%%:*}}/bin"
fi
exec "$@"
"""


@dataclass(frozen=True)
class Wanted:
    """A requirements file by the path of the host's, and the text of one that is not there yet.

    `whose` says in words who asks for it; empty if there is nothing to install.
    """

    whose: str = ""
    path: str = ""
    text: str = ""


def of_code(code: str) -> Wanted:
    """What the requirements.txt of a code folder asks for."""
    path = f"{code}/{_FILE}"
    if not os.path.exists(path) or not environment.needed(path):
        return Wanted()
    return Wanted(f"the code has a {_FILE}", path)


def of_environment(wished: Environment) -> Wanted:
    """What a component's environment asks for; files of the host's become part of the text."""
    text = _inlined(wished.requirements, _DEEPEST)
    return Wanted("the component has an environment", text=text) if text.strip() else Wanted()


def digest_of(wanted: Wanted) -> str:
    """The sha256 of the requirements as they are written; empty if there are none."""
    if not wanted.whose:
        return ""
    text = wanted.text or _read(wanted.path)
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def words_of(plan: Plan, code: str, ours: str, python: Callable[[str], str]) -> Sequence[str]:
    """The words to put before a step's own; `ours` is the folder of the container's on the host.

    There are none if the image has all that the step asks for. `python` gives an image's.
    """
    wanted = of_environment(plan.environment) if plan.environment else of_code(code)
    file = f"{plan.root}/usercode/{_FILE}" if wanted.path else ""
    if wanted.text:
        file = f"{OURS}/{_FILE}"
        with open(f"{ours}/{_FILE}", "w", encoding="utf-8", errors="surrogateescape") as opened:
            opened.write(wanted.text)
    shims = ":".join(f"{WORKER}/shims/{name}" for name in plan.shims)
    if not (file or shims):
        return ()
    return ("sh", "-c", _SCRIPT, "sh", python(plan.image) if file else "", file, shims)


def _inlined(text: str, depth: int) -> str:
    """The text with the absolute files that it includes in their place."""
    lines = []
    for line in text.splitlines():
        found = _INCLUDED.fullmatch(line.strip())
        if found and depth and os.path.isfile(found[1]):
            lines.append(_inlined(_read(found[1]), depth - 1))
        else:
            lines.append(f"{line}\n")
    return "".join(lines)


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
