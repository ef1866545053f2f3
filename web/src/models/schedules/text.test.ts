import { describe, expect, it } from "vitest";
import { withAt } from "../componentText";
import { nextVersion } from "../fileText";
import { begun, itemsAt, readSchedule, writeSchedule } from "./text";

const FILE = `# Every night.
apiVersion: millwork/v1
kind: Schedule
name: nightly
version: 1.10
pipeline: flights@1.0.0 # pinned
every: day
at: 02:30
parameters: {label: "day \${yyyy-mm-dd}"}
depends_on:
  - self
`;

describe("a schedule's file", () => {
  it("is text to its form: times and versions are what is written", () => {
    const { fields } = readSchedule(FILE);
    expect(fields?.version).toBe("1.10");
    expect(fields?.at).toBe("02:30");
    expect(itemsAt(fields ?? {}, "depends_on")).toEqual(["self"]);
  });

  it("keeps its comments and order where it is not changed", () => {
    const { fields } = readSchedule(FILE);
    const text = writeSchedule(withAt(fields ?? {}, ["timezone"], "Europe/Berlin"), FILE);
    expect(text).toContain("# Every night.");
    expect(text).toContain("# pinned");
    const lines = text.split("\n");
    expect(lines.indexOf("timezone: Europe/Berlin")).toBe(lines.indexOf("at: 02:30") + 1);
    expect(text.replace("timezone: Europe/Berlin\n", "")).toBe(FILE);
  });

  it("can be read again while rows of it are still empty", () => {
    const fields = { ...begun("flights", "UTC"), depends_on: [{ schedule: "" }], triggers: [""] };
    const again = readSchedule(writeSchedule(fields));
    expect(again).toEqual({ fields, fault: null });
  });

  it("tells where it cannot be read, and what is none", () => {
    expect(readSchedule("kind: Schedule\nat: [").fault?.line).toBe(2);
    expect(readSchedule("")).toEqual({ fields: null, fault: null });
    expect(readSchedule("kind: Pipeline")).toEqual({ fields: null, fault: null });
  });

  it("begins with what runs, and goes on with the next version", () => {
    expect(begun("flights@1.0.0", "UTC").name).toBe("flights-daily");
    expect(begun("", "UTC").name).toBeUndefined();
    expect(nextVersion("1.2.9")).toBe("1.2.10");
    expect(nextVersion("one")).toBe("one");
  });
});
