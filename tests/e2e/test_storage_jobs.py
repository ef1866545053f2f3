"""Data by URI of what is more than one process: batches, sweeps, and jobs of several replicas."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.blobs.s3 import SECRET, S3Server
from tests.conftest import until
from tests.e2e.batches import NOTED, Batch, assert_nothing_left, of_home, reason
from tests.e2e.test_storage import connect, connected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Background, Component, Millwork

pytestmark = pytest.mark.xdist_group("s3")

SWEEP = """
$schema: https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json
type: sweep
trial:
  code: ./src
  environment: {image: python}
  command: >-
    python train.py ${{search_space.x}} ${{inputs.data}} ${{outputs.out}}
inputs: {data: {type: uri_folder, path: ./src}}
outputs: {out: {type: uri_folder}}
objective: {goal: minimize, primary_metric: loss}
sampling_algorithm: grid
search_space: {x: {type: choice, values: [0.9, 0.4]}}
limits: {max_total_trials: 9, max_concurrent_trials: 2}
"""
TRAIN = """
import os, sys
from azureml.core import Run
x, data, out = sys.argv[1:]
print("the secret is", "here" if "SECRET" in "".join(os.environ) else "not here")
Run.get_context().log("loss", float(x) * len(open(f"{data}/rows.txt").read()))
open(f"{out}/model.txt", "w").write(x)
"""


@pytest.fixture
def batch(component: Component, tmp_path: Path, home: Path) -> Batch:
    return Batch(component, tmp_path, home)


def filled(s3: S3Server, count: int = 6) -> str:
    """A new bucket with so many small files below `in`."""
    bucket = s3.bucket()
    for number in range(count):
        s3.client().put_object(Bucket=bucket, Key=f"in/{number:03}.txt", Body=b"text %d" % number)
    return bucket


def logs(home: Path) -> str:
    """What all replicas of all attempts have printed."""
    return "".join(path.read_text() for path in sorted(home.glob("attempts/*/**/log")))


class TestBatch:
    def test_its_input_is_brought_once_and_then_cut(
        self, s3: S3Server, millwork: Millwork, batch: Batch, home: Path
    ) -> None:
        connected(home, millwork, s3)
        bucket = filled(s3)
        file = batch.noted("pass")
        words = (file, "-i", f"given=s3://{bucket}/in", "--replicas", "3", "--json")
        result = batch.command("run", *words)
        assert result.code == 0, result.err
        found = (home / f"attempts/{result.json['run']}-1/ml/output/found/rows.txt").read_text()
        assert found.split() == [f"{number:03}.txt" for number in range(6)]
        assert logs(home).count("downloading") == 1
        assert sorted(batch.tries().values()) == [1] * 6
        assert_nothing_left(home)
        refused = batch.command("run", "--incremental", *words)
        assert (refused.code, "--incremental compares" in refused.err) == (2, True), refused

    def test_what_cannot_be_brought_fails_it_and_says_why(
        self, s3: S3Server, millwork: Millwork, batch: Batch, home: Path
    ) -> None:
        connected(home, millwork, s3)
        bucket = filled(s3)
        millwork("secrets", "set", "lake-secret", input="wrong")
        file = batch.noted("pass")
        result = batch.command("run", file, "-i", f"given=s3://{bucket}/in", "--replicas", "3",
                               "--json")  # fmt: skip
        why = reason(result)
        assert why.startswith(f"storage: s3://{bucket}/in: the secret does not belong"), why
        assert logs(home).count("downloading") == 1, "nobody else tries what was refused"
        assert_nothing_left(home)

    def test_workers_and_the_lease_service_may_die_meanwhile(
        self, s3: S3Server, millwork: Millwork, batch: Batch, home: Path,
        background: Callable[..., Background],
    ) -> None:  # fmt: skip
        connected(home, millwork, s3)
        bucket = filled(s3, 40)
        slow = NOTED + "def act(shard, name):\n    time.sleep(0.1)\nrun(work)\n"
        file = batch.write(slow, batch={"split": {"files": 1}}, is_deterministic=False)
        run = background("run", file, "-i", f"given=s3://{bucket}/in", "--replicas", "2", "--json")
        until(lambda: len(batch.tries()) > 3)
        run.process.kill()
        run.process.wait()
        os.kill(of_home(home, "python3\0main.py")[0], signal.SIGKILL)
        result = batch.command("runs", "resume", "last", "--json")
        assert result.code == 0, result.err
        found = next(home.glob("attempts/*/ml/output/found/rows.txt")).read_text()
        assert found.split() == [f"{number:03}.txt" for number in range(40)]
        assert logs(home).count("downloading") == 1


def test_a_sweep_brings_its_data_once_and_its_best_model_away(
    s3: S3Server, millwork: Millwork, write: Callable[[str, str], Path], home: Path
) -> None:
    connected(home, millwork, s3)
    bucket, client = s3.bucket(), s3.client()
    client.put_object(Bucket=bucket, Key="in/rows.txt", Body=b"12345")
    write("src/train.py", TRAIN)
    asked = ("run", write("search.yml", SWEEP), "-i", f"data=s3://{bucket}/in")
    result = millwork(*asked, "-O", f"out=s3://{bucket}/best/{{run}}", "--json")
    assert result.code == 0, result
    assert result.json["steps"][0]["metrics"]["loss"] == 2.0
    key = f"best/{result.json['run']}/model.txt"
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"0.4"
    said = logs(home)
    assert (said.count("downloading"), said.count("uploading")) == (1, 1)
    assert said.count("the secret is not here") == 2
    assert SECRET not in said
    millwork("secrets", "set", "lake-secret", input="wrong")
    failed = millwork(*asked, "--force", "--json")
    assert "SignatureDoesNotMatch" in failed.json["steps"][0]["reason"]


class TestReplicas:
    @pytest.mark.parametrize(("success", "last", "brings"), [
        ("all_workers", "1", "worker-0"), ("all_workers", "0", "master-0"),
        # The master decides, and waits for a worker that may go on.
        ("default", "0", "master-0"), ("default", "1", "master-0"),
    ])  # fmt: skip
    def test_the_last_that_decides_brings_the_outputs(
        self, s3: S3Server, millwork: Millwork, component: Component, home: Path, success: str,
        last: str, brings: str,
    ) -> None:  # fmt: skip
        connected(home, millwork, s3)
        bucket = s3.bucket()
        file = component(
            f"[ $RANK != {last} ] || sleep 2; echo $RANK >$PAI_OUTPUT_OUT/of-$RANK", "job",
            job_type="PyTorchJob", outputs={"out": {"type": "folder"}},
            run_policy={"success": success} if success != "default" else {},
        )  # fmt: skip
        result = millwork("run", file, "-O", f"out=s3://{bucket}/all", "--replicas", "2", "--json")
        assert result.code == 0, result
        listed = s3.client().list_objects_v2(Bucket=bucket, Prefix="all/of")["Contents"]
        assert [each["Key"] for each in listed] == ["all/of-0", "all/of-1"]
        told = [path for path in home.glob("attempts/*/*/log") if "uploading" in path.read_text()]
        assert [path.parent.name for path in told] == [brings]

    def test_what_cannot_be_brought_fails_the_job(
        self, s3: S3Server, millwork: Millwork, component: Component, home: Path
    ) -> None:
        connected(home, millwork, s3)
        file = component("echo x >$PAI_OUTPUT_OUT/x", "job", job_type="PyTorchJob",
                         outputs={"out": {"type": "folder"}})  # fmt: skip
        millwork("secrets", "set", "lake-secret", input="wrong")
        result = millwork("run", file, "-O", "out=s3://bucket/x", "--replicas", "2", "--json")
        assert result.code == 1, result
        assert "storage: s3://bucket/x: the secret does not" in result.json["steps"][0]["reason"]


def test_what_is_not_brought_is_refused(
    millwork: Millwork, component: Component, batch: Batch, home: Path
) -> None:
    home.mkdir()
    connect(home, "lake", "s3")
    batch.files(1)
    refused = batch.command("run", *batch.words(batch.noted("pass"), 1), "-O", "found=s3://b/x")
    assert (refused.code, "a batch or a link" in refused.err) == (2, True), refused
