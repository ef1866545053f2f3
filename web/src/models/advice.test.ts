import { expect, it } from "vitest";
import { adviceFor } from "./advice";
import type { Step } from "./runs";

const step = (status: string, reason: string): Step => ({
  node: "train",
  status,
  reason,
  attempts: 1,
  seconds: null,
  outputs: {},
  metrics: {},
});

it("fits how a step ended", () => {
  const key = (status: string, reason: string) => adviceFor(step(status, reason))?.key;
  expect(key("failed", "exit code 3")).toBe("program");
  expect(key("failed", "out of memory (limit 1 GiB)")).toBe("memory");
  expect(key("failed", "killed by SIGKILL")).toBe("killed");
  expect(key("skipped", "'train' failed")).toBe("upstream");
  expect(key("skipped", "condition does not hold")).toBe("unmet");
  expect(key("pending", "")).toBe("waits");
  expect(adviceFor(step("succeeded", ""))).toBeNull();
});
