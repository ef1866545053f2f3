/** The editor's usual colours of syntax, each as light as a dark ground needs. */
import { defaultHighlightStyle, HighlightStyle } from "@codemirror/language";

const LIGHT: Record<string, string> = {
  "#404740": "#c1c2c5",
  "#708": "#da77f2",
  "#219": "#ffc078",
  "#164": "#8ce99a",
  "#a11": "#8ce99a",
  "#e40": "#ffa94d",
  "#00f": "#74c0fc",
  "#30a": "#b197fc",
  "#085": "#63e6be",
  "#167": "#66d9e8",
  "#256": "#66d9e8",
  "#00c": "#74c0fc",
  "#940": "#a6a7ab",
  "#f00": "#ff8787",
};

export const darkHighlight = HighlightStyle.define(
  defaultHighlightStyle.specs.map((spec) =>
    typeof spec.color === "string" ? { ...spec, color: LIGHT[spec.color] ?? spec.color } : spec,
  ),
);
