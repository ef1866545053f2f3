"""The registry's verbs, asked by people of several roles, over a home of the test's own."""

from __future__ import annotations

import multiprocessing
import os
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions import published
from millwork.api.binding import binding_of
from millwork.app.compose import open_context
from millwork.base.errors import BadRequest, Conflict, Forbidden, InvalidFile, NotFound
from millwork.base.names import is_text
from millwork.blobs import code
from millwork.plan.graph import Arguments, expand
from millwork.store.runs import RunStore
from tests.actions.shelf import Asker, component, loaded, names, pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.actions.context import Context

HOSTILE = ["../x", "a/b", ".", "a\0b", "x" * 300, "\u202ex", "", "\ud800"]
SLOW = "too slow for the new data"


# --- components ---------------------------------------------------------------------------


def test_a_component_has_versions_that_never_change(ann: Asker) -> None:
    first = ann("components.create", text=component(), labels={"team": "risk"})
    assert (first["version"], first["creator"], first["labels"]) == ("1.0.0", "ann",
                                                                     {"team": "risk"})  # fmt: skip
    again = ann("components.create", text=component(), labels={"team": "risk"})
    assert (again["version"], again["digest"]) == ("1.0.0", first["digest"])
    with pytest.raises(Conflict, match=r"1\.0\.0 is registered with another content: raise"):
        ann("components.create", text=component(command="false"))
    changed = ann("components.create", text=component(command="false"), version="next")
    assert (changed["version"], changed["definition"]["version"]) == ("1.0.1", "1.0.1")
    assert changed["document"]["text"] == component(command="false")
    assert ann("components.create", text=component(command="false"))["version"] == "1.0.1"
    with pytest.raises(Conflict, match="change that first"):
        ann("components.create", text=component(command="no"), version="next",
            visibility="private")  # fmt: skip
    with pytest.raises(Conflict, match="give another version"):
        ann("components.create", text=component(command="exit 3"), version="1.0.0")
    assert ann("components.version", name="train", version="1.0.0")["digest"] == first["digest"]
    page = ann("components.versions", name="train", limit=1)
    assert [item["version"] for item in page["items"]] == ["1.0.1"]
    rest = ann("components.versions", name="train", limit=1, after=page["next"])
    assert ([item["version"] for item in rest["items"]], rest["next"]) == (["1.0.0"], None)
    assert ann("components.diff", name="train", before="1.0.0", after="1.0.1")["differences"] == [
        {"path": "command", "change": "changed", "before": "true", "after": "false"},
        {"path": "labels.team", "change": "removed", "before": "risk", "after": None},
    ]


def test_the_version_is_the_one_that_the_text_says(ann: Asker) -> None:
    for version in ("2.0.0", "1.5.0"):
        made = ann("components.create", text=component(version=version, command=f"exit {version}"))
        assert made["version"] == version
    assert ann("components.show", name="train")["version"] == "2.0.0"
    bare = "AlgorithmName: bare\nAlgorithmSpec: {Command: 'exit %d', JobType: PyTorchJob}\n"
    made = [ann("components.create", text=bare % number)["version"] for number in range(3)]
    assert made == ["1.0.0", "1.0.1", "1.0.2"]
    said = f"AlgorithmVersion: 1.0.2\n{bare % 4}"
    with pytest.raises(Conflict, match=r"bare: 1\.0\.2 is registered"):
        ann("components.create", text=said)


