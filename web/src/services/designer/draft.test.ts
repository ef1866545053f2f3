// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { blank } from "@/models/pipeline/model";
import { setOwn } from "@/models/pipeline/own";
import { keptText, PAUSE, type Saver, startSaving } from "./draft";
import { type DesignerStore, openDesigner } from "./store";

// The client takes hold of `fetch` when it is made, before any test begins.
const net = vi.hoisted(() => {
  const door = { serve: (_: Request): Promise<Response> => Promise.reject(new Error("closed")) };
  globalThis.fetch = (request) => door.serve(request as Request);
  return door;
});

/** A server that keeps one draft, behind the browser's own way to ask. */
class Server {
  revision = 1;
  text = "";
  isAway = false;

  readonly fetch = async (request: Request): Promise<Response> => {
    if (this.isAway) throw new TypeError("no network");
    if (request.method === "GET") return this.answer(200, this.view());
    const { text, revision } = (await request.json()) as { text: string; revision: number };
    if (revision !== this.revision)
      return this.answer(409, { title: "Not in that state", detail: "somebody was first" });
    this.revision += 1;
    this.text = text;
    return this.answer(200, this.view());
  };

  private view() {
    const { revision, text } = this;
    return { name: "d", revision, text, author: "ada", changed: 1, bundle: "", faults: [] };
  }

  private answer(status: number, body: unknown) {
    return new Response(JSON.stringify(body), {
      status,
      headers: { "Content-Type": "application/json" },
    });
  }
}

let server: Server;
let store: DesignerStore;
let saver: Saver;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  localStorage.clear();
  server = new Server();
  net.serve = server.fetch;
  const pipeline = blank("p");
  store = openDesigner({ workspace: "w", draft: "d", bundle: "", revision: 1, pipeline });
  saver = startSaving(store);
});
afterEach(() => {
  saver.stop();
  vi.useRealTimers();
});

const edit = (version: string) => store.getState().edit("e", setOwn("version", version));
const pass = async (time = PAUSE) => {
  await vi.advanceTimersByTimeAsync(time + 50);
  await vi.waitFor(() => expect(store.getState().saving).not.toBe("saving"));
};

describe("saving", () => {
  it("waits a moment, and saves many changes at once", async () => {
    edit("0.2.0");
    edit("0.3.0");
    expect(store.getState().saving).toBe("changed");
    await pass();
    expect(store.getState()).toMatchObject({ saving: "saved", revision: 2 });
    expect(server.text).toContain("version: 0.3.0");
  });

  it("keeps the text in the browser while the server is away, and tries again", async () => {
    server.isAway = true;
    edit("0.2.0");
    await pass();
    expect(store.getState().saving).toBe("failed");
    expect(keptText("w", "d")?.text).toContain("version: 0.2.0");
    server.isAway = false;
    await pass(5_000);
    expect(store.getState().saving).toBe("saved");
    expect(keptText("w", "d")).toBeNull();
  });

  it("says who was first instead of overwriting", async () => {
    server.revision = 7;
    server.text = "theirs";
    edit("0.2.0");
    await pass();
    expect(store.getState()).toMatchObject({
      saving: "conflict",
      conflict: { author: "ada", revision: 7, text: "theirs" },
    });
    expect(server.text).toBe("theirs");
    expect(await saver.flush()).toBe(false);
    expect(keptText("w", "d")?.text).toContain("version: 0.2.0");
  });
});
