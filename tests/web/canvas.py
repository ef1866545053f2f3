"""The designer as somebody uses it: what is dragged, wired, typed, run and read there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playwright.sync_api import Locator, Page

OVER = 180_000.0  # milliseconds: the first run of a home installs what the built-ins need
SOON = 20_000.0


@dataclass(frozen=True)
class Canvas:
    """The canvas on a page."""

    page: Page

    def begin(self, name: str) -> None:
        """Makes an empty pipeline, from the list of pipelines."""
        self.page.goto("/w/default/pipelines")
        self.page.get_by_role("button", name="New pipeline").first.click()
        self.page.get_by_role("dialog").get_by_label("Name").fill(name)
        self.page.get_by_role("button", name="Create").click()
        expect(self.page).to_have_url(re.compile(rf"/pipelines/{name}$"))
        expect(self.graph).to_be_visible()

    @property
    def graph(self) -> Locator:
        return self.page.get_by_test_id("graph")

    def node(self, name: str) -> Locator:
        return self.graph.locator(f"[data-node='{name}']")

    def port(self, end: str, way: str) -> Locator:
        """A port by `node.port`."""
        node, _, port = end.partition(".")
        return self.node(node).locator(f"[data-port='{way}:{port}']")

    def drag(self, words: str, title: str, place: tuple[int, int]) -> None:
        """Drags a component from the palette to a place, in pixels from the canvas' corner."""
        search = self.rail.get_by_role("combobox")
        search.fill(words)
        option = self.rail.get_by_role("option", name=title).first
        option.drag_to(self.graph, target_position={"x": place[0], "y": place[1]})
        search.fill("")

    def wire(self, start: str, end: str) -> None:
        """Draws a wire from an output to an input, both `node.port`."""
        before = self.wires
        self.stretch(start, end)
        expect(self.graph.locator(".react-flow__edge")).to_have_count(before + 1)

    def stretch(self, start: str, end: str) -> None:
        """Draws a wire, wherever that leads."""
        source, target = self.port(start, "out"), self.port(end, "in")
        source.hover()
        self.page.mouse.down()
        box = target.bounding_box()
        assert box is not None, end
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x - 9, y - 9, steps=4)
        self.page.mouse.move(x, y, steps=2)
        self.page.mouse.up()

    @property
    def wires(self) -> int:
        return self.graph.locator(".react-flow__edge").count()

    def open(self, name: str, tab: str = "") -> None:
        """Shows a node in the panel."""
        self.node(name).click(position={"x": 12, "y": 12})
        if tab:
            self.panel.get_by_role("tab", name=tab).click()

    @property
    def rail(self) -> Locator:
        return self.page.get_by_role("complementary", name="Palette and outline")

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("complementary", name="Settings")

    def drawer(self, tab: str) -> Locator:
        """What the chosen node reads, leaves and prints, at one of its tabs."""
        drawer = self.page.get_by_role("region", name="Data, charts and log")
        if not drawer.is_visible():
            self.page.get_by_role("button", name="Data, charts, log and text").click()
        drawer.get_by_role("tab", name=tab).click()
        return drawer

    def field(self, parameter: str) -> Locator:
        """Where a parameter is typed in."""
        return self.panel.locator(f"[data-parameter='{parameter}']").locator(
            "input:not([type=hidden]), textarea"
        ).first  # fmt: skip

    def fill(self, parameter: str, text: str) -> None:
        """Types a parameter's value."""
        self.field(parameter).fill(text)
        self.field(parameter).blur()

    def pick(self, parameter: str, *columns: str) -> None:
        """Picks what is offered, one after the other."""
        field = self.field(parameter)
        for column in columns:
            field.click()
            self.page.get_by_role("option", name=re.compile(rf"^{re.escape(column)}\b")).click()
        self.page.keyboard.press("Escape")

    def hide_drawer(self) -> None:
        """Gives the canvas its whole height again."""
        self.page.get_by_role("button", name="Show or hide data and log").click()
        expect(self.page.get_by_role("region", name="Data, charts and log")).to_be_hidden()

    def saved(self) -> None:
        """Waits until the server has what is seen."""
        expect(self.page.get_by_text("Saved", exact=True).first).to_be_visible(timeout=SOON)

    def run(self) -> None:
        """Runs all of it."""
        self.page.get_by_role("button", name="Run", exact=True).click()

    def statuses(self, names: Iterable[str]) -> dict[str, str]:
        """What each node says of its step."""
        return {
            name: self.node(name).locator("[data-status]").get_attribute("data-status") or ""
            for name in names
        }

    def wait_for(self, statuses: Mapping[str, str]) -> None:
        """Waits until the nodes say so."""
        for name, status in statuses.items():
            said = self.node(name).locator(f"[data-status={status}]")
            expect(said).to_be_visible(timeout=OVER)
