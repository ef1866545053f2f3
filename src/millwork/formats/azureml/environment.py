"""Environments: images, conda files and references, in both flavours' words (azureml-spec 1)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from millwork.base.errors import InvalidFile
from millwork.base.records import dataclass
from millwork.formats.azureml.conda import absolute_line, read_conda
from millwork.formats.azureml.words import AsIs, Loose, Section, no_build
from millwork.spec.document import Scalar, parse
from millwork.spec.fields import INVALID, ByShape, Choice, Field, Record, Text
from millwork.spec.model import Environment

if TYPE_CHECKING:
    from millwork.formats.azureml.conda import Conda
    from millwork.formats.azureml.findings import Findings
    from millwork.spec.document import Node
    from millwork.spec.model import Path

_REFERENCE = re.compile(r"azureml:.+|/subscriptions/.+|[A-Za-z0-9][A-Za-z0-9._-]*[:@][^\s:@]+")
_FILE = "file:"
_CONDA_KEYS = ("conda_dependencies", "conda_dependencies_file", "pip_requirements_file")
_OLDER_CONDA_KEYS = ("condaDependenciesFile", "conda_file")
_BUILT = "an image is built from it only by a container engine; on the host it is not used"

_OLD = Record(
    "environment",
    (
        Field(
            "docker",
            Loose(
                "docker",
                (
                    Field("image", Text(), "The image"),
                    Field("baseImage", Text(), "The same, by its older name", attribute="image"),
                    Field("base_dockerfile", Text(), "What the image is built from"),
                    Field(
                        "build",
                        Loose("build", (Field("dockerfile", Text(), "A file's path"),), no_build),
                        "What the image is built from",
                    ),
                ),
                no_build,
            ),
            "The image",
        ),
        Field(
            "conda",
            Loose(
                "conda",
                (
                    Field("conda_dependencies", AsIs(), "A conda file's content"),
                    Field("conda_dependencies_file", Text(), "A conda file's path"),
                    Field("condaDependenciesFile", Text(), "The same, by its older name"),
                    Field("conda_file", Text(), "The same, by its older name"),
                    Field("pip_requirements_file", Text(), "A requirements file's path"),
                ),
                no_build,
            ),
            "The packages",
        ),
        Field("os", Choice(("Linux", "Windows", "linux", "windows")), "Linux or windows"),
        Field("name", Text(), "Its name"),
        Field("version", Text(), "Its version"),
        Field("python", Section(), "Kept, and not used here"),
    ),
    no_build,
)
_V2 = Record(
    "environment",
    (
        Field("$schema", Text(), "The schema that an editor uses"),
        Field("image", Text(), "The image"),
        Field("conda_file", ByShape(Text(), None, AsIs()), "A conda file's path or content"),
        Field(
            "build",
            Record(
                "build",
                (
                    Field("path", Text(), "The folder that the image is built from"),
                    Field("dockerfile_path", Text(), "The Dockerfile in it"),
                ),
                no_build,
            ),
            "What the image is built from",
        ),
        Field("os_type", Text(), "Linux or windows"),
        Field("name", Text(), "Its name"),
        Field("version", Text(), "Its version"),
        Field("description", Text(), "For people"),
        Field("tags", Section(), "Free words"),
        Field("properties", Section(), "Kept, and not used here"),
        Field("inference_config", Section(), "Kept, and not used here"),
        Field("datastore", Text(), "Kept, and not used here"),
    ),
    no_build,
)


@dataclass(frozen=True)
class Named:
    """What an environment comes to: an image, packages, or the text that refers to another."""

    image: str = ""
    packages: Environment | None = None
    reference: str = ""


def read_environment(node: Node | None, path: Path, findings: Findings) -> Named:
    """The environment that stands at `path` of the component; no node: none is asked for."""
    if node is None:
        return Named()
    if isinstance(node, Scalar) and not node.is_null:
        return _named(node, path, findings)
    table = _V2 if findings.is_v2 else _OLD
    given = table.read(node, (*findings.root, *path), findings.reading)
    if given is INVALID:
        return Named()
    return _v2(given, path, findings) if findings.is_v2 else _old(given, path, findings)


def _named(node: Scalar, path: Path, findings: Findings) -> Named:
    text = node.text
    if findings.is_v2 and text.startswith(_FILE):
        return _from_file(text.removeprefix(_FILE), path, findings)
    if _REFERENCE.fullmatch(text):
        return Named(reference=text)
    findings.error(path, f"'{text[:60]}' is no environment; one is named as azureml:name:version")
    return Named()


def _from_file(file: str, path: Path, findings: Findings) -> Named:
    text = findings.files.read_text(file)
    if text is None:
        findings.error(path, f"there is no file {file}")
        return Named()
    inner = findings.elsewhere(file)
    try:
        named = read_environment(parse(text, inner.reading.file), (), inner)
    except InvalidFile as error:
        inner.reading.faults.extend(error.faults)
        named = Named()
    findings.reading.faults.extend(inner.reading.faults)
    return named


def _v2(given: dict[str, Any], path: Path, findings: Findings) -> Named:
    system = given.get("os_type", "linux")
    if system.lower() not in ("linux", "windows"):
        findings.error((*path, "os_type"), f"'{system[:60]}' is neither Linux nor windows")
    _check_system(system, (*path, "os_type"), findings)
    if build := given.get("build"):
        folder = build.get("path", "")
        is_there = "://" in folder or findings.files.find(folder or ".") == "folder"
        if not is_there and findings.files.check_code:
            findings.error((*path, "build", "path"), f"there is no folder {folder}")
        else:
            findings.warn((*path, "build"), _BUILT)
    asked = given.get("conda_file")
    at = (*path, "conda_file")
    if isinstance(asked, str):
        packages = _conda_file(asked.removeprefix(_FILE), at, findings)
    else:
        packages = _inline_conda(asked, at, findings)
    reference = ""
    if given.get("name") and not asked and not given.get("image") and not build:
        reference = _reference(given)
    return Named(given.get("image", ""), packages, reference)


def _old(given: dict[str, Any], path: Path, findings: Findings) -> Named:
    docker, conda = given.get("docker") or {}, given.get("conda") or {}
    _check_system(given.get("os", "Linux"), (*path, "os"), findings)
    _check_dockerfile(docker, (*path, "docker"), findings)
    asked = [name for name in (*_CONDA_KEYS, *_OLDER_CONDA_KEYS) if name in conda]
    if len(asked) > 1:
        message = f"of {', '.join(asked)} only {asked[0]} is used"
        findings.warn((*path, "conda"), message)
    packages = _old_packages(asked[0], conda, (*path, "conda"), findings) if asked else None
    reference = _reference(given) if given.get("name") and not docker and not conda else ""
    return Named(docker.get("image", ""), packages, reference)


def _reference(given: dict[str, Any]) -> str:
    version = given.get("version")
    return f"azureml:{given['name']}" + (f":{version}" if version else "@latest")


def _check_system(system: str, path: Path, findings: Findings) -> None:
    if system.lower() == "windows":
        findings.refuse(path, f"{system}: steps run on Linux")


def _check_dockerfile(docker: dict[str, Any], path: Path, findings: Findings) -> None:
    file = (docker.get("build") or {}).get("dockerfile", "").removeprefix(_FILE)
    at = (*path, "build", "dockerfile")
    if file and not findings.includes and findings.files.find(file) != "file":
        findings.error(at, f"there is no file {file}")
    elif file:
        findings.warn(at, _BUILT)
    elif docker.get("base_dockerfile"):
        findings.warn((*path, "base_dockerfile"), _BUILT)


def _old_packages(
    key: str, conda: dict[str, Any], path: Path, findings: Findings
) -> Environment | None:
    at = (*path, key)
    if key == "conda_dependencies":
        return _inline_conda(conda[key], at, findings)
    file = conda[key].removeprefix(_FILE)
    if key != "pip_requirements_file":
        return _conda_file(file, at, findings)
    place = _find(file, at, findings)
    text = findings.files.read_text(place) if place else None
    if text is None:
        return None
    base = _folder_of(place, findings)
    return Environment("\n".join(absolute_line(line.strip(), base) for line in text.splitlines()))


def _folder_of(file: str, findings: Findings) -> str:
    return posixpath.normpath(posixpath.join(findings.files.folder, posixpath.dirname(file)))


def _inline_conda(node: Node | None, path: Path, findings: Findings) -> Environment | None:
    if node is None:
        return None
    file = findings.reading.file
    where = (*findings.root, *path)
    try:
        conda = read_conda(node, findings.files.folder, file, where)
    except InvalidFile as error:
        _unread(error, path, findings)
        return None
    return _packages(conda, path, findings)


def _conda_file(file: str, path: Path, findings: Findings) -> Environment | None:
    place = _find(file, path, findings)
    text = findings.files.read_text(place) if place else None
    if text is None:
        return None
    shown = findings.elsewhere(place).reading.file
    try:
        conda = read_conda(parse(text, shown), _folder_of(place, findings), shown)
    except InvalidFile as error:
        _unread(error, path, findings)
        return None
    return _packages(conda, path, findings)


def _unread(error: InvalidFile, path: Path, findings: Findings) -> None:
    """AzureML looks into a conda file only when an image is built, so the component loads."""
    for fault in error.faults:
        findings.refuse(path, str(fault))


def _packages(conda: Conda, path: Path, findings: Findings) -> Environment | None:
    for message in conda.warnings:
        findings.warn(path, message)
    for message in conda.refused:
        findings.refuse(path, message)
    if not conda.requirements and not conda.python:
        return None
    return Environment("\n".join(conda.requirements), conda.python)


def _find(file: str, path: Path, findings: Findings) -> str:
    """Where a file of the environment is: beside the component, or among what it includes."""
    for place in (file, *_included(file, findings.includes)):
        if findings.files.find(place) == "file":
            return place
    if findings.includes:
        findings.refuse(path, f"{file} is not found, nor is it in a folder that is included")
    else:
        findings.error(path, f"there is no file {file}")
    return ""


def _included(file: str, includes: tuple[str, ...]) -> list[str]:
    """The places of a file that stands in the code once the included folders are put there."""
    name = posixpath.normpath(file)
    found = []
    for include in includes:
        folder = posixpath.normpath(include)
        if name.split("/")[0] == posixpath.basename(folder):
            found.append(posixpath.join(posixpath.dirname(folder), name))
    return found
