"""What may be registered: the rules of names, labels and each kind's document.

Every rule answers with all that is wrong, as messages; nothing is raised.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.base.names import ENTITY_RULE, PARAMETER_RULE, is_entity, is_parameter
from millwork.base.uris import parse_uri
from millwork.registry.documents import canonical
from millwork.registry.versions import RULES, is_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SPECS = ("inference", "training", "evaluation", "compression", "distillation")

_MOST_LABELS, _LONGEST_LABEL = 64, 256
_LONGEST_TEXT, _LONGEST_URI = 4096, 2048
_METRICS, _SPEC, _OPTIONS = 8 * 1024, 64 * 1024, 8 * 1024  # bytes of JSON
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(:\d+)?(/[A-Za-z0-9._-]+)*(:[\w.-]+)?"
                    r"(@sha256:[0-9a-f]{64})?", re.ASCII)  # fmt: skip
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*"
_REPOSITORY = re.compile(
    rf"https://{_HOST}(:\d+)?/(?P<web>[^\s?#]+)|ssh://([\w.-]+@)?{_HOST}(:\d+)?/(?P<ssh>[^\s?#]+)"
    rf"|[A-Za-z0-9][\w.-]*@{_HOST}:(?P<scp>[^\s?#]+)",
    re.ASCII,
)
_BRANCH = re.compile(r"[A-Za-z0-9_][\w./+@-]{0,199}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def is_digest(text: str) -> bool:
    """Whether `text` is a sha256."""
    return _DIGEST.fullmatch(text) is not None


def thing_faults(
    kind: str, name: str, version: str, labels: Mapping[str, str], description: str
) -> list[str]:
    """What is wrong with what every kind has."""
    return [
        *([] if is_entity(name) else [f"name: {ENTITY_RULE}"]),
        *([] if not version or is_version(kind, version) else [f"version: {RULES[kind]}"]),
        *label_faults(labels),
        *text_faults("description", description),
    ]


def label_faults(labels: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with labels."""
    if len(labels) > _MOST_LABELS:
        yield f"labels: there may be {_MOST_LABELS}; these are {len(labels)}"
    for key, value in labels.items():
        if not is_parameter(key):
            yield f"labels: the name {key[:80]!r}: {PARAMETER_RULE}"
        elif len(value) > _LONGEST_LABEL or not value.isprintable():
            yield f"labels.{key}: printable text of one line, at most {_LONGEST_LABEL} characters"


def text_faults(field: str, text: str, longest: int = _LONGEST_TEXT) -> Iterator[str]:
    """What is wrong with a text for people, which may have several lines."""
    if len(text) > longest:
        yield f"{field}: at most {longest} characters"
    elif not all(letter.isprintable() or letter in "\n\t\r" for letter in text):
        yield f"{field}: it holds characters that cannot be shown"


def dataset_faults(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with a dataset: `uri`, `type`, `mount_path`, `options`, `source`."""
    return [
        *_origin_faults(document),
        *_mount_faults(document["mount_path"]),
        *_size_faults("options", document["options"], _OPTIONS),
    ]


def model_faults(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with a model: as a dataset, with `format`, `framework`, `metrics`, `specs`."""
    faults = [
        *_origin_faults(document),
        *_mount_faults(document["mount_path"]),
        *_size_faults("options", document["options"], _OPTIONS),
        *text_faults("format", document["format"], 64),
        *text_faults("framework", document["framework"], 64),
        *_size_faults("metrics", document["metrics"], _METRICS),
    ]
    for name, spec in document["specs"].items():
        if name not in SPECS:
            faults.append(f"specs: there is no '{name[:60]}'; there are: {', '.join(SPECS)}")
        elif not isinstance(spec, dict):
            faults.append(f"specs.{name}: expected a JSON object")
        else:
            faults += _size_faults(f"specs.{name}", spec, _SPEC)
    return faults


def image_faults(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with an image: `uri`, as a container tool takes it."""
    uri = document["uri"]
    if len(uri) > 512 or ".." in uri or not _IMAGE.fullmatch(uri):
        return ["uri: the name of an image: registry/name:tag or registry/name@sha256:..."]
    return []


def code_faults(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with a code source: `repository`, `branch`, `commit`, `mount_path`."""
    branch, commit = document["branch"], document["commit"]
    faults = [*repository_faults(document["repository"]), *_mount_faults(document["mount_path"])]
    if branch and (not _BRANCH.fullmatch(branch) or ".." in branch):
        faults.append("branch: the name of a branch or a tag")
    if commit and not _COMMIT.fullmatch(commit):
        faults.append("commit: the whole hash of a commit, in small letters")
    if document["connection"] and not is_entity(document["connection"]):
        faults.append("connection: the name of a connection that holds the token")
    return faults


def repository_faults(repository: str) -> Iterator[str]:
    """What is wrong with the address of a Git repository: no local paths, and no passwords."""
    found = _REPOSITORY.fullmatch(repository)
    if found is None and "@" in repository and repository.startswith("https://"):
        yield "repository: no name and no password in the address; name a connection instead"
    elif found is None or len(repository) > _LONGEST_URI:
        yield "repository: https://host/path, ssh://host/path or git@host:path"
    elif ".." in (found["web"] or found["ssh"] or found["scp"]).split("/"):
        yield "repository: a path without '..'"


def uri_faults(field: str, uri: str) -> Iterator[str]:
    """What is wrong with the address of data."""
    try:
        found = parse_uri(uri)
    except BadRequest as error:
        yield f"{field}: {error}"
        return
    if not uri.isprintable():
        yield f"{field}: it holds characters that cannot be shown"
    elif found.scheme == "dataset":
        yield f"{field}: an address; a dataset is named as the source"


def _origin_faults(document: Mapping[str, Any]) -> Iterator[str]:
    source = document["source"]
    if bool(document["uri"]) == ("run" in source):
        yield "give either a uri, or a source {run, step, port}"
    if document["uri"]:
        yield from uri_faults("uri", document["uri"])


def _mount_faults(path: str) -> Iterator[str]:
    parts = path.split("/")
    is_plain = path.startswith("/") and path.isprintable() and len(path) <= 1024
    if path and (not is_plain or path.strip("/") == "" or {".", ".."} & set(parts)):
        yield "mount_path: a whole path without '..', such as /mnt/data"


def _size_faults(field: str, value: Mapping[str, Any], most: int) -> Iterator[str]:
    try:
        size = len(canonical(value))
    except ValueError:
        yield f"{field}: NaN and infinity are no JSON"
        return
    if size > most:
        yield f"{field}: at most {most // 1024} KB of JSON; this is {size / 1024:.1f}"
