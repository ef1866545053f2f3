// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { addNode, move } from "@/models/pipeline/edit";
import { blank } from "@/models/pipeline/model";
import { startPlanning } from "./planning";
import { type DesignerStore, openDesigner } from "./store";

interface Asked {
  text: string;
  answer: () => void;
}

// The client takes hold of `fetch` when it is made, before any test begins.
const net = vi.hoisted(() => {
  const asked: Asked[] = [];
  globalThis.fetch = async (given) => {
    const { text } = (await (given as Request).json()) as { text: string };
    return new Promise((resolve) => {
      const answer = () => {
        const fault = { message: text.includes("second") ? "second" : "first", node: "" };
        const headers = { "Content-Type": "application/json" };
        resolve(new Response(JSON.stringify({ nodes: {}, faults: [fault] }), { headers }));
      };
      asked.push({ text, answer });
    });
  };
  return asked;
});

let store: DesignerStore;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  net.length = 0;
  const pipeline = blank("p");
  store = openDesigner({ workspace: "w", draft: "d", bundle: "", revision: 1, pipeline });
  stop = startPlanning(store);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

const asks = (count: number) => vi.waitFor(() => expect(net).toHaveLength(count));
const said = () => store.getState().plan?.faults[0]?.message;

it("only the newest answer counts, in whatever order they come", async () => {
  await asks(1);
  store.getState().edit("e", addNode("second", { component: "x@1.0.0" }));
  await vi.advanceTimersByTimeAsync(500);
  await asks(2);
  net[1]?.answer();
  await vi.waitFor(() => expect(said()).toBe("second"));
  net[0]?.answer();
  await vi.advanceTimersByTimeAsync(100);
  expect(said()).toBe("second");
});

it("moving a node asks nothing", async () => {
  await asks(1);
  store.getState().edit("e", move({ a: [1, 2] }));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(net).toHaveLength(1);
});
