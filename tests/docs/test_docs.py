"""The docs say what the code does: commands, fields, variables, statuses, links, examples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import pytest

from millwork.actions.preview import preview
from millwork.base import errors
from millwork.base.errors import MillworkError
from millwork.base.faultpoints import POINTS
from millwork.base.faults import Fault
from millwork.cli import parser as cli
from millwork.plan.contract import Job, make_plan
from millwork.plan.graph import Arguments
from millwork.plan.model import Artifact, Step
from millwork.ports import AttemptRow, ReplicaRow, RunRow, StepRow
from millwork.ports.changes import AttemptStatus, RunStatus, StepStatus
from millwork.ports.schedules import Status as InstanceStatus
from millwork.spec.component import COMPONENT
from millwork.spec.model import JOB_TYPES, Component, Input, Output, Parameter
from millwork.spec.pipeline import PIPELINE
from millwork.spec.reader import read_text
from millwork.spec.reference import RECORDS, records_within
from millwork.spec.schedule_file import SCHEDULE, read_schedule
from millwork.spec.tree import Tree
from millwork.views import runs as views
from tests.docs import generate, transcripts

if TYPE_CHECKING:
    from pathlib import Path

PAGES = generate.pages()
NAMES = [str(page.relative_to(generate.ROOT)) for page in PAGES]
DOCS = generate.ROOT / "docs"
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=NAMES)
quick = pytest.mark.quick


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, start: str) -> str:
    """What stands from `start` to the next heading or marker."""
    assert text.count(start) == 1, start
    rest = text.split(start)[1]
    return re.split(r"^#+ |^<!-- end", rest, maxsplit=1, flags=re.MULTILINE)[0]


def first_column(table: str) -> list[str]:
    """The words in backquotes of the first column of each row."""
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    return [word for row in rows[2:] for word in re.findall(r"`([^`]+)`", row)]


# --- what is generated from the code ----------------------------------------------------------


@quick
@EACH_PAGE
def test_the_generated_parts_are_those_of_the_code(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert generate.renewed(text) == text, "make docs"


@quick
def test_every_record_has_a_heading_and_a_table() -> None:
    known = [record for _, record in RECORDS.values()]
    assert all(any(found is record for record in known) for found in records_within(COMPONENT))
    assert all(any(found is record for record in known) for found in records_within(PIPELINE))
    assert all(any(found is record for record in known) for found in records_within(SCHEDULE))
    for name, (page, _) in RECORDS.items():
        text = text_of(page)
        assert text.count(f"<!-- fields: {name} -->") == 1, name
        assert re.search(rf"^##+ {name}$", text, re.MULTILINE | re.IGNORECASE), name


@quick
def test_every_command_has_a_heading_and_its_options() -> None:
    text = text_of("command-line.md")
    named = [name for kind, name, _ in generate.parts(text) if kind == "options"]
    assert named == [*dict.fromkeys(named)]
    assert set(named) == set(generate.commands())
    headings = set(re.findall(r"^##+ millwork (.+)$", text, re.MULTILINE))
    assert headings == {*named, "runs", "secrets", "data", "templates", "schedule"}


@quick
def test_the_job_types_of_the_command_are_those_of_the_files() -> None:
    assert cli.JOB_TYPES == JOB_TYPES


@quick
def test_the_exit_codes_are_those_of_the_errors() -> None:
    text = text_of("command-line.md")
    table = text.split("| exit code | meaning |")[1].split("\n\n")[0]
    documented = {int(code) for code in re.findall(r"^\| (\d) ", table, re.MULTILINE)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, MillworkError)}
    assert documented == {0} | codes


# --- the run contract -------------------------------------------------------------------------


def environment(job_type: str) -> dict[str, str]:
    component = Component(
        "name",
        "1.0.0",
        "true",
        job_type=job_type,
        inputs={"i": Input()},
        outputs={"o": Output(), "v": Output("value")},
        parameters={"p": Parameter("Int")},
    )
    step = Step("step", component)
    plan = make_plan(step, {"i": Artifact("/data")}, {"p": 1}, Job("run", "run-1"))
    return dict(plan.replicas[0].env)


@quick
def test_every_variable_of_the_contract_is_documented_and_no_other() -> None:
    names = {re.sub(r"^(PAI_(?:INPUT|OUTPUT|HPS))_.$", r"\1_X", n) for n in environment("Job")}
    documented = first_column(section(text_of("run-contract.md"), "<!-- variables -->"))
    assert sorted(documented) == sorted(names)


@quick
@pytest.mark.parametrize("job_type", JOB_TYPES)
def test_the_variables_of_each_job_type_are_documented(job_type: str) -> None:
    table = section(text_of("run-contract.md"), "### Variables of the job types\n")
    (row,) = [line for line in table.splitlines() if _names(line, job_type)]
    own = {n: v for n, v in environment(job_type).items() if n not in environment("Job")}
    documented = dict(re.findall(r"`([A-Z_]+)=([^`]*)`", row))
    assert documented == own


def _names(line: str, job_type: str) -> bool:
    return line.startswith("|") and f"`{job_type}`" in line.split("|")[1]


# --- statuses and JSON ------------------------------------------------------------------------


@quick
@pytest.mark.parametrize(
    ("heading", "statuses"),
    [
        ("Run", RunStatus),
        ("Step", StepStatus),
        ("Attempt", AttemptStatus),
        ("Instance", InstanceStatus),
    ],
)
def test_every_status_is_documented(heading: str, statuses: Any) -> None:
    assert first_column(section(text_of("states.md"), f"\n## {heading}\n")) == list(
        get_args(statuses)
    )


def paths(value: Any, at: str = "") -> set[str]:
    """Every field of a JSON document; what has names of the user's own is one."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {at} - {""} | paths(value[0], f"{at}[]")
    if not isinstance(value, dict) or at.endswith(tuple(OPEN)):
        return {at}
    dot = "." if at else ""
    below = [paths(item, f"{at}{dot}{name}") for name, item in value.items()]
    return {path for found in below for path in found}


