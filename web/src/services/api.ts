/** The server's API, typed by its contract. */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** What the server answers instead of doing what was asked (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
    readonly faults: Schemas["FaultView"][] = [],
  ) {
    super(detail || title);
  }
}

export const api = createClient<paths>({ baseUrl: window.location.origin });

api.use({
  async onResponse({ response }) {
    if (response.ok) return;
    throw await problemOf(response);
  },
  onError() {
    return new Problem(0, "The server is away", "");
  },
});

/** The problem that an answer tells of, whatever its body is. */
export async function problemOf(response: Response): Promise<Problem> {
  try {
    const said = (await response.clone().json()) as {
      title?: string;
      detail?: string;
      faults?: Schemas["FaultView"][];
    };
    return new Problem(response.status, said.title ?? "", said.detail ?? "", said.faults ?? []);
  } catch {
    return new Problem(response.status, response.statusText, "");
  }
}

/** The content of an answer; what is no answer has been thrown as a Problem. */
export async function asked<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}

interface Page<T> {
  items: T[];
  next: string | null;
}

/** All items of a list, asked for one page after the other. */
export async function every<T>(page: (after: string) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const { items, next }: Page<T> = await page(after);
    found.push(...items);
    after = next;
  }
  return found;
}
