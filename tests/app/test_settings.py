"""settings.yaml: the maps that it holds, relative paths, and every fault with its place."""

from pathlib import Path

import pytest

from millwork.app.settings import Mail, Settings, Webhooks, read_settings
from millwork.base.errors import BadRequest, InvalidFile
from millwork.formats.azureml.references import Bridge
from millwork.spec.model import Environment

pytestmark = pytest.mark.quick


def settings_of(home: Path, text: str) -> Settings:
    (home / "settings.yaml").write_text(text)
    return read_settings(str(home))


def faults_of(home: Path, text: str) -> dict[str, str]:
    with pytest.raises(InvalidFile) as caught:
        settings_of(home, text)
    assert all(fault.line and fault.file.endswith("settings.yaml") for fault in caught.value.faults)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_a_home_without_settings(tmp_path: Path) -> None:
    assert read_settings(str(tmp_path)) == Settings()
    assert read_settings(str(tmp_path / "none")) == Settings()


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# references:\n", "references:\n", "references: {}\nbridges:\n"]
)
def test_empty_settings(tmp_path: Path, text: str) -> None:
    assert settings_of(tmp_path, text) == Settings()


def test_paths_start_at_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    settings = settings_of(
        tmp_path,
        """\
references:
  components:
    "azureml:train:1": ./train/component.yaml
    azureml:score:1: ../score
  data:
    azureml:taxi:1: /data/taxi
    azureml://datastores/ds/paths/a/: ~/a/
bridges:
  ScopeComponent: scope.yaml
""",
    )
    references = settings.references
    assert references.component("azureml:train:1") == f"{tmp_path}/train/component.yaml"
    assert references.component("azureml:score:1") == f"{tmp_path.parent}/score"
    assert references.data("azureml:taxi:1") == "/data/taxi"
    assert references.data("azureml://datastores/ds/paths/a/b") == "/home/me/a/b"
    assert settings.bridges.find("ScopeComponent") == Bridge(component=f"{tmp_path}/scope.yaml")


