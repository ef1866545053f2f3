"""The settings of a home: `$MILLWORK_HOME/settings.yaml`, its field table and its reading.

Relative paths in it start at its folder, and `~` is the user's.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Literal

from millwork.base.errors import BadRequest, InvalidFile
from millwork.base.faults import Fault
from millwork.base.names import ENTITY_RULE, SECRET_RULE, is_entity, is_secret
from millwork.base.records import dataclass, field
from millwork.base.uris import parse_uri
from millwork.engines.container.tool import PULLS
from millwork.engines.container.tool import Settings as ContainerSettings
from millwork.formats.azureml.conda import absolute_line, read_conda_text
from millwork.formats.azureml.references import (
    Bridge,
    Bridges,
    References,
    asset_of,
    is_reference,
)
from millwork.ports.retention import Retention
from millwork.spec.document import Mapping as Fields
from millwork.spec.document import parse
from millwork.spec.fields import (
    INVALID,
    ByShape,
    Choice,
    Field,
    ListOf,
    MapOf,
    Number,
    Reading,
    Record,
    Text,
    plain,
)
from millwork.spec.model import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from millwork.spec.document import Node
    from millwork.spec.model import Path

    Tls: TypeAlias = Literal["none", "starttls", "tls"]

_REFERENCE_RULE = "a reference: azureml:name:version, azureml://... or another URL"
_ENVIRONMENT_RULE = "an environment's reference: azureml:name:version, name@latest, azureml://..."
_PYTHON_RULE = "a Python version: 3.10"
_CONDA_FILES = (".yml", ".yaml")
ENGINES = ("local", "container")
ARTIFACTS_RULE = "a place in S3: s3://BUCKET/PREFIX, or s3://CONNECTION@BUCKET/PREFIX"
_LONGEST = 36_500  # days
DATABASE_RULE = "the URL of a PostgreSQL database: postgresql://USER@HOST:PORT/NAME"
PORTS = {"none": 25, "starttls": 587, "tls": 465}
SENDER_RULE = "an address of mail: millwork@example.org, or Millwork <millwork@example.org>"
HOST_RULE = "a host, or a host and its port: chat.internal, 10.0.0.7:8065"
DOMAIN_RULE = "what stands behind the @ of addresses: example.org"
_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}"
_MAIL = re.compile(_ADDRESS)
_SENDER = re.compile(rf"{_ADDRESS}|[^][<>()@,;:\"\\\x00-\x1f\x7f]+ <{_ADDRESS}>")
_NAME = r"[A-Za-z0-9][A-Za-z0-9.-]*"
_HOST = re.compile(rf"({_NAME}|\[[0-9a-f:.]+\])(:[0-9]{{1,5}})?")
_DOMAIN = re.compile(_NAME)


@dataclass(frozen=True)
class Mail:
    """How mail is sent: the server, the sender, and the name of the secret that logs in.

    Nobody is written to outside `domains`, if there are any.
    """

    host: str
    sender: str
    tls: Tls = "starttls"
    port: int = 0
    user: str = ""
    password: str = ""
    domains: tuple[str, ...] = ()


@dataclass(frozen=True)
class Webhooks:
    """What may be told to programs: `private` are hosts of this network, which may speak http.

    `secret` is the name of the one that signs.
    """

    private: tuple[str, ...] = ()
    secret: str = ""


@dataclass(frozen=True)
class Settings:
    """What a home's settings say.

    `engine` is the one of runs that name none; `database` is PostgreSQL's URL, if that keeps them;
    `mounts` are folders by name; `artifacts` is where artifacts are kept besides the home, and
    `retention` what is kept of old runs. Without `mail` none is sent.
    """

    references: References = field(default_factory=References)
    bridges: Bridges = field(default_factory=Bridges)
    engine: str = ENGINES[0]
    container: ContainerSettings = field(default_factory=ContainerSettings)
    database: str = ""
    mounts: Mapping[str, str] = field(default_factory=dict)
    artifacts: str = ""
    retention: Retention = field(default_factory=Retention)
    mail: Mail | None = None
    webhooks: Webhooks = field(default_factory=Webhooks)


def read_settings(home: str) -> Settings:
    """The settings of the home at `home`; those of a home without the file are empty.

    Raises InvalidFile with every fault, BadRequest if the file cannot be read.
    """
    file = os.path.join(home, "settings.yaml")
    if not os.path.lexists(file):
        return Settings()
    text = _read(file)
    if not any(line.split("#")[0].strip() for line in text.splitlines()):
        return Settings()
    reading = Reading(file)
    settings: Settings = SETTINGS.read(parse(text, file), (), reading)
    if reading.faults:
        raise InvalidFile(reading.faults)
    return settings


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text (byte {error.start})"
        raise InvalidFile([Fault(file, 1, 1, "", "error", message)]) from None
    except OSError as error:
        raise BadRequest(f"cannot read {file}: {error.strerror}") from None


@dataclass(frozen=True)
class _LocalFile(Text):
    """The path of a file or folder, made absolute; whether it is there shows when it is used."""

    label: str = "path"

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = super().read(node, path, reading)
        if text is INVALID:
            return text
        if not text or is_reference(text):
            return reading.fault(path, "expected the path of a file or folder on this machine")
        folder = os.path.dirname(os.path.abspath(reading.file))
        return os.path.normpath(os.path.join(folder, os.path.expanduser(text)))


def is_database(text: str) -> bool:
    """Whether a text is the URL of a PostgreSQL database."""
    return text.startswith(("postgresql://", "postgres://"))


def _is_in_s3(text: str) -> bool:
    try:
        uri = parse_uri(text)
    except BadRequest:
        return False
    return uri.scheme == "s3" and bool(uri.path.strip("/"))


class _DatabaseUrl(Text):
    """The URL of a database. It may hold a password, so a fault does not show it."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = super().read(node, path, reading)
        if text is INVALID or is_database(text):
            return text
        return reading.fault(path, f"expected {DATABASE_RULE}")


