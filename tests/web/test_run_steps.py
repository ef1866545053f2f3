"""What is seen of the steps of a run: logs, replicas, items, commands, and very many steps."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.web.browser import in_browser, shot
from tests.web.canvas import SOON
from tests.web.crowd import open_log, printed
from tests.web.looking import barriers, settle
from tests.web.stage import component, draft, node, run_of
from tests.web.test_runs import opened, task

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.e2e.api import Api

pytestmark = in_browser
LONG, MANY = 1_000_000, 5_000
MOST_ROWS = 60  # of a list of tasks in a window of 900 pixels


def ran(api: Api, name: str, nodes: dict[str, Any], end: str = "succeeded", **wishes: Any) -> str:
    """A run of these nodes that is over; its id."""
    draft(api, name, nodes)
    run = run_of(api, name, name=name, **wishes)
    assert api.wait(run, 120) == end, api.get(f"/runs/{run}/result")
    return run


def test_a_log_grows_while_it_is_looked_at(page: Page, api: Api, tmp_path: Path) -> None:
    first, last = tmp_path / "first", tmp_path / "last"
    wait = "until test -e {}; do sleep 0.05; done; "
    says = f"echo begun; {wait.format(first)} seq -f 'line %.0f' 500; {wait.format(last)} echo over"
    own = component(api, "grows", command=says, mounts="none")
    draft(api, "grows", {"grow": node(own)})
    run = run_of(api, "grows")
    opened(page, run, task="grow", tab="log")
    log = page.get_by_role("log")
    expect(log.get_by_text("begun", exact=True)).to_be_visible(timeout=SOON)
    expect(page.get_by_text("Live", exact=False).first).to_be_visible()
    first.touch()
    expect(log.get_by_text("line 500", exact=True)).to_be_in_viewport(timeout=SOON)
    log.evaluate("box => { box.scrollTop = 0; }")  # who reads further up is left there
    expect(log.get_by_text("line 1", exact=True)).to_be_in_viewport()
    last.touch()
    expect(page.get_by_text(re.compile(r"^502 lines$"))).to_be_visible(timeout=SOON)
    expect(log.get_by_text("line 1", exact=True)).to_be_in_viewport()
    page.get_by_role("button", name="To the end").click()
    expect(log.get_by_text("over", exact=True)).to_be_in_viewport()
    shot(page, "log-grown")


def test_a_long_log_is_searched_by_the_server(page: Page, api: Api) -> None:
    run = printed(api, LONG)
    open_log(page, run, LONG)
    log = page.get_by_role("log")
    field = page.get_by_role("textbox", name="Search the log")
    began = time.perf_counter()
    field.fill("LINE 123456 of")
    found = log.locator("[data-found=now]")
    expect(found).to_contain_text("line 123456 of a log")
    took = time.perf_counter() - began
    expect(found).to_be_in_viewport()
    expect(page.get_by_text("1 of 1", exact=True)).to_be_visible()
    shot(page, "log-found")
    assert took < 5, f"{took:.1f} s"
    field.fill("99999 of")
    expect(found).to_contain_text("line 99999 of a log", timeout=SOON)
    for number in ("199999", "299999"):
        page.get_by_role("button", name="Next match").click()
        expect(found).to_contain_text(f"line {number} of a log", timeout=SOON)
        expect(found).to_be_in_viewport()
    page.get_by_role("button", name="Previous match").click()
    expect(found).to_contain_text("line 199999 of a log", timeout=SOON)
    field.fill("no such words")
    expect(page.get_by_text("Not found", exact=True)).to_be_visible()


def test_a_replica_that_was_started_again_has_a_log_for_each_start(
    page: Page, api: Api, tmp_path: Path
) -> None:
    flag, over = tmp_path / "flag", tmp_path / "over"
    worker = f"if mkdir {flag} 2>/dev/null; then echo 'I fall'; exit 3; fi; touch {over}"
    master = f"until test -e {over}; do sleep 0.1; done"  # its end would be the job's
    own = component(
        api, "restarted", job_type="PyTorchJob", mounts="none",
        command=f'if [ "$RANK" = 1 ]; then {worker}; else {master}; fi; echo "Fine from $RANK"',
        run_policy={"restart": "replica", "restart_policy": "OnFailure"},
        constraints={"multiple_instances": True},
    )  # fmt: skip
    run = ran(api, "restarted", {"both": {**node(own), "replicas": 2}})
    opened(page, run, task="both", tab="attempts")
    row = page.get_by_role("row", name=re.compile(r"^worker-0 2 Succeeded"))
    expect(row).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(r"^worker-0 1 Failed"))).to_be_visible()
    shot(page, "replicas-restarted")
    page.get_by_role("tab", name="Log").click()
    for start, says in (("worker-0", "I fall"), ("worker-0, start 2", "Fine from 1")):
        page.get_by_role("combobox", name="Replica").click()
        page.get_by_role("option", name=start, exact=True).click()
        expect(page.get_by_role("log")).to_contain_text(says)


def test_the_items_of_a_list_are_counted(page: Page, api: Api) -> None:
    each = component(
        api, "each-item", command='test "$PAI_HPS_ITEM" != 7', mounts="none",
        parameters={"item": {"type": "String", "required": True}},
    )  # fmt: skip
    lists = component(
        api, "lists-items", command='seq -s , 0 39 | sed "s/.*/[&]/" > $PAI_OUTPUT_ITEMS',
        mounts="none", outputs={"items": {"type": "value"}},
    )  # fmt: skip
    foreach = {"from": "list.items", "into": "item", "max_parallel": 8}
    nodes = {"list": node(lists), "each": {"component": each, "foreach": foreach}}
    run = ran(api, "items", nodes, "failed")
    opened(page, run)
    line = task(page, "each").first
    expect(line).to_contain_text("39/40 done")
    expect(line).to_contain_text("1 failed")
    page.get_by_role("button", name="Show the parts of each").click()
    part = page.get_by_role("toolbar", name="Tasks").get_by_role("button", name="Failed [7]")
    part.scroll_into_view_if_needed()
    part.click()
    expect(page.get_by_role("heading", name="each[7]")).to_be_visible()
    page.get_by_text("Graph", exact=True).click()
    graph = page.get_by_test_id("graph")
    expect(graph.get_by_text("Failed · 39/40 done, 1 failed").first).to_be_visible(timeout=SOON)
    expect(graph.locator(".react-flow__edge.value")).to_have_count(1)
    shot(page, "items-graph")


def test_five_thousand_steps_are_looked_through(page: Page, api: Api) -> None:
    falls = component(api, "falls-first", command="exit 3", mounts="none")
    tiny = component(api, "tiny", command="true", mounts="none")
    nodes: dict[str, Any] = {"n0": node(falls)}
    nodes |= {f"n{number}": {"component": tiny, "after": ["n0"]} for number in range(1, MANY)}
    run = ran(api, "thousands", nodes, "failed")
    began = time.perf_counter()
    opened(page, run)
    expect(task(page, "n0")).to_be_visible()
    took = time.perf_counter() - began
    tasks = page.get_by_role("toolbar", name="Tasks").locator("[data-task]")
    assert tasks.count() <= MOST_ROWS
    assert took < 20, f"{took:.1f} s"
    page.get_by_role("searchbox", name="Search tasks").fill("n4321")
    task(page, "n4321").click()
    expect(page.get_by_role("heading", name="n4321")).to_be_visible()
    expect(page.get_by_text("a step that it needs did not succeed")).to_be_visible()
    assert tasks.count() == 1
    page.get_by_role("searchbox", name="Search tasks").fill("")
    for view in ("Gantt", "Graph", "List"):
        page.get_by_text(view, exact=True).click()
        settle(page)
        shot(page, f"thousands-{view.lower()}")
        assert page.locator("*").count() < 3_000
        if view == "Graph":  # what was chosen is in sight
            expect(page.locator("[data-node=n4321]")).to_be_in_viewport()
            expect(page.locator(".react-flow__edge.order")).to_have_count(1)
    tasks.first.press("ArrowDown")
    expect(tasks.nth(1)).to_be_focused()


def test_what_a_step_was_started_with_is_told_without_its_secrets(page: Page, api: Api) -> None:
    api.post("/secrets/shown-never", {"value": "canary-5129"}, "PUT")
    own = component(
        api, "told", command='echo "$PAI_HPS_WORD"; test "$RANK" = 0 || exit 0', mounts="none",
        job_type="PyTorchJob", env={"KEY": {"secret": "shown-never"}, "PLAIN": "seen"},
        parameters={"word": {"type": "String", "default": "a 'b' c"}},
        constraints={"multiple_instances": True},
    )  # fmt: skip
    run = ran(api, "told", {"tell": {**node(own), "replicas": 2}})
    opened(page, run, task="tell")
    page.get_by_role("tab", name="Command").click()
    panel = page.get_by_role("tabpanel", name="Command")
    expect(panel.get_by_text('echo "$PAI_HPS_WORD"; test "$RANK" = 0 || exit 0')).to_be_visible()
    expect(panel.get_by_text("--word 'a '\\''b'\\'' c'", exact=True)).to_be_visible()
    search = panel.get_by_role("searchbox", name="Search variables")
    search.fill("key")
    row = panel.get_by_role("row", name=re.compile("^KEY "))
    expect(row).to_contain_text("the secret shown-never, whose value is not shown")
    search.fill("rank")
    expect(panel.get_by_role("row", name=re.compile("^RANK 0$"))).to_be_visible()
    panel.get_by_role("combobox", name="Replica").click()
    page.get_by_role("option", name="worker-0").click()
    expect(panel.get_by_role("row", name=re.compile("^RANK 1$"))).to_be_visible()
    search.fill("")
    settle(page)
    shot(page, "step-command")
    assert "canary" not in page.content()
    assert barriers(page) == []


def test_what_was_measured_is_drawn_and_what_was_registered_is_told(page: Page, api: Api) -> None:
    says = "seq -f loss=%.0f 9 -1 1; echo x > $PAI_OUTPUT_MODEL/weights"
    own = component(
        api, "measured", command=says, mounts="none", outputs={"model": {"type": "model"}},
        metrics=[{"name": "loss", "regex": r"loss=(\S+)"}],
    )  # fmt: skip
    run = ran(api, "measured", {"learn": node(own)})
    source = {"run": run, "step": "learn", "port": "model"}
    api.post("/models", {"name": "learned", "source": source, "description": "It was learned."})
    opened(page, run, task="learn", tab="metrics")
    chart = page.get_by_role("img", name=re.compile("^loss: 1 – 9, last 1$"))
    expect(chart).to_be_visible()
    expect(page.get_by_text("9 values", exact=True)).to_be_visible()
    shot(page, "step-metrics")
    assert barriers(page) == []
    page.get_by_role("tab", name="Inputs and outputs").click()
    page.get_by_role("link", name="Model learned 0.1.0").click()
    expect(page).to_have_url(re.compile(r"/models/learned%400.1.0$"))
    expect(page.get_by_text("It was learned.")).to_be_visible()
    page.get_by_role("tab", name="Lineage").click()
    expect(page.get_by_text("No run has read this version.")).to_be_visible()
    page.get_by_role("link", name="measured", exact=True).click()
    page.wait_for_url(f"**/runs/{run}?*")
