import { expect, it } from "vitest";
import type { Face } from "./ports";
import { asked, mostOf, replicasOf, sizeText, withEntry, withReplicas } from "./resources";

const face = (some: Partial<Face>): Face =>
  ({ roles: [{ role: "worker", minimum: 1, maximum: null }], constraints: null, ...some }) as Face;
const node = (replicas?: unknown) => ({
  component: "x@1.0.0",
  ...(replicas !== undefined && { replicas }),
});
const two = face({
  roles: [
    { role: "chief", minimum: 0, maximum: 1 },
    { role: "worker", minimum: 1, maximum: null },
  ],
});

it("replicas are a number for one role, and a mapping for several", () => {
  expect(replicasOf(node(3), face({}))).toEqual({ worker: 3 });
  expect(replicasOf(node({ chief: 1, worker: { count: 4 } }), two)).toEqual({
    chief: 1,
    worker: 4,
  });
  expect(withReplicas(node(), face({}), "worker", 2)).toBe(2);
  expect(withReplicas(node(2), face({}), "worker", null)).toBeUndefined();
  expect(withReplicas(node({ chief: 1 }), two, "worker", 4)).toEqual({ chief: 1, worker: 4 });
  expect(
    withReplicas(node({ worker: { count: 4, resources: { cpu: 1 } } }), two, "worker", 5),
  ).toEqual({
    worker: { count: 5, resources: { cpu: 1 } },
  });
});

it("a component may refuse more than one", () => {
  const alone = { instance_type: "CPU", multiple_instances: false, multiple_gpus: false };
  expect(mostOf(face({ constraints: alone }), "worker")).toBe(1);
  expect(mostOf(two, "chief")).toBe(1);
  expect(mostOf(two, "worker")).toBeNull();
});

it("sizes and numbers are written as people do", () => {
  expect([2 * 1024 ** 3, 512 * 1024 ** 2, 1000, null].map(sizeText)).toEqual([
    "2Gi",
    "512Mi",
    "1000",
    "",
  ]);
  expect(["4", " 2.5 ", "2Gi", ""].map(asked)).toEqual([4, 2.5, "2Gi", undefined]);
  expect(withEntry({ cpu: 1 }, "cpu", undefined)).toBeUndefined();
  expect(withEntry(undefined, "cpu", 2)).toEqual({ cpu: 2 });
});
