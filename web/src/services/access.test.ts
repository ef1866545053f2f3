// @vitest-environment jsdom
import { expect, it } from "vitest";
import { mayApprove, mayWrite } from "./access";
import type { Schemas } from "./api";

const who = (given: Partial<Schemas["Me"]>): Schemas["Me"] => ({
  person: "ada",
  is_admin: false,
  scope: "admin",
  workspace: "",
  roles: {},
  ...given,
});

it("lets owners and admins change everything, developers what is theirs, others nothing", () => {
  expect(mayWrite(who({ roles: { w: "owner" } }), "w", "bob")).toBe(true);
  expect(mayWrite(who({ is_admin: true }), "w", "bob")).toBe(true);
  expect(mayWrite(who({ roles: { w: "developer" } }), "w", "ada")).toBe(true);
  expect(mayWrite(who({ roles: { w: "developer" } }), "w", "bob")).toBe(false);
  expect(mayWrite(who({ roles: { w: "operator" } }), "w", "ada")).toBe(false);
});

it("lets owners, admins and, of what is public, operators approve", () => {
  expect(mayApprove(who({ roles: { w: "admin" } }), "w", "private")).toBe(true);
  expect(mayApprove(who({ roles: { w: "operator" } }), "w", "public")).toBe(true);
  expect(mayApprove(who({ roles: { w: "operator" } }), "w", "private")).toBe(false);
  expect(mayApprove(who({ roles: { w: "developer" } }), "w", "public")).toBe(false);
});

it("lets nobody write by a way in that only reads", () => {
  expect(mayWrite(who({ is_admin: true, scope: "run" }), "w", "ada")).toBe(false);
});
