"""References in all their spellings, what they lead to, and the curated environments."""

import pytest

from millwork.formats.azureml.references import (
    Asset,
    Bridge,
    Bridges,
    References,
    asset_of,
    curated,
    is_reference,
    plain_url,
)
from millwork.spec.model import Environment

pytestmark = pytest.mark.quick

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/p/workspaces/w"
IN_STORE = "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/ds/paths/a/b.csv"


@pytest.mark.parametrize(
    "text",
    ["azureml:taxi:1", "azureml:taxi@latest", "azureml://registries/r/components/x/versions/1",
     "azureml://datastores/ds/paths/a/", "https://h/x.csv", "wasbs://c@a.blob/x", "abfss://c@a/x",
     "HTTPS://h/x"],
)  # fmt: skip
def test_what_is_a_reference(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize(
    "text", ["", "data/x.csv", "./azureml:x", "/data", "file:./x", "file:///x", "azureml:", "a:b"]
)
def test_what_is_none(text: str) -> None:
    assert not is_reference(text)


@pytest.mark.parametrize(
    ("text", "asset"),
    [
        ("azureml:train:1", Asset("", "train", "1")),
        ("azureml:train:0.0.1", Asset("", "train", "0.0.1")),
        ("azureml:train@latest", Asset("", "train", "@latest")),
        ("azureml:train", Asset("", "train", "")),
        ("train@latest", Asset("", "train", "@latest")),
        ("train:1", Asset("", "train", "1")),
        ("train", Asset("", "train", "")),
        ("azureml://registries/r/components/x/versions/1", Asset("r", "x", "1")),
        ("azureml://registries/r/environments/x/labels/latest", Asset("r", "x", "@latest")),
        ("azureml://registries/r/environments/x", Asset("r", "x", "")),
        (f"azureml:{WORKSPACE}/environments/x/versions/3", Asset("", "x", "3")),
        (f"{WORKSPACE}/environments/x/labels/latest", Asset("", "x", "@latest")),
        ("azureml://locations/l/workspaces/w/data/x/versions/2", Asset("", "x", "2")),
        ("azureml://datastores/ds/paths/a", None),
        (IN_STORE, None),
        ("https://h/x", None),
        ("./train.yaml", None),
        ("two words:1", None),
        ("azureml:a:b:c", None),
        ("", None),
    ],
)
def test_the_spellings_of_an_asset(text: str, asset: Asset | None) -> None:
    assert asset_of(text) == asset


def test_an_entry_serves_every_spelling_of_its_version() -> None:
    references = References(components={"azureml:train:1": "/c/one.yaml"})
    assert references.component("azureml:train:1") == "/c/one.yaml"
    assert references.component(f"azureml:{WORKSPACE}/components/train/versions/1") == "/c/one.yaml"
    assert references.component("azureml:train:2") is None
    assert references.component("azureml:train@latest") is None
    assert references.component("azureml://registries/r/components/train/versions/1") is None


def test_an_entry_without_a_version_serves_all_that_have_none_of_their_own() -> None:
    references = References(
        components={"azureml:train": "/any", "azureml:train:2": "/two"},
        environments={"azureml://registries/r/environments/e": Environment("x")},
    )
    assert references.component("azureml:train:1") == "/any"
    assert references.component("azureml:train@latest") == "/any"
    assert references.component("azureml:train:2") == "/two"
    text = "azureml://registries/r/environments/e/labels/latest"
    assert references.environment(text) == Environment("x")


def test_labels_are_entries_of_their_own() -> None:
    references = References(components={"azureml:train@latest": "/new"})
    assert references.component("azureml:train@latest") == "/new"
    assert references.component("azureml:train:1") is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("azureml:taxi:1", "/d/taxi"),
        ("azureml://datastores/ds/paths/a/b.csv", "/d/one.csv"),
        ("azureml://datastores/ds/paths/a/c.csv", "/d/a/c.csv"),
        ("azureml://datastores/ds/paths/a/x/y.csv", "/d/x/y.csv"),
        ("azureml://datastores/ds/paths/a/x", "/d/x"),
        ("azureml://datastores/ds/paths/a/", "/d/a"),
        ("azureml://datastores/ds/paths/a", "/d/a"),
        (IN_STORE, "/d/one.csv"),
        (IN_STORE.replace("b.csv", "c.csv"), "/d/a/c.csv"),
        ("azureml://datastores/ds/paths/ab/c.csv", None),
        ("https://h/x.csv?sig=secret", "/d/x.csv"),
        ("https://h/x.csv/more", None),
        ("wasbs://c@a.net/p/q?sig=secret", "/d/w/q"),
        ("azureml:other:1", None),
    ],
)
def test_data_by_name_by_address_and_by_folder(text: str, path: str | None) -> None:
    references = References(
        datasets={
            "azureml:taxi:1": "/d/taxi",
            "azureml://datastores/ds/paths/a/": "/d/a",
            "azureml://datastores/ds/paths/a/x/": "/d/x",
            "azureml://datastores/ds/paths/a/b.csv": "/d/one.csv",
            "https://h/x.csv?sig=other": "/d/x.csv",
            "wasbs://c@a.net/p/": "/d/w",
        }
    )
    assert references.data(text) == path