class _Secret:
    """`{secret: NAME}`. Whoever writes the secret itself there is not shown it again."""

    label, blank = "secret", ""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if isinstance(node, Fields):
            return SECRET.read(node, path, reading)
        return reading.fault(path, "expected {secret: NAME}, and not the secret itself")

    def schema(self) -> dict[str, Any]:
        return SECRET.schema()


def is_mail(text: str) -> bool:
    """Whether a text is an address of mail, and nothing else that a header could hold."""
    return _MAIL.fullmatch(text) is not None


class _RequirementsFile(_LocalFile):
    """A requirements file or a conda file (.yml, .yaml), as the environment that it asks for."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        file = super().read(node, path, reading)
        if file is INVALID:
            return file
        if not os.path.isfile(file):
            return reading.fault(path, f"there is no file {file}")
        if file.endswith(_CONDA_FILES):
            return _of_conda(file, path, reading)
        return Environment(f"-r {file}\n")


def _of_conda(file: str, path: Path, reading: Reading) -> Any:
    try:
        conda = read_conda_text(_read(file), file)
    except BadRequest as error:
        return reading.fault(path, str(error))
    if conda.refused:
        return reading.fault(path, "; ".join(conda.refused))
    return Environment(_text_of(conda.requirements), conda.python)


class _Lines(ListOf):
    """Lines of a requirements file, as the environment that they ask for."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        lines = super().read(node, path, reading)
        if lines is INVALID:
            return lines
        folder = os.path.dirname(os.path.abspath(reading.file))
        return Environment(_text_of(absolute_line(line, folder) for line in lines))