def test_every_fault_of_a_text_has_its_place(ann: Asker) -> None:
    text = "apiVersion: millwork/v1\nkind: Component\nname: a/b\nversion: 1\ncommand: true\n"
    with pytest.raises(InvalidFile) as caught:
        ann("components.create", text=text)
    assert [(fault.file, fault.line, fault.path) for fault in caught.value.faults] == [
        ("text", 3, "name"), ("text", 4, "version"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "\0", "x: &a [*a, *a]", "[]", "null", "!!python/object:os.system {}", "\ud800",
     "apiVersion: millwork/v1", "- 1", "{}", "[" * 50, "type: command\nname: x"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["components", "pipelines"])
def test_a_text_that_is_none_is_refused(ann: Asker, text: str, kind: str) -> None:
    with pytest.raises(BadRequest):
        ann(f"{kind}.create", text=text)


def test_other_flavours_are_registered_as_they_are(ann: Asker) -> None:
    azure = (
        "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\n"
        "type: command\nname: azure_train\nversion: 3\n"
        "inputs: {rate: {type: number, default: 0.1}}\n"
        "outputs: {model: {type: uri_folder}}\n"
        "command: python train.py --rate ${{inputs.rate}}\nenvironment: {image: 'python:3.11'}\n"
    )
    made = ann("components.create", text=azure)
    assert (made["version"], made["document"]["flavour"]) == ("1.0.0", "azureml-v2")
    assert "artifacts" in made["definition"]["outputs"]
    assert names(ann("components.list", text="rate")) == ["azure_train"]


@pytest.mark.parametrize(
    "where",
    ["../../etc", "/etc", {"git": "file:///srv/x"}, {"git": "/srv/x"}, {"uri": "file://x"}],
)
def test_code_is_never_taken_from_the_server(ann: Asker, where: Any) -> None:
    with pytest.raises(InvalidFile, match="code"):
        ann("components.create", text=component(code=where))


def test_a_folder_of_code_is_uploaded_first(ann: Asker, tmp_path: Path) -> None:
    text = component(code="src")
    with pytest.raises(InvalidFile, match=r"its code is in \./src: send it \(--code DIR\)"):
        ann("components.create", text=text)
    with pytest.raises(InvalidFile, match=r"its code is in \.: send it"):
        ann("components.create", text=component(code="."))
    told = ann("components.create", text=component("unsaid"))["warnings"]
    assert ["no files were sent with it" in warning["message"] for warning in told] == [True]
    for bundle in ("0" * 64, "../" + "0" * 61):
        with pytest.raises(BadRequest):
            ann("components.create", text=text, bundle=bundle)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("print(1)\n")
    digest = code.snapshot(str(tmp_path / "src"), ann.context.code_store).digest
    ann("components.create", text=text, bundle=digest)
    definition = loaded(ann, "component", "train").definition
    assert definition.source.folder == f"{ann.context.code_store}/{digest}"
    assert (definition.version, definition.code.path) == ("1.0.0", ".")  # type: ignore[union-attr]
    kept = code.gather(definition.source.folder, [], ann.context.code_store)
    assert kept.digest == digest


def test_two_processes_get_two_versions(ann: Asker, home: Path) -> None:
    ann("components.create", text=component())
    forked = multiprocessing.get_context("spawn")
    with forked.Pool(2) as pool:
        made = pool.map(_register_from_elsewhere, [(str(home), number) for number in range(6)])
    assert sorted(made) == [f"1.0.{number}" for number in range(1, 7)]


def _register_from_elsewhere(task: tuple[str, int]) -> str:
    home, number = task
    os.environ["MILLWORK_HOME"] = home
    asker = Asker(open_context(), "ann")
    text = component(command=f"exit {number}")
    return str(asker("components.create", text=text, version="next")["version"])


# --- who sees and writes what -------------------------------------------------------------


def test_private_things_of_others_are_not_there(context: Context, ann: Asker, bob: Asker) -> None:
    ann("components.create", text=component(), visibility="private")
    assert names(ann("components.list")) == ["train"]
    assert names(bob("components.list")) == []
    for verb, arguments in (
        ("show", {}),
        ("versions", {}),
        ("version", {"version": "1.0.0"}),
        ("change", {"description": "x"}),
        ("deprecate", {"version": "1.0.0", "reason": "x"}),
        ("diff", {"before": "1.0.0", "after": "1.0.0"}),
        ("delete", {}),
    ):
        with pytest.raises(NotFound):
            bob(f"components.{verb}", name="train", **arguments)
    with pytest.raises(Conflict, match="choose another"):
        bob("components.create", text=component())
    with pytest.raises(NotFound):
        loaded(bob, "component", "train")
    assert names(Asker(context, "adi")("components.list")) == ["train"]
    with pytest.raises(NotFound):
        Asker(context, "eve", "other")("components.show", name="train")


def test_public_things_of_others_are_read_only(context: Context, ann: Asker, bob: Asker) -> None:
    ann("components.create", text=component())
    assert bob("components.show", name="train")["creator"] == "ann"
    for verb, arguments in (
        ("change", {"name": "train"}),
        ("create", {"text": component(command="false")}),
        ("deprecate", {"name": "train", "version": "1.0.0", "reason": "x"}),
        ("delete", {"name": "train"}),
    ):
        with pytest.raises(Forbidden):
            bob(f"components.{verb}", **arguments)
    with pytest.raises(Forbidden):
        Asker(context, "gus")("components.create", text=component())
    admin = Asker(context, "adi")
    changed = component(command="false", version="1.0.1")
    assert admin("components.create", text=changed)["author"] == "adi"
    admin("components.change", name="train", visibility="private", description="kept back")
    assert names(bob("components.list")) == []
    ann("components.delete", name="train")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(ann: Asker, name: str) -> None:
    refused = NotFound if is_text(name) else BadRequest
    for noun in ("components", "pipelines", "datasets", "models", "images", "codes"):
        with pytest.raises(refused):
            ann(f"{noun}.show", name=name)
        with pytest.raises(refused):
            ann(f"{noun}.version", name=name, version=name)
    with pytest.raises(BadRequest, match="name"):
        ann("datasets.create", name=name, uri="s3://b/x")
    with pytest.raises(BadRequest, match="name"):
        ann("drafts.save", name=name, text="")
    with pytest.raises(refused):
        ann("drafts.show", name=name)


@pytest.mark.parametrize("after", ["x", "W10=", "\0", "bnVsbA", "WzEuMCwgIlx1ZDgwMCJd"])
def test_a_cursor_that_is_none_is_refused(ann: Asker, after: str) -> None:
    for verb in ("components.list", "drafts.list"):
        with pytest.raises(BadRequest):
            ann(verb, after=after)
    with pytest.raises(BadRequest, match="limit"):
        ann("components.list", limit=0)


# --- pipelines ----------------------------------------------------------------------------


def test_nodes_name_what_is_registered_and_are_pinned(ann: Asker) -> None:
    ports: Any = {"outputs": {"model": {"type": "folder"}}}
    ann("components.create", text=component("fit", **ports))
    ann("components.create", text=component("score", inputs={"model": {"type": "folder"}}))
    nodes = {
        "a": {"component": "fit"},
        "b": {"component": "score@1.0.0", "inputs": {"model": {"from": "a.model"}}},
    }
    made = ann("pipelines.create", text=pipeline(nodes))
    pins = {key: pin["version"] for key, pin in made["document"]["pins"].items()}
    assert pins == {"fit": "1.0.0", "score@1.0.0": "1.0.0"}
    ann("components.create", text=component("fit", "1.0.1", command="false", **ports))
    graph = expand(loaded(ann, "pipeline", "pipe"), Arguments())
    assert {name: step.component.command for name, step in graph.steps.items()} == {
        "a": "true", "b": "true",
    }  # fmt: skip
    outer = pipeline({"inner": {"component": "pipe"}}, "outer")
    assert ann("pipelines.create", text=outer)["document"]["pins"]["pipe"]["kind"] == "pipeline"
    assert len(expand(loaded(ann, "pipeline", "outer"), Arguments()).steps) == 2
    with pytest.raises(Conflict, match="1 registered pipeline uses component 'fit'"):
        ann("components.delete", name="fit")
    with pytest.raises(Conflict):
        ann("pipelines.delete", name="pipe")
    ann("pipelines.delete", name="outer")
    ann("pipelines.delete", name="pipe")
    ann("components.delete", name="fit")


def test_wires_between_registered_components_are_checked(ann: Asker) -> None:
    ann("components.create", text=component("fit"))
    nodes = {
        "a": {"component": "fit", "inputs": {"x": {"from": "b.y"}}},
        "b": {"component": "nowhere@1.0.0"},
        "c": {"component": "../../etc/component.yaml"},
        "d": {"component": "./fit"},
        "e": {"component": "fit", "inputs": {"y": {"path": "/etc/passwd"}}},
    }
    with pytest.raises(InvalidFile) as caught:
        ann("pipelines.create", text=pipeline(nodes))
    assert {fault.path for fault in caught.value.faults} == {
        "nodes.a.inputs.x", "nodes.b.component", "nodes.c.component", "nodes.d.component",
        "nodes.e.inputs.y",
    }  # fmt: skip
    assert all(fault.line for fault in caught.value.faults)


def test_a_private_component_is_in_no_public_pipeline(ann: Asker, bob: Asker) -> None:
    ann("components.create", text=component(), visibility="private")
    text = pipeline({"a": {"component": "train"}})
    with pytest.raises(BadRequest, match="in a public pipeline: train"):
        ann("pipelines.create", text=text)
    with pytest.raises(InvalidFile, match="there is no component or pipeline 'train'"):
        bob("pipelines.create", text=text)
    assert ann("pipelines.create", text=text, visibility="private")["visibility"] == "private"


def test_deprecated_versions_still_run_and_say_so(ann: Asker) -> None:
    ann("components.create", text=component())
    ann("components.create", text=component(version="1.0.1", command="false"))
    with pytest.raises(BadRequest, match="reason: say why"):
        ann("components.deprecate", name="train", version="1.0.1", reason=" ")
    told = ann("components.deprecate", name="train", version="1.0.1", reason=SLOW)
    assert told["deprecated"] == SLOW
    assert ann("components.list")["items"][0]["deprecated"] == SLOW
    assert names(ann("components.list", deprecated=False)) == []
    latest = ann("pipelines.create", text=pipeline({"a": {"component": "train"}}, "p"))
    assert latest["document"]["pins"]["train"]["version"] == "1.0.0"
    named = ann("pipelines.create", text=pipeline({"a": {"component": "train@1.0.1"}}, "q"))
    assert [warning["message"] for warning in named["warnings"]] == [
        f"component 'train@1.0.1' is deprecated: {SLOW}"
    ]
    assert loaded(ann, "component", "train").definition.version == "1.0.0"
    assert loaded(ann, "component", "train", "1.0.1").definition.version == "1.0.1"
    ann("components.deprecate", name="train", version="1.0.0", reason=SLOW)
    with pytest.raises(NotFound, match="all versions of component 'train' are deprecated"):
        loaded(ann, "component", "train")
    told = ann("runs.create", component="train@1.0.0")["notices"]
    assert f"component train@1.0.0 is deprecated: {SLOW}" in told
    told = ann("runs.create", pipeline="q")["notices"]
    assert f"component train@1.0.1 is deprecated: {SLOW}" in told
    back = ann("components.deprecate", name="train", version="1.0.0", reason=None)
    assert back["deprecated"] == ""
    with pytest.raises(BadRequest, match="reason"):
        binding_of("components.deprecate").read({"name": "train", "version": "1.0.0"}, [], {})


def test_pipelines_stand_in_one_another_to_a_depth(ann: Asker) -> None:
    ann("components.create", text=component("p0"))
    for level in range(1, 16):
        below = {"a": {"component": f"p{level - 1}"}, "b": {"component": f"p{level - 1}"}}
        ann("pipelines.create", text=pipeline(below, f"p{level}"))
    with pytest.raises(BadRequest, match="at most 16"):
        ann("pipelines.create", text=pipeline({"a": {"component": "p15"}}, "p16"))


def test_a_version_is_read_once_while_all_that_it_names_is_there(
    ann: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann("components.create", text=component())
    ann("pipelines.create", text=pipeline({"a": {"component": "train"}}, "p"))
    first = loaded(ann, "pipeline", "p")
    with monkeypatch.context() as reading:
        reading.setattr(published, "read_published", lambda *_: pytest.fail("it is read again"))
        assert loaded(ann, "pipeline", "p") == first
    store = ann.context.store
    assert isinstance(store, RunStore)
    with store.database.transaction():
        store.database.execute("DELETE FROM version WHERE kind = 'component'")
    with pytest.raises(InvalidFile, match=r"p@1\.0\.0:.*: component train 1\.0\.0 is not there"):
        loaded(ann, "pipeline", "p")


def test_pipelines_that_name_one_another_often_are_read_as_fast(ann: Asker) -> None:
    ann("components.create", text=component())
    below = "train"
    for depth in range(15):
        nodes = {f"n{number}": {"component": below} for number in range(10)}
        ann("pipelines.create", text=pipeline(nodes, f"p{depth}"))
        below = f"p{depth}"
        assert len(loaded(ann, "pipeline", below).children) == 10  # of 10 ** 15 in all


def test_what_was_read_of_long_texts_does_not_stay(
    ann: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann("components.create", text=component())
    text = pipeline({"a": {"component": "train"}}, "p0")
    for number in range(4):
        long = f"{text}\n#{'x' * (number * 700_000)}".replace("p0", f"p{number}")
        ann("pipelines.create", text=long)
    reads: list[str] = []
    whole = published.read_published

    def counted(*given: Any) -> published.Published:
        reads.append(given[2])
        return whole(*given)

    monkeypatch.setattr(published, "read_published", counted)
    published._READ.clear()  # nothing else tells of what was read before
    for name in ("p0", "p1", "p1", "p2", "p2", "p0", "p3", "p3"):
        loaded(ann, "pipeline", name)
    pipelines = [file.partition("@")[0] for file in reads if file.startswith("p")]
    assert pipelines == ["p0", "p1", "p2", "p0", "p3", "p3"]


def test_a_pipeline_is_no_component(ann: Asker) -> None:
    ann("components.create", text=component())
    with pytest.raises(BadRequest, match="is a component"):
        ann("pipelines.create", text=component())
    with pytest.raises(BadRequest, match="is a pipeline"):
        ann("components.create", text=pipeline({"a": {"component": "train"}}))


# --- drafts -------------------------------------------------------------------------------


def test_drafts_are_saved_published_and_may_have_faults(ann: Asker, bob: Asker) -> None:
    text = pipeline({"a": {"component": "train"}})
    draft = ann("drafts.save", name="mine", text=text, visibility="private")
    assert (draft["revision"], draft["faults"][0]["path"]) == (1, "nodes.a.component")
    with pytest.raises(InvalidFile):
        ann("drafts.publish", name="mine", revision=1)
    ann("components.create", text=component())
    assert ann("drafts.show", name="mine")["faults"] == []
    saved = ann("drafts.save", name="mine", text=f"{text}\n", revision=1)
    assert (saved["revision"], saved["visibility"]) == (2, "private")
    with pytest.raises(Conflict, match="revision 2 is there"):
        ann("drafts.save", name="mine", text=text, revision=1)
    with pytest.raises(Conflict, match="at revision 2"):
        ann("drafts.publish", name="mine", revision=1)
    with pytest.raises(NotFound):
        bob("drafts.show", name="mine")
    with pytest.raises(Conflict, match="choose another"):
        bob("drafts.save", name="mine", text=text)
    assert ann("drafts.publish", name="mine", revision=2)["version"] == "1.0.0"
    assert names(ann("drafts.list")) == ["mine"]
    assert bob("drafts.list")["items"] == []
    ann("drafts.delete", name="mine")
    assert ann("drafts.save", name="mine", text="not: [yaml")["revision"] == 1


# --- what is said of a thing ----------------------------------------------------------------


def test_labels_are_changed_and_found_until_there_is_another_version(ann: Asker) -> None:
    ann("components.create", text=component())
    node = {"fit": {"component": "train"}}
    ann("pipelines.create", text=pipeline(node), labels={"team": "risk"})
    digest = ann("pipelines.show", name="pipe")["digest"]
    changed = ann("pipelines.change", name="pipe", labels={"template": "", "area": "North"})
    assert changed["labels"] == {"template": "", "area": "North"}
    shown = ann("pipelines.show", name="pipe")
    assert (shown["labels"], shown["digest"]) == (changed["labels"], digest)
    for wanted, found in (
        ({"label": "area=north"}, ["pipe"]), ({"label": "team"}, []), ({"text": "risk"}, []),
        ({"text": "north fit"}, ["pipe"]),
    ):  # fmt: skip
        assert names(ann("pipelines.list", **wanted)) == found
    assert ann("pipelines.change", name="pipe", description="x")["labels"] == changed["labels"]
    with pytest.raises(Conflict, match="1 registered pipeline uses"):
        ann("components.delete", name="train")
    ann("pipelines.create", text=pipeline(node, description="y"), version="next",
        labels={"team": "ops"})  # fmt: skip
    assert ann("pipelines.show", name="pipe")["labels"] == {"team": "ops"}
    assert ann("pipelines.version", name="pipe", version="1.0.0")["labels"] == {"team": "risk"}
    assert ann("pipelines.change", name="pipe", labels={})["labels"] == {}
    with pytest.raises(BadRequest, match="labels: the name"):
        ann("pipelines.change", name="pipe", labels={"no name": "x"})


def test_it_is_counted_in_how_many_pipelines_a_component_is(ann: Asker, bob: Asker) -> None:
    def used(who: Asker, name: str) -> list[int]:
        faces = who("palette.list", search=name)["items"]
        return [face["used"] for face in faces if face["name"] == name]

    ann("components.create", text=component())
    ann("components.create", text=component("other"))
    data = {"component": "builtin:sample_data", "parameters": {"name": "penguins"}}
    nodes = {"data": data, "more": data, "a": {"component": "train"}, "b": {"component": "train"}}
    ann("pipelines.create", text=pipeline(nodes, "first"))
    ann("pipelines.create", text=pipeline(nodes, "second"), visibility="private")
    assert used(ann, "train") == [2]
    assert used(bob, "train") == [1]
    assert used(ann, "other") == [0]
    assert used(bob, "sample_data") == [1]
    ann("pipelines.create", text=pipeline({"data": data}, "first"), version="next")
    assert used(bob, "train") == [0]
