"""Snakemake: writes a Snakefile with one rule, and runs it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import one_step

TEXT = """\
OUT = {out!r}

rule all:
    input: expand(OUT + "/{{number}}", number=range({count}))

rule step:
    output: OUT + "/{{number}}"
    wildcard_constraints: number=r"\\d+"
{inputs}    shell: {command!r}
"""
CHAIN = '    input: lambda w: [OUT + f"/{int(w.number) - 1}"] if int(w.number) else []\n'


def main() -> None:
    """Writes the Snakefile and becomes its run."""
    shape, count = one_step.asked()
    command = shlex.join(one_step.words("")[:-1]).replace("{", "{{").replace("}", "}}")
    text = TEXT.format(
        out=os.environ["PEERS_OUT"],
        count=count,
        inputs=CHAIN if shape == "chain" else "",
        command=command + " {output}",
    )
    Path("Snakefile").write_text(text)
    words = [sys.executable, "-m", "snakemake", "--cores", str(one_step.PARALLEL), "--quiet", "all"]
    if one_step.again():
        subprocess.run([*words, "--unlock"], check=True)
        words.append("--rerun-incomplete")
    os.execv(words[0], words)


if __name__ == "__main__":
    main()
