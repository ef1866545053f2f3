"""Environments in both flavours' words, and the files that they name."""

import pytest

from millwork.base.errors import InvalidFile
from millwork.spec.model import Component, Environment
from tests.formats.azureml.probes import FILES, FOLDERS, OLD, V2, changed
from tests.formats.azureml.reading import component_of, errors_of, files_of, read, warnings_of

pytestmark = pytest.mark.quick

NESTED = {
    **FILES,
    "envs/conda.yaml": "dependencies: [python=3.9, {pip: [-r more.txt, ./own]}]\n",
    "envs/env.yaml": "image: base\nconda_file: conda.yaml\n",
    "envs/requirements.txt": "numpy\n-r more.txt\n",
    "broken.yaml": "dependencies: {a: b}\n",
    "refused.yaml": "dependencies: [some-unheard-of-tool=1.0]\n",
}
AROUND = files_of(NESTED, [*FOLDERS, "envs"])


def old(environment: str) -> Component:
    return component_of(changed(OLD, f"environment: {environment}"), AROUND)


def v2(environment: str) -> Component:
    text = changed(V2, f"{{environment: {environment}, code: <drop>}}")
    return component_of(text, AROUND)


def reference(text: str) -> str:
    return str(component_of(changed(V2, f"environment: '{text}'"), AROUND).body["environment"])


@pytest.mark.parametrize(
    "text",
    [
        "azureml:env:1", "azureml:env@latest", "azureml:env", "sklearn-1.5@latest",
        "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        "azureml:/subscriptions/s/x", "/subscriptions/s/x",
    ],
)  # fmt: skip
def test_a_reference_is_kept_for_the_map(text: str) -> None:
    assert reference(text) == text


NO_CONDA = "conda_dependencies: <drop>"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("{conda: <drop>}", None),
        (f"{{conda: {{{NO_CONDA}}}}}", None),
        (f"{{conda: {{{NO_CONDA}, userManagedDependencies: true}}}}", None),
        (f"{{conda: {{{NO_CONDA}, conda_dependencies_file: envs/conda.yaml}}}}",
         Environment("-r /here/envs/more.txt\n/here/envs/own", "3.9")),
        (f"{{conda: {{{NO_CONDA}, conda_file: 'file:envs/conda.yaml'}}}}",
         Environment("-r /here/envs/more.txt\n/here/envs/own", "3.9")),
        (f"{{conda: {{{NO_CONDA}, condaDependenciesFile: conda.yaml}}}}",
         Environment("pandas", "3.10")),
        (f"{{conda: {{{NO_CONDA}, pip_requirements_file: envs/requirements.txt}}}}",
         Environment("numpy\n-r /here/envs/more.txt", "")),
        ("{conda: {pip_requirements_file: no.txt, conda_dependencies_file: no.yaml}}",
         Environment("pandas", "3.10")),
    ],
)  # fmt: skip
def test_the_packages_of_the_old_flavour(environment: str, expected: Environment | None) -> None:
    assert old(environment).environment == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("{conda_file: <drop>}", None),
        ("{conda_file: envs/conda.yaml}",
         Environment("-r /here/envs/more.txt\n/here/envs/own", "3.9")),
        ("{conda_file: {dependencies: [python=3.8]}}", Environment("", "3.8")),
    ],
)  # fmt: skip
def test_the_packages_of_v2(environment: str, expected: Environment | None) -> None:
    component = v2(environment)
    assert component.environment == expected
    assert component.image == "ubuntu:22.04"
    assert "environment" not in component.body


def test_an_environment_in_a_file_of_its_own() -> None:
    component = v2("'file:envs/env.yaml'")
    assert component.image == "base"
    assert component.environment == Environment("-r /here/envs/more.txt\n/here/envs/own", "3.9")
    wrong = files_of({"envs/env.yaml": "image: x\nbogus: 1\n"}, ["src"])
    with pytest.raises(InvalidFile, match=r"^envs/env.yaml:2:1: error: bogus: unknown field"):
        read(changed(V2, "environment: 'file:envs/env.yaml'"), wrong)
    text = changed(V2, "environment: 'file:envs/no.yaml'")
    assert errors_of(text, AROUND) == {"environment": "there is no file envs/no.yaml"}


def test_an_environment_that_is_only_named() -> None:
    named = "{conda_file: <drop>, image: <drop>, name: e}"
    assert v2(named).body["environment"] == "azureml:e@latest"
    named = "{conda: <drop>, docker: <drop>, name: e, version: 1.10}"
    assert old(named).body["environment"] == "azureml:e:1.10"


def test_what_a_conda_file_asks_for_and_pip_has_not_is_refused() -> None:
    component = v2("{conda_file: refused.yaml}")
    assert len(component.refusals) == 1
    assert component.refusals[0].startswith("component.yaml:")
    assert "refused.yaml:1: conda package 'some-unheard-of-tool=1.0'" in component.refusals[0]


def test_a_conda_file_that_is_none_loads_as_in_azureml_and_does_not_run() -> None:
    component = v2("{conda_file: broken.yaml}")
    assert component.environment is None
    assert "broken.yaml:1" in component.refusals[0]


@pytest.mark.parametrize(
    "environment",
    ["{docker: {build: {dockerfile: 'file:./Dockerfile'}}}", "{docker: {base_dockerfile: FROM x}}"],
)
def test_a_dockerfile_is_told_in_one_line(environment: str) -> None:
    told = warnings_of(changed(OLD, f"environment: {environment}"), AROUND)
    assert [*told.values()] == [
        "an image is built from it only by a container engine; on the host it is not used"
    ]
