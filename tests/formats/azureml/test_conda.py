"""Conda files as lists for pip: names, versions, local paths, what is refused and what left out."""

from pathlib import Path

import pytest

from millwork.base.errors import InvalidFile
from millwork.formats.azureml.conda import Conda, absolute_line, read_conda, read_conda_text
from millwork.spec.document import parse

pytestmark = pytest.mark.quick


def conda_of(*dependencies: str) -> Conda:
    lines = "".join(f"  - {dependency}\n" for dependency in dependencies)
    return read_conda_text(f"name: e\nchannels: [defaults]\ndependencies:\n{lines}", "/at/c.yaml")


def faults_of(text: str) -> dict[str, tuple[int, str]]:
    with pytest.raises(InvalidFile) as caught:
        read_conda_text(text, "c.yaml")
    return {fault.path: (fault.line, fault.message) for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpy"),
        ("numpy=1.21", "numpy==1.21.*"),
        ("numpy = 1.21", "numpy==1.21.*"),
        ("numpy=1.21.*", "numpy==1.21.*"),
        ("numpy=1.21*", "numpy==1.21.*"),
        ("numpy==1.21.2", "numpy==1.21.2"),
        ("numpy==1.21.*", "numpy==1.21.*"),
        ("numpy 1.21.2", "numpy==1.21.2"),
        ("numpy 1.21.*", "numpy==1.21.*"),
        ("numpy=1.21.2=py38h20f2e39_0", "numpy==1.21.2"),
        ("numpy==1.21.2=py38_0", "numpy==1.21.2"),
        ("numpy 1.21.2 py38_0", "numpy==1.21.2"),
        ("numpy=*", "numpy"),
        ("'numpy *'", "numpy"),
        ("pandas>=1.1,<1.2", "pandas>=1.1,<1.2"),
        ("pandas >=1.1, <2.0a0", "pandas>=1.1,<2.0a0"),
        ("pandas>=1.1.*", "pandas>=1.1"),
        ("pandas!=1.3.1", "pandas!=1.3.1"),
        ("pandas!=1.3.*", "pandas!=1.3.*"),
        ("pandas~=1.3.5", "pandas~=1.3.5"),
        ("pandas~=1", "pandas==1.*"),
        ("conda-forge::pandas=1.3", "pandas==1.3.*"),
        ("pytorch::pytorch=1.13.1", "torch==1.13.1.*"),
        ("PyYAML", "pyyaml"),
        ("py-xgboost=1.3.3", "xgboost==1.3.3.*"),
        ("typing_extensions", "typing_extensions"),
        ("huggingface-hub", "huggingface_hub"),
        ("scikit-learn-intelex", "scikit-learn-intelex"),
    ],
)
def test_conda_packages_as_pips(conda: str, pip: str) -> None:
    assert conda_of(conda) == Conda(requirements=(pip,))


@pytest.mark.parametrize(
    ("asked", "python"),
    [
        ("python", ""),
        ("python=3.8", "3.8"),
        ("python=3.6.8", "3.6"),
        ("python==3.8.12", "3.8"),
        ("python=3.10=h12debd9_0", "3.10"),
        ("python 3.9", "3.9"),
        ("python>=3.8", ""),
        ("python>=3.8.5", ""),
        ("python>=3.8,<3.11", "3.10"),
        ("python>=3.8,<3.13", "3.11"),
        ("python>=3.7,<=3.9", "3.9"),
        ("python<3.9.5", "3.9"),
        ("python>=3.12", "3.12"),
        ("python>3.8,!=3.11.*", "3.10"),
        ("python!=3.9.1,<3.10", "3.9"),
        ("python~=3.8", ""),
        ("python~=3.8.1", "3.8"),
        ("python=3", ""),
    ],
)
def test_the_python_that_is_named(asked: str, python: str) -> None:
    assert conda_of(asked) == Conda(python=python)


@pytest.mark.parametrize(
    "name",
    ["pip", "pip=20.2", "pip = 20.2", "setuptools=65.5.1", "wheel", "ca-certificates", "openssl=3",
     "_libgcc_mutex=0.1=main", "libgcc-ng=11.2.0=h1234567_1", "nodefaults"],
)  # fmt: skip
def test_what_only_conda_needs_is_left_out_without_a_word(name: str) -> None:
    assert conda_of(name) == Conda()


@pytest.mark.parametrize("name", ["cudatoolkit=11.3", "pytorch-cuda=11.6", "mkl", "cpuonly"])
def test_what_pip_brings_by_itself_is_left_out_with_a_word(name: str) -> None:
    message = f"conda package '{name}' is left out: pip's packages bring their own"
    assert conda_of("numpy", name).warnings == (f"/at/c.yaml:5: {message}",)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("openjdk=11", "no pip package is known for it"),
        ("r-base", "no pip package is known for it"),
        ("numpy=1.2|1.3", "its version cannot be said to pip"),
        ("numpy[version='>=1.2']", "its version cannot be said to pip"),
        ("numpy=>1.2", "its version cannot be said to pip"),
        ("numpy==1.2,", "its version cannot be said to pip"),
        ("openpyxl=one", "its version cannot be said to pip"),
        ("python=2.7", "no Python 3 is known for it"),
        ("python=abc", "no Python 3 is known for it"),
        ("python>=3.99", "no Python 3 is known for it"),
    ],
)
def test_what_pip_cannot_do_is_refused_by_name(name: str, reason: str) -> None:
    read = conda_of(f'"{name}"')
    assert read == Conda(refused=(f"/at/c.yaml:4: conda package '{name}': {reason}",))


