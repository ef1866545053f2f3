import { lazy, Suspense, useEffect } from "react";
import { Loading } from "@/components/states";
import { useShallow } from "../frame/shallow";
import { PipelinePanel } from "./PipelinePanel";

const node = () => import("./NodePanel");
const NodePanel = lazy(() => node().then(({ NodePanel }) => ({ default: NodePanel })));
const ManyPanel = lazy(() =>
  import("./ManyPanel").then(({ ManyPanel }) => ({ default: ManyPanel })),
);

/** What is chosen, to be changed: a node, several, or the pipeline itself. */
export function Panel() {
  // Notes and the pipeline's own ports are chosen on the canvas too, but have no settings here.
  const names = useShallow(({ selected, history }) =>
    selected.filter((name) => name in history.now.nodes),
  );
  useEffect(() => {
    // Soon some node is chosen: its settings are fetched while nobody waits for them.
    const timer = window.setTimeout(() => void node(), 1_500);
    return () => window.clearTimeout(timer);
  }, []);
  const [name, ...others] = names;
  if (name === undefined) return <PipelinePanel />;
  return (
    <Suspense fallback={<Loading />}>
      {others.length ? <ManyPanel names={names} /> : <NodePanel key={name} name={name} />}
    </Suspense>
  );
}
