/** Which nodes' results are of what stands here no more. */
import { inOrder, needs, type Pipeline } from "./pipeline/model";

/** The nodes that were changed since a run of `ran`, and all that reads what they leave. */
export function staleNodes(now: Pipeline, ran: Pipeline): Set<string> {
  const stale = new Set<string>();
  for (const name of inOrder(now)) {
    const isChanged = !isSame(now, ran, name);
    if (isChanged || needs(now, name).some((need) => stale.has(need))) stale.add(name);
  }
  return stale;
}

/** Whether a node says what it said, the parameters of the pipeline that it reads among it. */
export function isSame(now: Pipeline, ran: Pipeline, name: string): boolean {
  const node = now.nodes[name];
  if (node === ran.nodes[name] && now.parameters === ran.parameters) return true;
  const read = (pipeline: Pipeline) => {
    const written = JSON.stringify(pipeline.nodes[name]);
    const used = Object.entries(pipeline.parameters ?? {}).filter(([parameter]) =>
      written?.includes(`parameters.${parameter}`),
    );
    return JSON.stringify([pipeline.nodes[name], used.map(([key, each]) => [key, each.default])]);
  };
  return read(now) === read(ran);
}
