"""Hypothesis strategies of pipelines of built-ins, wired at random."""

from __future__ import annotations

from hypothesis import strategies as st

from millwork.base.names import variable_suffix
from millwork.spec.model import Input, Parameter, Pipeline, PipelineNode, Reference

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,7}", fullmatch=True)
_TAKEN = ("inputs", "parameters")


@st.composite
def graphs(draw: st.DrawFn) -> Pipeline:
    """A pipeline whose nodes split tables; names are such as every dialect has."""
    names = draw(st.lists(NAMES, min_size=3, max_size=8, unique_by=variable_suffix))
    port, share, *rest = names
    nodes: dict[str, PipelineNode] = {}
    for name in (each for each in rest if each not in _TAKEN):
        sources = [Reference("inputs", port)]
        sources += [Reference(other, out) for other in nodes for out in ("first", "second")]
        parameters = {
            "fraction": draw(st.just(Reference("parameters", share)) | st.floats(0.01, 0.99)),
            "seed": draw(st.integers(0, 2**32 - 1)),
            "method": draw(st.sampled_from(["random", "stratified"])),
            "column": draw(st.text("ab ,'\"\\{}$é", min_size=1, max_size=6).filter(str.strip)),
        }
        kept = draw(st.sets(st.sampled_from(sorted(parameters))))
        nodes[name] = PipelineNode(
            "builtin:split_rows",
            {"table": draw(st.sampled_from(sources))},
            {word: value for word, value in parameters.items() if word in kept},
        )
    nodes = nodes or {"only": PipelineNode("builtin:sample_data", {}, {"name": "penguins"})}
    made = [name for name in nodes if nodes[name].component == "builtin:split_rows"]
    outputs = {f"o{index}": Reference(name, "first") for index, name in enumerate(made)}
    return Pipeline(
        draw(NAMES), "1.0.0", nodes, inputs={port: Input("table")}, outputs=outputs,
        parameters={share: Parameter("Float", default=draw(st.floats(0.01, 0.99)))},
        description=draw(st.text("ab \n'\"\\é", max_size=12)),
        layout={name: (float(index), -1.5) for index, name in enumerate(nodes)},
    )  # fmt: skip