def test_an_entry_may_be_spelled_in_full() -> None:
    assert (
        References(datasets={IN_STORE: "/d"}).data("azureml://datastores/ds/paths/a/b.csv") == "/d"
    )
    assert plain_url(IN_STORE) == "azureml://datastores/ds/paths/a/b.csv"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("azureml://registries/azureml/environments/sklearn-1.5/labels/latest", "scikit-learn=="),
        ("azureml://registries/azureml/environments/sklearn-1.5/versions/12", "scikit-learn==1.5"),
        ("azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu:11", "scikit-learn==1.1.3"),
        ("AzureML-sklearn-0.24-ubuntu18.04-py37-cpu@latest", "scikit-learn==1.1.3"),
        ("azureml:azureml-SKLEARN-1.5@latest", "scikit-learn==1.5"),
        ("azureml:AzureML-lightgbm-3.3@latest", "lightgbm==3.3.5"),
        ("azureml://registries/azureml/environments/lightgbm/labels/latest", "lightgbm==4"),
        ("azureml:AzureML-ACPT-pytorch-1.13-py38-cuda11.7-gpu:1", "torch==1.13.1"),
        ("azureml://registries/azureml/environments/acpt-pytorch-2.8-cuda12.6/versions/1",
         "torch==2.8.0"),
        ("azureml:AzureML-tensorflow-2.4-ubuntu18.04-py37-cuda11-gpu@latest", "tensorflow==2.12"),
        ("azureml://registries/azureml/environments/tensorflow-2.16-cuda12/labels/latest",
         "tensorflow==2.16"),
        ("azureml:AzureML-Minimal@latest", "mlflow=="),
        ("azureml://registries/azureml/environments/python-sdk-v2/labels/latest", "azure-ai-ml=="),
        ("azureml://registries/azureml/environments/responsibleai-tabular/versions/2",
         "responsibleai=="),
    ],
)  # fmt: skip
def test_the_curated_environments(text: str, first: str) -> None:
    environment = References().environment(text)
    assert environment is not None
    assert environment.requirements.startswith(first)
    assert environment.requirements.endswith("\n")
    assert environment.python == "3.11"


@pytest.mark.parametrize(
    "text",
    [
        "azureml:sklearn-1.5:1",  # a workspace's own
        "azureml://registries/r/environments/sklearn-1.5/versions/1",
        "azureml://registries/azureml/environments/sklearn-1.50/versions/1",
        "azureml://registries/azureml/environments/sklearn/versions/1",
        "azureml://registries/azureml/environments/tensorflow-2.99/versions/1",
        "azureml:AzureML-@latest",
        "azureml:AzureML-AutoML:1",
        "https://h/sklearn-1.5",
    ],
)
def test_what_is_not_curated(text: str) -> None:
    assert curated(text) is None


def test_sklearn_1_5_is_pinned_for_its_users_code() -> None:
    environment = curated("azureml://registries/azureml/environments/sklearn-1.5/labels/latest")
    assert environment is not None
    pinned = dict(line.split("==") for line in environment.requirements.split())
    assert pinned["pandas"] < "2"
    assert pinned["numpy"] < "2"
    assert {"scikit-learn", "scipy", "joblib", "matplotlib", "mlflow"} <= pinned.keys()


def test_the_users_map_wins_over_the_curated() -> None:
    text = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
    mine = {"azureml://registries/azureml/environments/sklearn-1.5": Environment("mine\n")}
    assert References(environments=mine).environment(text) == Environment("mine\n")


def test_bridges_by_ref_id_then_by_type() -> None:
    scope, one = Bridge(command="scope"), Bridge(component="/one.yaml")
    bridges = Bridges({"ScopeComponent": scope, "AB-12": one})
    assert bridges.find("ScopeComponent") == scope
    assert bridges.find("ScopeComponent@1-legacy", "unknown") == scope
    assert bridges.find("scope") == scope
    assert bridges.find("ScopeComponent", "ab-12") == one
    assert bridges.find("HemeraComponent", "AB-12") == one
    assert bridges.find("HemeraComponent") is None
    assert Bridges().find("ScopeComponent") is None
    assert bridges.find("") is None