@pytest.mark.parametrize(
    ("line", "absolute"),
    [
        ("scikit-learn==1.0", "scikit-learn==1.0"),
        ("a[b]>=1 ; python_version < '3.8' # x/y", "a[b]>=1 ; python_version < '3.8' # x/y"),
        ("--extra-index-url https://x/y", "--extra-index-url https://x/y"),
        ("-r more.txt", "-r /at/more.txt"),
        ("-r../more.txt", "-r /more.txt"),
        ("--requirement=more.txt", "--requirement /at/more.txt"),
        ("-c limits.txt", "-c /at/limits.txt"),
        ("-r https://x/more.txt", "-r https://x/more.txt"),
        ("--find-links ./wheels", "--find-links /at/wheels"),
        ("-e .", "-e /at"),
        ("-e .[dev]", "-e /at[dev]"),
        ("--editable=./pkg", "--editable=/at/pkg"),
        ("-e git+https://h/r#egg=x", "-e git+https://h/r#egg=x"),
        (".", "/at"),
        ("./pkg ; python_version < '3.8'", "/at/pkg ; python_version < '3.8'"),
        ("../pkg", "/pkg"),
        ("sub/pkg", "/at/sub/pkg"),
        ("/abs/pkg", "/abs/pkg"),
        ("pkg-1.0-py3-none-any.whl", "/at/pkg-1.0-py3-none-any.whl"),
        ("pkg @ https://h/pkg.whl", "pkg @ https://h/pkg.whl"),
    ],
)
def test_paths_in_pips_lines_become_absolute(line: str, absolute: str) -> None:
    assert absolute_line(line, "/at") == absolute


def test_pips_lines_are_kept_in_their_order() -> None:
    read = conda_of("python=3.8", "numpy", "pip: [pyjokes, \"a; extra == 'x'\", -r r.txt]")
    assert read == Conda("3.8", ("numpy", "pyjokes", "a; extra == 'x'", "-r /at/r.txt"))
    assert conda_of("pip:") == Conda()


def test_a_relative_conda_file_starts_at_its_own_folder() -> None:
    read = read_conda_text("dependencies: [{pip: [./p]}]", "env/c.yaml")
    assert read.requirements == (str(Path.cwd() / "env/p"),)


def test_without_dependencies_nothing_is_asked_for() -> None:
    assert read_conda_text("name: e", "c.yaml") == Conda()
    assert read_conda_text("name: e\ndependencies:", "c.yaml") == Conda()


def test_unknown_fields_are_named() -> None:
    text = "dependancies: [numpy]\nvariables: {A: b}"
    assert read_conda_text(text, "c.yaml").warnings == (
        "c.yaml:1: 'dependancies' is not used here; did you mean 'dependencies'?",
        "c.yaml:2: 'variables' is not used here",
    )


def test_an_inline_document_speaks_of_its_file() -> None:
    inner = parse("dependencies: [mkl, graphviz]", "s.yaml")
    read = read_conda(inner, "/at", "s.yaml", ("environment", "conda"))
    assert read.warnings[0].startswith("s.yaml:1: conda package 'mkl'")
    assert read.refused[0].startswith("s.yaml:1: conda package 'graphviz'")
    assert read_conda(inner, "/at").warnings[0].startswith("line 1: ")


def test_every_fault_has_its_place() -> None:
    text = "dependencies:\n- [a]\n-\n- {conda: [x]}\n- pip: [[a], '']\n- pip: a\n- '>=1'\n"
    package = "expected a package, or pip: and a list of lines"
    line = "expected a line of a requirements file"
    assert faults_of(text) == {
        "dependencies[0]": (2, package),
        "dependencies[1]": (3, package),
        "dependencies[2]": (4, package),
        "dependencies[3].pip[0]": (5, line),
        "dependencies[3].pip[1]": (5, line),
        "dependencies[4].pip": (6, "expected a list of packages"),
        "dependencies[5]": (7, "'>=1' is no conda package"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dependencies: numpy", "expected a list of packages"),
        ("dependencies: {numpy: 1}", "expected a list of packages"),
        ("- numpy", "expected a mapping of fields at the top of the file"),
        ("", "the file is empty"),
        ("dependencies: [", "not YAML"),
    ],
)
def test_bad_documents(text: str, message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        read_conda_text(text, "c.yaml")


def test_an_inline_list_is_no_conda_document() -> None:
    node = parse("conda: [numpy]", "s.yaml").entries["conda"][1]
    with pytest.raises(InvalidFile) as caught:
        read_conda(node, "/at", "s.yaml", ("environment", "conda"))
    assert [str(fault) for fault in caught.value.faults] == [
        "s.yaml:1:8: error: environment.conda: expected a conda environment: name, dependencies"
    ]