OPEN = ("outputs", "metrics", "tags", "progress", "facts", "usage", "env", "resources",
        "starts_after", "files", "verdict", "rules")  # fmt: skip


def documented_fields(marker: str) -> set[str]:
    return set(first_column(section(text_of("command-line.md"), f"<!-- json: {marker} -->")))


@quick
def test_the_json_of_runs_is_documented() -> None:
    run = RunRow("id", "name", "definition", "1.0.0", "succeeded", 1.0, 2.0)
    step = StepRow("step", 0, "succeeded")
    attempt = AttemptRow("id-1", "step", 1, "token", "succeeded", 1.0)
    summary = paths(views.summary(run, False, 2.0))
    result = paths(views.result(run, [step], False))
    replica = ReplicaRow("id-1", "worker-0", 0, "succeeded", 1.0)
    page = paths(views.page(run, [step], [attempt], [replica], False, 2.0))
    assert documented_fields("summary") == summary
    assert documented_fields("result") == result
    assert documented_fields("page") == page - summary - result


@quick
def test_the_json_of_validate_and_plan_is_documented() -> None:
    assert documented_fields("fault") == set(vars(Fault("", 0, 0, "", "", "")))
    steps = preview(Tree(Component("name", "1.0.0", "true", job_type="TFJob")), Arguments())
    assert documented_fields("plan") | {"steps", "steps[].replicas"} == paths({"steps": steps})


# --- the promise ------------------------------------------------------------------------------

NAMED_TEST = re.compile(r"\[`(test_\w+)`\]\(([^)#\s]+\.py)\)")


@quick
def test_the_fault_points_are_those_of_the_code() -> None:
    table = section(text_of("fault-points.md"), "<!-- points: all -->")
    assert first_column(table) == list(POINTS)


@quick
@EACH_PAGE
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    for name, path in NAMED_TEST.findall(page.read_text(encoding="utf-8")):
        text = (page.parent / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{path}: {name}"


@quick
def test_every_sentence_of_the_promise_names_its_test() -> None:
    promised = text_of("promise.md").split("\n## What is not promised")[0]
    rows = [line for line in promised.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row != "| promise | held by |"]
    assert len(rows) > 10
    for row in rows:
        assert NAMED_TEST.search(row), row


# --- pages ------------------------------------------------------------------------------------


@quick
@EACH_PAGE
def test_no_page_names_a_place_of_one_machine(page: Path) -> None:
    assert not re.findall(r"(?<![\w~])/(?:work|root|tmp|home)/\S*", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The links that GitHub makes of a page's headings."""
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@quick
@EACH_PAGE
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@quick
def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, open_pages = set(), [generate.ROOT / "README.md"]
    while open_pages:
        page = open_pages.pop()
        if page in reached:
            continue
        reached.add(page)
        links = re.findall(r"\]\(([^)#\s]+\.md)[^)]*\)", page.read_text(encoding="utf-8"))
        open_pages += [(page.parent / link).resolve() for link in links if "://" not in link]
    assert set(PAGES) <= reached


@quick
@EACH_PAGE
def test_every_whole_file_in_the_docs_is_valid(page: Path) -> None:
    for block in re.findall(
        r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        if block.startswith("apiVersion:"):
            read = read_schedule if "\nkind: Schedule\n" in block else read_text
            read(block, page.name)


@quick
def test_the_readme_shows_the_hello_component_as_it_is() -> None:
    text = (generate.ROOT / "README.md").read_text(encoding="utf-8")
    file = generate.ROOT / "examples" / "hello" / "component.yaml"
    assert f"```yaml\n{file.read_text(encoding='utf-8')}```" in text


@quick
def test_the_make_targets_of_the_docs_are_there() -> None:
    makefile = (generate.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE))
        assert named <= targets, page


# --- examples that are run --------------------------------------------------------------------

RUN = [page for page in PAGES if transcripts.blocks(page.read_text(encoding="utf-8"))]
SLOW = [
    page
    for page in PAGES
    if transcripts.blocks(page.read_text("utf-8"), slow=True)
    != transcripts.blocks(page.read_text("utf-8"))
]


def check(page: Path, folder: Path, *, slow: bool) -> None:
    with transcripts.Shell(folder) as shell:
        for block in transcripts.blocks(page.read_text(encoding="utf-8"), slow=slow):
            for command in transcripts.commands(block):
                printed = transcripts.masked(shell.run(command))
                assert printed == transcripts.masked(command.output), command.text


@pytest.mark.parametrize("page", RUN, ids=[page.name for page in RUN])
def test_the_commands_of_a_page_print_what_it_says(page: Path, tmp_path: Path) -> None:
    check(page, tmp_path, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW, ids=[page.name for page in SLOW])
def test_the_long_commands_of_a_page_print_what_it_says(page: Path, tmp_path: Path) -> None:
    check(page, tmp_path, slow=True)
