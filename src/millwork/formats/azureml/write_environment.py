"""The environment of a component in the words of the other of AzureML's flavours."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from millwork.formats.azureml.leftovers import entries_at
from millwork.formats.azureml.words import plain
from millwork.spec.document import Scalar

if TYPE_CHECKING:
    from millwork.spec.document import Node
    from millwork.spec.model import Flavour

_FILE = "file:"
_CONDA = ("conda_dependencies", "conda_dependencies_file", "condaDependenciesFile", "conda_file")
_PIP = "pip_requirements_file"
_ORDER = (*_CONDA[:2], _PIP, *_CONDA[2:])
_HEAD = ("name", "version")
_OLD = frozenset({"docker", "conda", "os", *_HEAD})
_V2 = frozenset({"image", "conda_file", "build", "os_type", *_HEAD, "$schema"})
IMAGE = "python:3.11"
"""The image that stands where v2 needs an environment and none is named."""


def write_environment(node: Node | None, image: str, to: Flavour, left: list[str]) -> Any:
    """What stands for the environment `node` in the flavour `to`; None for nothing at all.

    Without a node, which is so for components of other clouds, it is `image`.
    """
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return _of_image(image, to, left)
    if isinstance(node, Scalar):
        if to == "azureml-old" and node.text.startswith(_FILE):
            left.append(f"environment: {node.text} is a file of its own, which only v2 reads")
            return None
        return node.text
    return _to_v2(node, left) if to == "azureml-v2" else _to_old(node, left)


def _of_image(image: str, to: Flavour, left: list[str]) -> Any:
    if to == "azureml-old":
        return {"docker": {"image": image}} if image else None
    if not image:
        left.append(f"environment: v2 needs one and none is named, so {IMAGE} stands there")
    return {"image": image or IMAGE}


def _to_v2(node: Node, left: list[str]) -> dict[str, Any]:
    docker, conda = entries_at(node, "docker"), entries_at(node, "conda")
    found = _texts(node, _HEAD)
    for key in ("image", "baseImage"):
        if key in docker and "image" not in found:
            found["image"] = plain(docker[key])
    if "build" in docker and (file := _texts(docker["build"], ("dockerfile",))):
        folder, name = posixpath.split(file["dockerfile"].removeprefix(_FILE))
        found["build"] = {"path": folder or ".", "dockerfile_path": name}
    _tell("environment.docker", docker, ("image", "baseImage", "build"), left)
    asked = [key for key in _ORDER if key in conda]
    if asked:
        found["conda_file"] = _conda_file(asked[0], conda[asked[0]])
        if "image" not in found and "build" not in found:
            left.append("environment.image: v2 builds packages upon an image, and none is named")
    _tell("environment.conda", conda, asked[:1], left)
    if system := _texts(node, ("os",)):
        found["os_type"] = system["os"].lower()
    _tell("environment", entries_at(node), _OLD, left)
    return found


def _conda_file(key: str, node: Node) -> Any:
    given = plain(node)
    if key == _PIP:
        return {"dependencies": ["pip", {"pip": [f"-r {given.removeprefix(_FILE)}"]}]}
    return given.removeprefix(_FILE) if isinstance(given, str) else listed(given)


def _to_old(node: Node, left: list[str]) -> dict[str, Any]:
    given = entries_at(node)
    found: dict[str, Any] = _texts(node, _HEAD)
    docker: dict[str, Any] = {}
    if "image" in given:
        docker["image"] = plain(given["image"])
    if "build" in given:
        build = plain(given["build"])
        file = posixpath.join(build.get("path", ""), build.get("dockerfile_path", "Dockerfile"))
        docker["build"] = {"dockerfile": posixpath.normpath(file)}
        left.append("environment.build.path: the old flavour sends no other file than Dockerfile")
    if docker:
        found["docker"] = docker
    if "conda_file" in given:
        conda = plain(given["conda_file"])
        key = _CONDA[1] if isinstance(conda, str) else _CONDA[0]
        found["conda"] = {key: conda if isinstance(conda, str) else listed(conda)}
    if "os_type" in given:
        found["os"] = plain(given["os_type"])
    _tell("environment", given, _V2, left)
    return found


def _texts(node: Node, names: tuple[str, ...]) -> dict[str, Any]:
    fields = entries_at(node)
    return {name: plain(fields[name]) for name in names if name in fields}


def _tell(place: str, given: dict[str, Node], known: Any, left: list[str]) -> None:
    left += [f"{place}.{name}: it has no counterpart" for name in given if name not in known]


def listed(value: Any) -> Any:
    """A part of a file as it is written: lists, and numbers and flags that were text."""
    if isinstance(value, dict):
        return {name: listed(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [listed(part) for part in value]
    if value in ("true", "false"):
        return value == "true"
    for kind in (int, float):
        with suppress(ValueError):
            if str(kind(value)) == value:
                return kind(value)
    return value
