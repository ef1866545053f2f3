/** Pipelines for property tests: graphs of nodes that read one another, without circles. */
import fc from "fast-check";
import { blank, type Json, type Pipeline, type PipelineNode, type Place } from "./model";

interface Drawn {
  count: number;
  reads: { input: string; from: number; port: string }[][];
  values: (string | number | boolean)[];
  given: number;
}

const drawn = fc.integer({ min: 1, max: 8 }).chain((count) =>
  fc.record<Drawn>({
    count: fc.constant(count),
    reads: fc.array(
      fc.array(
        fc.record({
          input: fc.constantFrom("table", "model", "extra"),
          from: fc.nat({ max: count }),
          port: fc.constantFrom("first", "second"),
        }),
        { maxLength: 3 },
      ),
      { minLength: count, maxLength: count },
    ),
    values: fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean()), {
      minLength: count,
      maxLength: count,
    }),
    given: fc.nat({ max: count - 1 }),
  }),
);

export const pipelines: fc.Arbitrary<Pipeline> = drawn.map(({ count, reads, values, given }) => {
  const nodes = Array.from({ length: count }, (_, at): [string, PipelineNode] => {
    const inputs = (reads[at] ?? []).map(({ input, from, port }) => [
      input,
      { from: from < at ? `n${from}.${port}` : "inputs.rows" },
    ]);
    const parameters: Record<string, Json> =
      at % 3 === 1 ? { share: { from: "parameters.share" } } : {};
    return [
      `n${at}`,
      {
        component: "builtin:split_rows",
        ...(inputs.length && { inputs: Object.fromEntries(inputs) }),
        parameters: { ...parameters, value: values[at] ?? 0 },
      },
    ];
  });
  const layout = nodes.map(([name], at): [string, Place] => [name, [(at % 3) * 240, at * 120]]);
  return {
    ...blank("drawn"),
    inputs: { rows: { type: "table" } },
    parameters: { share: { type: "Float", default: 0.5 } },
    nodes: Object.fromEntries(nodes),
    outputs: { result: { from: `n${given}.first` } },
    layout: Object.fromEntries(layout),
  };
});

/** A pipeline and some of its nodes. */
export const selections = pipelines.chain((pipeline) =>
  fc.subarray(Object.keys(pipeline.nodes), { minLength: 1 }).map((names) => ({ pipeline, names })),
);
