import { expect, it } from "vitest";
import { durationOf } from "./duration";

it.each([
  [0, "0 s"],
  [0.44, "0.4 s"],
  [12.4, "12 s"],
  [59.7, "1 min"],
  [185, "3 min 5 s"],
  [3600, "1 h"],
  [7810, "2 h 10 min"],
])("%d seconds are %s", (seconds, text) => expect(durationOf(seconds)).toBe(text));
