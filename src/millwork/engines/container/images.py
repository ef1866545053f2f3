"""From a reference to the image that will run: found, fetched, identified and tried."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest, Unavailable
from millwork.base.records import dataclass
from millwork.engines.container import tool as words
from millwork.engines.container.detection import call, check, first_useful
from millwork.engines.container.tool import Container

if TYPE_CHECKING:
    from millwork.engines.container.memo import Memo
    from millwork.engines.container.tool import Caller, Settings, Tool

# What the clients say of an image that is not in their storage.
_ABSENT = ("image not known", "no such image", "no such object")
_NO_PROGRAM = ("executable file not found", "no such file")

# Its lines: the interpreter's name, its version, and whether it has pip.
_PROBE = """
echo sh
for name in python3 python; do
  if "$name" -c "$1" 2>/dev/null; then echo "$name"; exit 0; fi
done
exit 0
"""
_OF_PYTHON = """
import sys
version = ".".join(str(part) for part in sys.version_info[:3])
try:
    import pip
except ImportError:
    pip = None
print(version, "pip" if pip else "no-pip")
"""


@dataclass(frozen=True)
class Image:
    """An image of this machine.

    `id` is the sha256 of its configuration, `digest` the one a registry knows it by, with the
    repository, empty for an image that was only built. `was` is the id that the reference last
    stood for, empty if that was the same or never known.
    """

    reference: str
    id: str
    digest: str = ""
    was: str = ""

    @property
    def news(self) -> str:
        """What to tell a person about a tag that has moved; empty if it has not."""
        if not self.was:
            return ""
        return f"image {self.reference}: the tag has moved from {self.was} to {self.id}"


@dataclass(frozen=True)
class Contents:
    """What a step can count on within an image; `python` is the interpreter's name, or empty."""

    sh: bool = False
    python: str = ""
    python_version: str = ""
    pip: bool = False


class Images:
    """Resolves references with one client, and remembers what they stood for."""

    def __init__(self, tool: Tool, settings: Settings, memo: Memo, who: Caller) -> None:
        check(settings)
        self._tool = tool
        self._settings = settings
        self._memo = memo
        self._who = who

    def resolve(self, reference: str) -> Image:
        """The image that a reference stands for, fetched first if the settings say so.

        Takes 50 ms for an image that is here. Raises BadRequest for what is no reference, and
        Unavailable if there is no such image.
        """
        policy = self._settings.pull
        found = None if policy == "always" else self._find(reference)
        if found is None:
            if policy == "never":
                raise Unavailable(
                    f"image {reference} is not on this machine, and pull is never:"
                    f" {self._tool.kind} pull {reference}"
                )
            self._pull(reference)
            found = self._find(reference)
        if found is None:
            raise Unavailable(f"image {reference} is not on this machine, though it was pulled")
        last = self._memo.get("images", reference)
        self._memo.put("images", reference, found.id)
        was = last if isinstance(last, str) and last != found.id else ""
        return Image(reference, found.id, found.digest, was)

    def contents(self, image: Image) -> Contents:
        """What is in an image: found out with one container per id, and then remembered.

        Raises Unavailable if no container can be started at all.
        """
        kept = self._memo.get("contents", image.id)
        if isinstance(kept, list) and len(kept) == 4:
            return Contents(*kept)
        found = self._try(image)
        row = [found.sh, found.python, found.python_version, found.pip]
        self._memo.put("contents", image.id, row)
        return found

    def require(self, image: Image, *, python: bool = False, pip: str = "") -> Contents:
        """The contents of an image that has what a step needs; raises BadRequest if it has not.

        `pip` says who asks for packages: `the code has a requirements.txt`.
        """
        found = self.contents(image)
        name = f"image {image.reference}"
        if not found.sh:
            raise BadRequest(f"{name} has no sh, which every command is run by")
        if pip and not found.python:
            raise BadRequest(f"{name} has no Python, and {pip}")
        if python and not found.python:
            raise BadRequest(f"{name} has no Python")
        if pip and not found.pip:
            raise BadRequest(f"{name} has no pip, and {pip}")
        return found

    def _find(self, reference: str) -> Image | None:
        code, out, err = call(words.inspect_words(self._tool, reference))
        if code != 0:
            if any(text in err.lower() for text in _ABSENT):
                return None
            reason = first_useful(err)
            if "invalid reference" in reason or "transport" in reason:
                raise BadRequest(f"{reference!r} is not a reference to an image: {reason}")
            raise Unavailable(f"{self._tool.kind} cannot look at image {reference}: {reason}")
        told = _description(out)
        if not told.get("Id"):
            raise Unavailable(f"{self._tool.kind} does not say which image {reference} is")
        return Image(reference, _sha256(told["Id"]), _digest(reference, told))

    def _pull(self, reference: str) -> None:
        code, _, err = call(words.pull_words(self._tool, self._settings, reference))
        if code != 0:
            raise Unavailable(f"image {reference} cannot be pulled: {first_useful(err)}")

    def _try(self, image: Image) -> Contents:
        probe = Container(
            image.id, ("sh", "-c", _PROBE, "sh", _OF_PYTHON),
            workdir="/", network="none", remove=True,
        )  # fmt: skip
        code, out, err = call(words.run_words(self._tool, self._settings, probe, self._who))
        lines = out.splitlines()
        if lines[:1] != ["sh"]:
            reason = first_useful(err)
            if code == 127 and any(text in reason for text in _NO_PROGRAM):
                return Contents()
            raise Unavailable(f"{self._tool.kind} cannot start image {image.reference}: {reason}")
        if len(lines) < 3:
            return Contents(sh=True)
        version, _, has_pip = lines[-2].partition(" ")
        return Contents(True, lines[-1], version, has_pip == "pip")


def _description(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    first = told[0] if isinstance(told, list) and told else {}
    return first if isinstance(first, dict) else {}


def _sha256(name: str) -> str:
    return name if ":" in name else f"sha256:{name}"


def _digest(reference: str, told: dict[str, Any]) -> str:
    """The digest by which a registry knows the image, best of the repository that was named."""
    # podman gives digests under localhost to images that were only built here.
    known = [name for name in told.get("RepoDigests") or () if not name.startswith("localhost/")]
    repository = reference.partition("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    same = [name for name in known if name.partition("@")[0].endswith(repository)]
    return str((same or known or [""])[0])