def _text_of(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _is_python(text: str) -> bool:
    major, _, minor = text.partition(".")
    return major == "3" and minor.isascii() and minor.isdigit()


def _environment(given: dict[str, Any], _path: Path, _reading: Reading) -> Any:
    listed = given.get("requirements") or Environment()
    return Environment(listed.requirements, given.get("python", listed.python))


def _bridge(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    if len(given) == 1 and all(given.values()):
        return Bridge(**given)
    return reading.fault(path, "expected either a component or a command")


def _bridges(given: dict[str, Any]) -> Bridges:
    return Bridges(
        {
            name: entry if isinstance(entry, Bridge) else Bridge(component=entry)
            for name, entry in given.items()
        }
    )


def _settings(given: dict[str, Any], _path: Path, _reading: Reading) -> Settings:
    return Settings(**{**given, "bridges": _bridges(given.get("bridges", {}))})


def _mail(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    mail = Mail(**given)
    if mail.user and not mail.password:
        return reading.fault((*path, "password"), "missing: user and password go together")
    if mail.password and not mail.user:
        return reading.fault((*path, "user"), "missing: user and password go together")
    if mail.user and mail.tls == "none":
        return reading.fault((*path, "tls"), "a password goes by starttls or tls only")
    return mail


SECRET = Record(
    "secret",
    (Field("secret", Text(is_secret, SECRET_RULE), "The secret's name", required=True),),
    lambda given, _path, _reading: given["secret"],
)
ENVIRONMENT = Record(
    "environment",
    (
        Field(
            "requirements",
            ByShape(scalar=_RequirementsFile(), sequence=_Lines(Text())),
            "Lines for pip, or a requirements or conda file",
        ),
        Field(
            "python", Text(_is_python, _PYTHON_RULE), "The Python it needs", default="the host's"
        ),
    ),
    _environment,
)
REFERENCES = Record(
    "section references",
    (
        Field(
            "components",
            MapOf(_LocalFile(), is_reference, _REFERENCE_RULE),
            "Component files, by the references that they stand for",
        ),
        Field(
            "data",
            MapOf(_LocalFile(), is_reference, _REFERENCE_RULE),
            "Files and folders; a reference that ends in `/` stands for all below it",
            attribute="datasets",
        ),
        Field(
            "environments",
            MapOf(
                ByShape(_RequirementsFile(), _Lines(Text()), ENVIRONMENT),
                lambda name: asset_of(name) is not None,
                _ENVIRONMENT_RULE,
            ),
            "Python packages; they go before the curated environments",
        ),
    ),
    plain(References),
)
BRIDGE = Record(
    "bridge",
    (
        Field("component", _LocalFile(), "The component file that is run"),
        Field("command", Text(), "The command that is run, with {inputs.x}"),
    ),
    _bridge,
)
CONTAINER = Record(
    "section container",
    (
        Field("command", ListOf(Text()), "The client with its global options",
              default="podman, else docker"),
        Field("run_options", ListOf(Text()), "Further options of its `run`"),
        Field("network", Text(), "`host`, `none`, or one that the client knows", default="host"),
        Field("pull", Choice(PULLS), "When images are fetched", default="missing"),
        Field("authfile", _LocalFile(), "Logins of registries, as `podman login` writes them"),
        Field("image", Text(), "The image of components that name none"),
    ),
    plain(ContainerSettings),
)  # fmt: skip
RETENTION = Record(
    "section retention",
    (
        Field("runs_days", Number(0, _LONGEST, whole=False),
              "Runs that are over go after so many days", default="never"),
        Field("keep_last", Number(0, 1_000_000), "The newest runs of each definition that stay"),
        Field("tags_kept", ListOf(Text()), "Runs with one of these tags stay: NAME or NAME=VALUE"),
        Field("results_days", Number(0, _LONGEST, whole=False),
              "Results are no longer used again after so many days", default="never"),
        Field("instances_days", Number(0, _LONGEST, whole=False),
              "Instances that are over, and backfills, go after so many days", default="never"),
    ),
    plain(Retention),
)  # fmt: skip
MAIL = Record(
    "section mail",
    (
        Field("host", Text(lambda text: _DOMAIN.fullmatch(text) is not None, "a host's name"),
              "The server that takes the mail", required=True),
        Field("from", Text(lambda text: _SENDER.fullmatch(text) is not None, SENDER_RULE),
              "Whom it comes from", required=True, attribute="sender"),
        Field("tls", Choice(tuple(PORTS)), "How the connection is secured", default="starttls"),
        Field("port", Number(1, 65535), "The server's port",
              default="587; 465 for tls, 25 for none"),
        Field("user", Text(), "Who logs in, if somebody has to"),
        Field("password", _Secret(), "`{secret: NAME}`, a secret of the workspace `default`"),
        Field("domains",
              ListOf(Text(lambda text: _DOMAIN.fullmatch(text) is not None, DOMAIN_RULE)),
              "Nobody else is written to: example.org", default="anybody is"),
    ),
    _mail,
)  # fmt: skip
WEBHOOKS = Record(
    "section webhooks",
    (
        Field("private", ListOf(Text(lambda text: _HOST.fullmatch(text) is not None, HOST_RULE)),
              "Hosts of this network that may be told, by http: too; HOST or HOST:PORT"),
        Field("sign", _Secret(), "`{secret: NAME}`, a secret of the workspace `default`, that signs"
              " what is sent", attribute="secret"),
    ),
    plain(Webhooks),
)  # fmt: skip
SETTINGS = Record(
    "settings file",
    (
        Field("references", REFERENCES, "What references stand for on this machine"),
        Field(
            "bridges",
            MapOf(ByShape(scalar=_LocalFile(), mapping=BRIDGE)),
            "What is run for components of other systems, by `ref_id` or by type",
        ),
        Field(
            "engine",
            Choice(ENGINES),
            "Where steps run: on this machine, or in containers",
            default="local",
        ),
        Field("container", CONTAINER, "How containers are run"),
        Field(
            "database",
            _DatabaseUrl(),
            "The PostgreSQL that keeps the record of runs",
            default="a file in the home",
        ),
        Field(
            "mounts",
            MapOf(_LocalFile(), is_entity, ENTITY_RULE),
            "Folders of this machine, by the names of `nas://NAME/...` and `cpfs://NAME/...`",
        ),
        Field(
            "artifacts",
            Text(_is_in_s3, ARTIFACTS_RULE),
            "Where artifacts are kept besides the home: s3://BUCKET/PREFIX",
            default="nowhere",
        ),
        Field("retention", RETENTION, "What `millwork gc` keeps of what is over"),
        Field("mail", MAIL, "How alerts are sent by mail", default="they are not"),
        Field("webhooks", WEBHOOKS, "Which programs alerts may be sent to, and how"),
    ),
    _settings,
)