def test_a_home_that_is_named_relatively(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("settings.yaml").write_text("references: {data: {'azureml:a:1': x}}")
    assert read_settings(".").references.data("azureml:a:1") == f"{tmp_path}/x"


def test_environments_in_all_their_forms(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("numpy\n")
    (tmp_path / "c.yaml").write_text("dependencies: [python=3.8, pandas=1.5, {pip: [./p]}]")
    references = settings_of(
        tmp_path,
        """\
references:
  environments:
    azureml:lines:1: [numpy==1.26.4, ./pkg]
    azureml:file:1: r.txt
    azureml:conda:1: c.yaml
    e@latest: {requirements: [numpy], python: "3.10"}
    azureml:older:1: {requirements: c.yaml, python: 3.9}
    azureml:newer:1: {requirements: c.yaml}
    azureml:host:1: {}
    azureml:python:1: {python: 3.12}
""",
    ).references
    assert references.environments == {
        "azureml:lines:1": Environment(f"numpy==1.26.4\n{tmp_path}/pkg\n"),
        "azureml:file:1": Environment(f"-r {tmp_path}/r.txt\n"),
        "azureml:conda:1": Environment(f"pandas==1.5.*\n{tmp_path}/p\n", "3.8"),
        "e@latest": Environment("numpy\n", "3.10"),
        "azureml:older:1": Environment(f"pandas==1.5.*\n{tmp_path}/p\n", "3.9"),
        "azureml:newer:1": Environment(f"pandas==1.5.*\n{tmp_path}/p\n", "3.8"),
        "azureml:host:1": Environment(),
        "azureml:python:1": Environment("", "3.12"),
    }
    assert references.environment("azureml:e@latest") == Environment("numpy\n", "3.10")


def test_bridges_in_both_forms(tmp_path: Path) -> None:
    bridges = settings_of(
        tmp_path,
        """\
bridges:
  ScopeComponent: {command: "run {inputs.x}"}
  654ec0ba-bed3: {component: /c.yaml}
""",
    ).bridges
    assert bridges.find("ScopeComponent") == Bridge(command="run {inputs.x}")
    assert bridges.find("HemeraComponent", "654EC0BA-bed3") == Bridge(component="/c.yaml")


def test_every_fault_at_once(tmp_path: Path) -> None:
    text = """\
refrences: {}
references:
  component: {}
  components: [a]
  data:
    taxi: /data/taxi
    azureml:a:1: https://h/x
    azureml:b:1:
    azureml:c:1: [x]
  environments:
    a/b: [numpy]
    azureml:d:1: none.txt
    azureml:e:1: {requirement: [x], python: "2.7"}
    azureml:f:1: {requirements: {a: b}}
bridges:
  A: {}
  B: {component: a.yaml, command: x}
  C: {command: ""}
  D: [x]
"""
    reference = "a reference: azureml:name:version, azureml://... or another URL"
    name = "an environment's reference: azureml:name:version, name@latest, azureml://..."
    path = "expected the path of a file or folder on this machine"
    assert faults_of(tmp_path, text) == {
        "refrences": "unknown field; did you mean 'references'?",
        "references.component": "unknown field; did you mean 'components'?",
        "references.components": "expected a mapping of names, found a list",
        "references.data.taxi": f"'taxi' is not accepted as a name: {reference}",
        "references.data.azureml:a:1": path,
        "references.data.azureml:b:1": "expected text, found nothing",
        "references.data.azureml:c:1": "expected text, found a list",
        "references.environments.a/b": f"'a/b' is not accepted as a name: {name}",
        "references.environments.azureml:d:1": f"there is no file {tmp_path}/none.txt",
        "references.environments.azureml:e:1.requirement": (
            "unknown field; did you mean 'requirements'?"
        ),
        "references.environments.azureml:e:1.python": (
            "'2.7' is not accepted: a Python version: 3.10"
        ),
        "references.environments.azureml:f:1.requirements": (
            "expected path, or list of text, found a mapping"
        ),
        "bridges.A": "expected either a component or a command",
        "bridges.B": "expected either a component or a command",
        "bridges.C": "expected either a component or a command",
        "bridges.D": "expected path, or bridge, found a list",
    }


def test_a_conda_file_with_faults(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("dependencies: [{a: b}]")
    (tmp_path / "refused.yml").write_text("dependencies: [openjdk, graphviz]")
    text = "references: {environments: {'azureml:a:1': bad.yaml, 'azureml:b:1': refused.yml}}"
    faults = faults_of(tmp_path, text)
    assert "bad.yaml:1:16: error: dependencies[0]" in faults["references.environments.azureml:a:1"]
    refused = faults["references.environments.azureml:b:1"]
    assert "openjdk" in refused
    assert "graphviz" in refused


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_bytes(b"a: \xff")
    with pytest.raises(InvalidFile, match=r"not UTF-8 text \(byte 3\)"):
        read_settings(str(tmp_path))
    for text in ("a: [", "- a", "x"):
        file.write_text(text)
        with pytest.raises(InvalidFile):
            read_settings(str(tmp_path))
    file.unlink()
    file.mkdir()
    with pytest.raises(BadRequest, match=r"cannot read .*settings\.yaml: Is a directory"):
        read_settings(str(tmp_path))
    file.rmdir()
    file.symlink_to("nowhere")
    with pytest.raises(BadRequest, match="No such file"):
        read_settings(str(tmp_path))


def test_mail_and_webhooks(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        """\
mail:
  host: smtp.example.org
  from: Müller's mill <mill@example.org>
  user: mill
  password: {secret: mail-password}
  domains: [example.org]
webhooks:
  private: [chat.internal, "10.0.0.7:8065", "[::1]:80"]
  sign: {secret: key}
""",
    )
    sender = "Müller's mill <mill@example.org>"
    assert settings.mail == Mail(
        "smtp.example.org", sender, "starttls", 0, "mill", "mail-password", ("example.org",)
    )
    assert settings.webhooks == Webhooks(("chat.internal", "10.0.0.7:8065", "[::1]:80"), "key")
    assert settings_of(tmp_path, "mail: {host: h, from: a@b.c, tls: none}").mail == Mail(
        "h", "a@b.c", "none"
    )


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("mail: {host: h}", "mail.from", "missing"),
        ("mail: {from: a@b.c}", "mail.host", "missing"),
        ("mail: {host: 'h\\r\\nx', from: a@b.c}", "mail.host", "a host's name"),
        ('mail: {host: h, from: "a@b.c\\r\\nBcc: x@y.z"}', "mail.from", "an address of mail"),
        ("mail: {host: h, from: 'A, B <a@b.c>'}", "mail.from", "an address of mail"),
        ("mail: {host: h, from: 'a@b.c, x@y.z'}", "mail.from", "an address of mail"),
        ("mail: {host: h, from: a@b.c, user: u}", "mail.password", "go together"),
        ("mail: {host: h, from: a@b.c, password: {secret: s}}", "mail.user", "go together"),
        ("mail: {host: h, from: a@b.c, user: u, password: {secret: s}, tls: none}", "mail.tls",
         "starttls or tls only"),
        ("mail: {host: h, from: a@b.c, port: 70000}", "mail.port", "65535"),
        ("mail: {host: h, from: a@b.c, domains: ['@b.c']}", "mail.domains[0]", "behind the @"),
        ("webhooks: {private: ['https://chat']}", "webhooks.private[0]", "a host"),
        ("webhooks: {sign: key}", "webhooks.sign", "expected {secret: NAME}"),
        ("webhooks: {sign: {secret: 'a b'}}", "webhooks.sign.secret", "letters, digits"),
    ],
)  # fmt: skip
def test_faults_of_mail_and_webhooks(tmp_path: Path, text: str, path: str, said: str) -> None:
    faults = faults_of(tmp_path, text)
    assert list(faults) == [path]
    assert said in faults[path]


def test_a_password_that_stands_there_itself_is_not_shown(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, "mail: {host: h, from: a@b.c, user: u, password: hunter2}")
    assert list(faults) == ["mail.password"]
    assert "hunter2" not in faults["mail.password"]
