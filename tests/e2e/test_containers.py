"""Runs in containers, by the command line: images, the cache, requirements, resume and cancel."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.host.processes import marked
from tests.conftest import gone, listing, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Background, Component, Millwork, Pipeline
    from tests.engines.images import Storage

pytest_plugins = ("tests.engines.images",)
pytestmark = pytest.mark.xdist_group("containers")

RUN = ("run", "--engine", "container")
WHEEL = "thing-1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def settings(home: Path, storage: Storage, sh_image: str) -> Any:
    """Lets the home's containers be those of the tests' storage, and keeps what was found out."""
    home.mkdir(exist_ok=True)
    kept = storage.folder / "containers.json"
    if kept.exists():
        shutil.copy(kept, home)
    write_settings(home, storage)
    yield
    if (home / kept.name).exists():
        shutil.copy(home / kept.name, kept)


def write_settings(home: Path, storage: Storage, **fields: Any) -> None:
    content = {"container": {"command": list(storage.command), **fields}}
    (home / "settings.yaml").write_text(json.dumps({**content, **fields.pop("more", {})}))


def left(home: Path, storage: Storage) -> list[str]:
    """Containers of this home's attempts that are still there."""
    attempts = os.listdir(home / "attempts")
    listed = storage.call("ps", "--all", "--format", "{{.Names}}").stdout.decode().split()
    return [name for name in listed if name.removeprefix("millwork-") in attempts]


def test_a_step_runs_in_its_image_and_is_reused_until_the_tag_moves(
    millwork: Millwork, component: Component, storage: Storage, home: Path, sh_image: str
) -> None:
    from tests.engines import images  # after pytest has made it a plugin

    tag = "localhost/mw-moving:1"
    storage.call("tag", sh_image, tag)
    file = component('echo "in $(ls /)"; echo 3 >$PAI_OUTPUT_V', image=tag, outputs={"v": {
        "type": "value"}})  # fmt: skip
    first = millwork(*RUN, file, "--json")
    assert first.code == 0, first.err
    assert "work" not in first.err.split("in ")[1].split()  # the host's root has more
    assert "is not used" not in first.err
    assert (home / f"attempts/{first.json['run']}-1/ml/output/v/value.json").read_text() == "3\n"
    page = millwork("runs", "show", "last", "--json").json
    (image,) = page["facts"]["images"].values()
    usage = page["steps"][0]["tries"][0]["usage"]
    assert page["facts"]["engine"] == "container"
    assert image["id"] == usage["image"]
    assert (usage["mounts"], usage["peak_memory"] > 0) == ("container", True)

    again = millwork(*RUN, file)
    assert "succeeded: reused " in again.err
    assert "moved" not in again.err
    here = millwork("run", file)
    assert f"image {tag} is not used" in here.err
    assert "reused" not in here.err  # what this machine's programs made is another result

    other = images.archive({**images._system(), "etc/other": home / "settings.yaml"})
    storage.add("localhost/mw-other:1", other)
    storage.call("tag", "localhost/mw-other:1", tag)
    moved = millwork(*RUN, file)
    assert f"image {tag}: the tag has moved from {image['id']} to sha256:" in moved.err
    assert "reused" not in moved.err
    why = millwork("runs", "why", "last/step")
    assert "image" in why.out


