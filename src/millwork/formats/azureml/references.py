"""The maps that stand in for a workspace: what a reference and a foreign system are here.

AzureML's files name what only a workspace or a registry has: `azureml:train:1`, `azureml://...`,
`https://...`. The reference map says what each is on this machine, the bridge map what is run in
place of another company's system (issue 4, points 5 and 7; section `references` and `bridges` of
settings.yaml).
"""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from millwork.base.records import dataclass, field
from millwork.spec.document import parse
from millwork.spec.fields import Field, ListOf, Reading, Record, Text, plain
from millwork.spec.model import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Path

_REFERENCE = re.compile(r"azureml:.+|(?!file:)[A-Za-z][A-Za-z0-9+.-]*://.+", re.DOTALL)
_IN_REGISTRY = re.compile(
    r"azureml://registries/([^/]+)/[a-z]+/([^/]+)(?:/(versions|labels)/([^/]+))?"
)
_IN_WORKSPACE = re.compile(
    r"(?:azureml:(?://)?)?/?(?:subscriptions|locations)/.+/workspaces/[^/]+/[a-z]+/([^/]+)"
    r"(?:/(versions|labels)/([^/]+))?",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(?:azureml:)?([^:@/\s]+)(?:(:|@)([^:@/\s]+))?")
_LONG_DATASTORE = re.compile(
    r"azureml://subscriptions/.+?/(datastores/.*)", re.IGNORECASE | re.DOTALL
)
_CURATED_FILE = FilePath(__file__).with_name("curated.yaml")
_CURATED_REGISTRY = "azureml"
_CURATED_PREFIX = "azureml-"
_Target = TypeVar("_Target")


class Asset(NamedTuple):
    """A named thing of a workspace (no registry) or a registry.

    `version` is empty for any version; a label stands as `@latest`.
    """

    registry: str
    name: str
    version: str


def is_reference(text: str) -> bool:
    """Whether `text` names something that is no file here: `azureml:...`, or a URL but `file:`."""
    return _REFERENCE.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def asset_of(text: str) -> Asset | None:
    """The asset that `text` names in any of AzureML's spellings; None if it names none.

    They are `azureml:name:version`, `azureml:name@label`, both without `azureml:` (environments),
    `azureml://registries/R/environments/N/versions/V` or `/labels/L`, and a workspace's long form
    with subscription, group and workspace, which is read as the short one.
    """
    if found := _IN_REGISTRY.fullmatch(text):
        return Asset(found[1], found[2], _version(found[3], found[4]))
    if found := _IN_WORKSPACE.fullmatch(text):
        return Asset("", found[1], _version(found[2], found[3]))
    if found := _SHORT.fullmatch(text):
        return Asset("", found[1], _version(found[2], found[3]))
    return None


def _version(kind: str | None, text: str | None) -> str:
    return f"@{text}" if text and kind in ("@", "labels") else text or ""


@dataclass(frozen=True)
class References:
    """What references stand for; each map goes from a reference, as its user wrote it.

    `components` and `datasets` lead to absolute paths. An entry without a version stands for
    every version, and one for data that ends in `/` for all below it. Where `environments` has
    no entry, the curated ones are looked through.
    """

    components: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, Environment] = field(default_factory=dict)

    def component(self, text: str) -> str | None:
        """The file of the component that `text` names."""
        return _find(self.components, text)

    def data(self, text: str) -> str | None:
        """The path of the file or folder that `text` names: an asset, or a URL, whose `?` part
        (an access token) takes no part.
        """
        found = _find(self.datasets, text)
        return found if found is not None else _below(self.datasets, text)

    def environment(self, text: str) -> Environment | None:
        """The environment that `text` names: the user's, else a curated one."""
        found = _find(self.environments, text)
        return found if found is not None else curated(text)


def _find(entries: Mapping[str, _Target], text: str) -> _Target | None:
    asset = asset_of(text)
    if asset is None:
        return None
    known = {asset_of(name): target for name, target in entries.items()}
    return known.get(asset, known.get(asset._replace(version="")))


def _below(entries: Mapping[str, str], text: str) -> str | None:
    """The target of the longest entry that is `text`, or a folder (`.../`) that `text` is in."""
    wanted = plain_url(text)
    urls = {plain_url(name): path for name, path in entries.items()}
    if wanted in urls:
        return urls[wanted]
    folders = [url for url in urls if url.endswith("/") and f"{wanted}/".startswith(url)]
    if not folders:
        return None
    folder = max(folders, key=len)
    rest = wanted[len(folder) :]
    return os.path.normpath(f"{urls[folder]}/{rest}") if rest else urls[folder]


def plain_url(text: str) -> str:
    """A URL in its shortest spelling: without a query (an access token), a datastore without its
    workspace.
    """
    url = text.partition("?")[0]
    found = _LONG_DATASTORE.fullmatch(url)
    return f"azureml://{found[1]}" if found else url


def curated(text: str) -> Environment | None:
    """The curated environment that `text` names, as pinned in curated.yaml."""
    asset = asset_of(text)
    if asset is None or asset.registry not in ("", _CURATED_REGISTRY):
        return None
    name = asset.name.lower()
    if not asset.registry and not name.startswith(_CURATED_PREFIX):
        return None
    name = f"{name.removeprefix(_CURATED_PREFIX)}-"
    pinned = _pinned()
    found = [known for known in pinned if name.startswith((f"{known}-", f"{known}."))]
    return pinned[max(found, key=len)] if found else None


@cache
def _pinned() -> Mapping[str, Environment]:
    """The environments of curated.yaml by name."""
    reading = Reading(_CURATED_FILE.name)
    text = _CURATED_FILE.read_text(encoding="utf-8")
    pinned: Mapping[str, Environment] = _CURATED.read(parse(text, reading.file), (), reading)
    return pinned


def _by_name(given: dict[str, Any], _path: Path, _reading: Reading) -> dict[str, Environment]:
    return {
        name: Environment("\n".join(entry["requirements"]) + "\n", given["python"])
        for entry in given["environments"]
        for name in entry["names"]
    }


_ENTRY = Record(
    "curated environment",
    (
        Field("names", ListOf(Text()), "What it is called", required=True),
        Field("requirements", ListOf(Text()), "Its lines for pip", required=True),
    ),
    plain(dict),
)
_CURATED = Record(
    "list of curated environments",
    (
        Field("python", Text(), "The Python that all resolve for", required=True),
        Field("environments", ListOf(_ENTRY), "The environments", required=True),
    ),
    _by_name,
)


@dataclass(frozen=True)
class Bridge:
    """What is run in place of a component of another company's system.

    Either the component file `component` (absolute), or `command`.
    """

    component: str = ""
    command: str = ""


@dataclass(frozen=True)
class Bridges:
    """Bridges by the `ref_id` of a component, or by its AzureML type."""

    entries: Mapping[str, Bridge] = field(default_factory=dict)

    def find(self, type_name: str, ref_id: str = "") -> Bridge | None:
        """The bridge for a component; one for its `ref_id` goes before one for its type.

        A type is the same with and without its label (`@1-legacy`) and `Component`, in any case.
        """
        known = {plain_type(name): bridge for name, bridge in self.entries.items()}
        return known.get(ref_id.lower()) or known.get(plain_type(type_name))


def plain_type(name: str) -> str:
    """A type by its shortest name: `scope` of `ScopeComponent@1-legacy`."""
    return name.partition("@")[0].lower().removesuffix("component")
