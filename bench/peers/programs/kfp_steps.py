"""Kubeflow Pipelines: lightweight Python components, run by the local SubprocessRunner."""

import one_step
from kfp import dsl, local


@dsl.component(base_image="python:3.11", install_kfp_package=False)  # else pip runs in each step
def step(number: int, after: int) -> int:  # noqa: ARG001
    """One step; kfp carries this text alone, so it can import nothing from beside it."""
    import os
    import subprocess

    words = os.environ["PEERS_STEP"].splitlines()
    subprocess.run([*words, f"{os.environ['PEERS_OUT']}/{number}"], check=True)
    return number


def pipeline(shape: str, count: int):
    """The pipeline of this shape."""

    @dsl.pipeline
    def steps() -> None:
        after = None
        for number in range(count):
            waits = shape == "chain" and after is not None
            after = step(number=number, after=after.output if waits else -1)
            after.set_caching_options(False)

    return steps


if __name__ == "__main__":
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root="outputs")
    pipeline(*one_step.asked())()
