"""What attackers write into texts (reliability.md section 3, row 21), and every text there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.web.looking import settle
from tests.web.stage import component, draft, node

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.api import Api

_BITE = "window.bitten=1"
TAG = f"<img src=x onerror={_BITE}>"  # short enough for a name, and without a comma or a quote
PAYLOADS = (
    f"<script>{_BITE}</script>",
    f"<img src=x onerror='{_BITE}'>",
    f"<svg/onload={_BITE}>",
    f"\"'><img src=//evil.example/x onerror={_BITE}>",
    f"<iframe src='javascript:parent.{_BITE}'></iframe>",
    f"<a href='javascript:{_BITE}'>click</a>",
    f"[click](javascript:{_BITE})",
    f"[click](data:text/html,<script>parent.{_BITE}</script>)",
    "[click](//evil.example/)",
    "![look](https://evil.example/pixel.png)",
    "<img src='https://evil.example/pixel.png'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>@import url(https://evil.example/x.css);</style>",
    f"<details open ontoggle={_BITE}><summary>x</summary></details>",
    f"<math><mtext><option><style><img src=x onerror={_BITE}></style></option></mtext></math>",
    "{{constructor.constructor('" + _BITE + "')()}}",
    "${" + _BITE + "}",
    f"javascript:{_BITE}",
)
LINE = " ".join(PAYLOADS)
MARKDOWN = "\n\n".join(PAYLOADS)

# Prints what it is given, and writes it as a table's header and cell, as files and as a metric.
_WRITES = """\
import csv, os
from pathlib import Path
text, tag = os.environ["PAI_HPS_TEXT"], os.environ["PAI_HPS_TAG"]
print(text)
print(chr(27) + "[31m" + tag + chr(27) + "[0m")
with open(os.path.join(os.environ["PAI_OUTPUT_TABLE"], "data.csv"), "w", newline="") as file:
    csv.writer(file).writerows([[tag, text], [tag, text], [1, 2]])
folder = Path(os.environ["PAI_OUTPUT_FILES"])
for name in (tag + ".html", "page.html", "page.svg", "page.md", "page.json", "page.txt"):
    (folder / name).write_text(text)
"""


def bitten(page: Page) -> int:
    """How many scripts of a payload have run, or wait in a page for a click."""
    waiting = (
        "a[href^='javascript:' i], a[href^='data:' i], iframe, [onerror], [onload], [ontoggle]"
    )
    ran = sum(bool(frame.evaluate("() => window.bitten ?? 0")) for frame in page.frames)
    return ran + page.locator(waiting).count()


def write_everywhere(api: Api) -> list[str]:
    """Writes the payloads into every text that takes them; the places where they are shown."""
    reference = _component(api)
    api.post("/components/evil/versions/1.0.0/deprecate", {"reason": LINE})
    _draft(api, reference)
    wishes = {
        "draft": "evil", "revision": 1, "name": LINE[:200], "note": MARKDOWN,
        "tags": {"label": LINE[:200]}, "parameters": {"text": LINE},
    }  # fmt: skip
    runs = [str(api.post("/runs", wishes)["run"]) for _ in range(2)]
    ends = [api.wait(run, 180) for run in runs]
    assert ends == ["failed", "failed"]  # for the step that raises a payload as its error
    return [
        "components", f"components/{reference}", "pipelines", "pipelines/evil", "runs",
        f"runs/{runs[0]}", f"compare/{runs[0]}/{runs[1]}",
    ]  # fmt: skip


def _component(api: Api) -> str:
    texts: dict[str, Any] = {"display_name": LINE, "description": MARKDOWN}
    parameter = {"type": "String", "display_name": TAG, "description": MARKDOWN}
    return component(
        api, "evil", **texts, version_description=LINE,
        tags={"contact": LINE, "helpDocument": f"javascript:{_BITE}", "other": LINE},
        command=f"python3 -c '{_WRITES}'", mounts="none",
        outputs={
            "table": {"type": "table", "description": MARKDOWN},
            "files": {"type": "folder", "description": MARKDOWN},
        },
        parameters={
            "text": {**parameter, "default": LINE},
            "tag": {**parameter, "default": TAG, "enum": [TAG, LINE]},
        },
    )  # fmt: skip


def _draft(api: Api, reference: str) -> None:
    raises = f"def main(t1):\n    raise ValueError({TAG!r})\n"
    nodes = {
        "evil": {
            **node(reference, tag=TAG),
            "parameters": {"text": {"from": "parameters.text"}, "tag": TAG},
            "env": {"TEXT": LINE},
        },
        "enter": node("builtin:enter_data", csv=f"{TAG},b\n1,2\n3,4\n"),
        "chart": node("builtin:histogram", {"table": "enter.table"}, columns=TAG),
        "report": node(
            "builtin:compose_report", {"first": "chart.report"}, title=LINE, text=MARKDOWN
        ),
        "raises": node("builtin:python_script", {"t1": "enter.table"}, script=raises),
    }
    colours = ("yellow", "blue", "green", "red", "grey")
    notes = [
        {"text": text, "at": [300 * n, -300], "colour": colours[n % 5]}
        for n, text in enumerate((MARKDOWN, *PAYLOADS))
    ]
    draft(
        api, "evil", nodes, notes=notes, display_name=LINE, description=MARKDOWN,
        tags={"label": LINE}, version_description=LINE,
        parameters={"text": {"type": "String", "default": LINE, "description": MARKDOWN}},
    )  # fmt: skip


def look_at_everything(page: Page) -> None:
    """Opens every node and every step, and every tab that there is with each."""
    names = page.locator("[data-node]").evaluate_all("all => all.map((each) => each.dataset.node)")
    _look_at_tabs(page)
    for name in dict.fromkeys(names):
        page.locator(f"[data-node='{name}']").first.click(force=True)
        settle(page, 150)
        _look_at_tabs(page)
    for step in page.locator("[data-task]").all():
        step.click()
        settle(page, 150)
        _look_at_tabs(page)


def _look_at_tabs(page: Page) -> None:
    tabs = page.get_by_role("tab")
    for number in range(tabs.count()):
        if (tab := tabs.nth(number)).is_visible():
            tab.click()
            settle(page, 150)
