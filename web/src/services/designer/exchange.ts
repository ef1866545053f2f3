/** The text on the canvas in another dialect. */
import { api, asked, type Schemas } from "@/services/api";

export const DIALECTS = {
  millwork: "yaml",
  json: "json",
  "pai-designer": "json",
  "azureml-v2": "yml",
  python: "py",
} as const;

export type Dialect = keyof typeof DIALECTS;

export const exported = (
  text: string,
  name: string,
  to: Dialect,
): Promise<Schemas["ConversionView"]> =>
  asked(api.POST("/api/v1/conversions", { body: { text, to, name } }));