def test_what_cannot_run_is_refused_before_the_run(
    millwork: Millwork, component: Component, pipeline: Pipeline, storage: Storage, home: Path,
    sh_image: str, bare_image: str,
) -> None:  # fmt: skip
    def said(*words: str | Path, code: int = 2) -> str:
        result = millwork(*RUN, *words)
        assert result.code == code, result.err
        return result.err

    plain = component("true", "plain")
    assert "step 'plain': there is no image to run it in: add `image:`" in said(plain)
    assert f"image {bare_image} has no sh" in said(plain, "--image", bare_image)
    (plain.parent / "requirements.txt").write_text("numpy\n")
    code = component("true", "plain", code=".", image=sh_image)
    wanted = f"step 'plain': image {sh_image} has no Python, and the code has a requirements.txt"
    assert wanted in said(code)
    assert "--image goes with a component or a COMMAND" in said(
        pipeline({"plain": {}}), "--image", sh_image
    )
    write_settings(home, storage, pull="never")
    absent = "localhost/no-such:1"
    assert f"image {absent} is not on this machine, and pull is never" in said(
        "--image", absent, "--", "true", code=3
    )
    write_settings(home, storage, pull="sometimes")
    assert "'sometimes' is not one of missing, always, never" in said(plain)
    write_settings(home, storage, command=["no-such-podman"])
    assert "no-such-podman is not installed" in said("--image", absent, "--", "true", code=3)
    assert "note  containers" in millwork("doctor").out
    write_settings(home, storage, network="none")
    gang = component("true", "gang", image=sh_image, job_type="PyTorchJob")
    assert "container.network in settings.yaml is none" in said(gang, "--replicas", "2")
    mpi = component("true", "gang", image=sh_image, job_type="MPIJob")
    assert "several replicas runs on this machine only" in said(mpi, "--replicas", "2")
    assert millwork("runs", "list", "--json").json == []


def test_the_settings_say_engine_and_image(
    millwork: Millwork, storage: Storage, home: Path, sh_image: str
) -> None:
    settings = {"engine": "container", "container": {
        "command": list(storage.command), "image": sh_image}}  # fmt: skip
    (home / "settings.yaml").write_text(json.dumps(settings))
    inside = millwork("run", "--", "ls /")
    assert inside.code == 0, inside.err
    assert "work" not in inside.out.split()
    doctor = {each["what"]: each for each in millwork("doctor", "--json").json}
    assert doctor["containers"]["says"].startswith("podman ")
    here = millwork("run", "--engine", "local", "--", "ls /")
    assert set(here.out.split()) > set(inside.out.split()) - {"run"}


