from __future__ import annotations

import pytest

from millwork.base.errors import BadRequest
from millwork.plan.spark import submit
from millwork.spec.model import Component

pytestmark = pytest.mark.quick


def spark(**body: object) -> Component:
    return Component("s", "1", "", syntax="dollar", work="spark", body=body)


def test_settings_lists_and_arguments_become_words() -> None:
    component = spark(
        entry={"file": "a b.py"},
        conf={"spark.executor.cores": "2", "spark.master": "yarn"},
        py_files=("x.zip", "y.py"),
        jars=("z.jar",),
        args='--in ${{inputs.i}} $[[--n ${{inputs.n}}]] --t "${{inputs.t}}"',
    )
    values = {"inputs.i": "/ml/input", "inputs.t": "it's $(here)"}
    assert submit(component, values).argv == (
        "spark-submit", "--master", "local[*]", "--conf", "spark.executor.cores=2",
        "--py-files", "x.zip,y.py", "--jars", "z.jar", "a b.py",
        "--in", "/ml/input", "--t", "it's $(here)",
    )  # fmt: skip


def test_a_class_of_a_jar() -> None:
    argv = submit(spark(entry={"class_name": "a.B"}, jars=("z.jar",)), {}).argv
    assert argv[-3:] == ("--class", "a.B", "z.jar")


def test_the_old_flavours_brackets_are_those_of_its_arguments_only() -> None:
    body = {"entry": {"file": "[a].py"}, "args": "[--n {inputs.n}] {inputs.i}"}
    component = Component("s", "1", "", syntax="braces", work="hdinsight", body=body)
    argv = submit(component, {"inputs.i": "x"}).argv
    assert argv == ("spark-submit", "--master", "local[*]", "[a].py", "x")


def test_nothing_to_run_and_a_shell_in_the_arguments_are_refused() -> None:
    with pytest.raises(BadRequest, match="no file to run"):
        submit(spark(entry={}), {})
    with pytest.raises(BadRequest, match="need a shell"):
        submit(spark(entry={"file": "a.py"}, args="x | tee y"), {})