def _wheel(folder: Path, text: str) -> None:
    """A package of one module, which needs nothing to be installed."""
    info = "thing-1.0.dist-info"
    files = {
        "thing.py": f"TEXT = {text!r}\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)


def test_requirements_are_installed_in_the_image(
    millwork: Millwork, component: Component, python_image: str
) -> None:
    command = "python3 -c 'import thing, os; print(thing.TEXT, os.environ[\"FROM_IMAGE\"])'"
    file = component(command, code=".", image=python_image)
    (file.parent / "requirements.txt").write_text(f"./{WHEEL}\n")
    _wheel(file.parent, "it is here")
    done = millwork(*RUN, file)
    assert done.code == 0, done.out + done.err
    assert done.out.splitlines()[0] == "python3 -m pip install -r /ml/usercode/requirements.txt"
    assert "Successfully installed thing-1.0" in done.out
    assert done.out.splitlines()[-1] == "it is here yes"

    (file.parent / "requirements.txt").write_text("./no-such.whl\n")
    failed = millwork(*RUN, file, "--json")
    assert failed.step("step")["reason"] == "requirements.txt: pip ended with 1; the log says why"


def test_an_azureml_component_finds_its_run(
    millwork: Millwork, write: Callable[[str, str], Path], python_only_image: str
) -> None:
    code = "from azureml.core import Run; Run.get_context().log('m', 3); print(sys.argv[1:])"
    content = {
        "$schema": "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json",
        "type": "command", "name": "aml", "version": "1", "environment": {
            "image": python_only_image}, "inputs": {"x": {"type": "string", "default": "a b"}},
        "command": f'python3 -c "import sys; {code}" "${{{{inputs.x}}}}"',
    }  # fmt: skip
    done = millwork(*RUN, write("aml.yaml", json.dumps(content)), "--json")
    assert done.code == 0, done.err
    assert "['a b']" in done.err
    assert done.json["steps"][0]["metrics"] == {"m": 3}


def test_a_pipeline_hands_data_on_between_containers(
    millwork: Millwork, component: Component, pipeline: Pipeline, sh_image: str
) -> None:
    component("echo one >${PAI_OUTPUT_O}f", "a", outputs={"o": {}}, image=sh_image)
    component(
        "cat $PAI_INPUT_I/f >${PAI_OUTPUT_O}g; echo m=7", "b", inputs={"i": {}}, outputs={"o": {}},
        metrics=[{"name": "m", "regex": "m=(.*)"}], image=sh_image,
    )  # fmt: skip
    nodes = {"a": {}, "b": {"inputs": {"i": {"from": "a.o"}}}}
    done = millwork(*RUN, pipeline(nodes, outputs={"all": {"from": "b.o"}}), "--json")
    assert done.code == 0, done.err
    assert done.step("b")["metrics"] == {"m": 7}
    with open(f"{done.json['outputs']['all']}/g") as file:
        assert file.read() == "one\n"


def test_a_run_goes_on_after_its_millwork_was_killed(
    millwork: Millwork, component: Component, background: Callable[..., Background], home: Path,
    storage: Storage, sh_image: str,
) -> None:  # fmt: skip
    command = "echo began >began; while [ ! -e go ]; do sleep 0.1; done; echo done"
    run = background(*RUN, component(command, image=sh_image))
    (began,) = until(lambda: list(home.glob("attempts/*/ml/usercode/began")))
    run.process.kill()
    run.process.wait()
    resumed = background("runs", "resume", "last")
    until(lambda: listing(millwork)[0]["status"] == "running")
    (began.parent / "go").touch()
    assert resumed.end()[0] == 0
    assert millwork("runs", "logs", "last").out == "done\n"
    page = millwork("runs", "show", "last", "--json").json
    assert [each["number"] for each in page["steps"][0]["tries"]] == [1]
    assert left(home, storage) == []


def test_a_run_is_cancelled_with_its_container(
    millwork: Millwork, component: Component, background: Callable[..., Background], home: Path,
    storage: Storage, sh_image: str,
) -> None:  # fmt: skip
    command = "trap 'echo bye; exit 0' TERM; echo x >began; while :; do sleep 0.1; done"
    run = background(*RUN, component(command, image=sh_image))
    until(lambda: list(home.glob("attempts/*/ml/usercode/began")))
    assert millwork("runs", "cancel", "last").out.endswith(" cancelled\n")
    code, out, _ = run.end()
    assert (code, out.splitlines()[-1]) == (1, "bye")
    assert left(home, storage) == []
    # Nobody drives it any more: whoever cancels it ends the container.
    run = background(*RUN, component("echo x >began; sleep 300", image=sh_image))
    until(lambda: len(list(home.glob("attempts/*/ml/usercode/began"))) == 2)
    run.process.kill()
    run.process.wait()
    last = millwork("runs", "list", "--json").json[0]["run"]
    pids = marked(f"{last}-1")
    assert millwork("runs", "cancel", "last").out == f"{last} cancelled\n"
    assert pids
    assert all(gone(pid) for pid in pids)
    assert left(home, storage) == []


@pytest.mark.parametrize("kind", ["python", "shell"])
def test_the_workers_of_a_batch_lease_their_shards_in_containers(
    millwork: Millwork, component: Component, tmp_path: Path, python_image: str, kind: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(12):
        (data / f"{number:02}").write_text(f"text {number}\n")
    commands = {
        "python": "python3 work.py",
        "shell": "millwork shard map --to lines.txt -- cat {}",
    }
    file = component(
        commands[kind], "batch", job_type="ElasticBatchJob", image=python_image,
        inputs={"data": {"type": "folder"}}, outputs={"found": {"type": "folder"}},
        batch={"input": "data", "split": {"files": 2}, "append": "lines.txt"},
    )  # fmt: skip
    (file.parent / "work.py").write_text(
        "from millwork_worker import shards\n"
        "for shard in shards():\n"
        "    with shard.output('lines.txt') as out:\n"
        "        out.writelines(open(path).read() for path in shard.files)\n"
    )
    words = ("-i", f"data={data}", "--replicas", "2", "--json")
    result = millwork(*RUN, file, *words)
    assert result.code == 0, result.err
    lines = f"{result.json['outputs']['found']}/lines.txt"
    with open(lines) as found:
        assert found.read() == "".join(f"text {number}\n" for number in range(12))
