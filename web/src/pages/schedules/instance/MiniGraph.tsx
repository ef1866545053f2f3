import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type RefObject, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Failed, Loading } from "@/components/states";
import { levelsOf } from "@/models/schedules/graph";
import { clockOf } from "@/models/schedules/instances";
import { type InstanceGraph, instanceGraph } from "@/services/instances";
import { useStrings } from "@/strings";
import { InstanceMark } from "../instances/InstanceMark";
import classes from "../schedules.module.css";

/** What an instance waits for to its left, what waits for it to its right; each leads to its page. */
export function MiniGraph({ workspace, instance }: { workspace: string; instance: string }) {
  const t = useStrings();
  const query = useQuery(instanceGraph(workspace, instance));
  if (query.isPending) return <Loading />;
  if (query.isError && !query.data) return <Failed error={query.error} />;
  if (!query.data) return null;
  if (query.data.nodes.length < 2) return <Text size="sm">{t("instance.graph.none")}</Text>;
  return <Drawn graph={query.data} />;
}

function Drawn({ graph }: { graph: InstanceGraph }) {
  const t = useStrings();
  const place = useRef<HTMLDivElement>(null);
  const levels = useMemo(() => levelsOf(graph.nodes), [graph]);
  const wires = useWires(graph, place);
  return (
    <>
      <div className={classes.graph} ref={place}>
        <svg className={classes.wires} aria-hidden="true">
          {wires.map((path) => (
            <path key={path} d={path} />
          ))}
        </svg>
        {levels.map(({ level, nodes, hidden }) => (
          <div key={level} className={classes.level}>
            {nodes.map((node) => (
              <Link
                key={node.id}
                to="/w/$workspace/instances/$instance"
                params={{ workspace: node.workspace, instance: node.id }}
                className={classes.node}
                data-instance={node.id}
                aria-current={node.id === graph.instance ? "page" : undefined}
              >
                <b>{node.schedule}</b>
                <div>
                  {node.bizdate} · {clockOf(node.cyctime)}
                </div>
                <InstanceMark {...node} />
              </Link>
            ))}
            {hidden > 0 && (
              <Text size="xs" c="dimmed">
                {t.count("instance.graph.hidden", hidden)}
              </Text>
            )}
          </div>
        ))}
      </div>
      {!graph.is_whole && (
        <Text size="xs" c="dimmed" mt={4}>
          {t("instance.graph.part")}
        </Text>
      )}
    </>
  );
}

/** The lines between nodes, from where these have been drawn. */
function useWires(graph: InstanceGraph, place: RefObject<HTMLDivElement | null>): string[] {
  const [wires, setWires] = useState<string[]>([]);
  useLayoutEffect(() => {
    const whole = place.current;
    if (!whole) return;
    const draw = () => {
      const edge = whole.getBoundingClientRect();
      const boxes = new Map<string, DOMRect>();
      for (const node of whole.querySelectorAll<HTMLElement>("[data-instance]"))
        boxes.set(node.dataset.instance ?? "", node.getBoundingClientRect());
      setWires(
        graph.edges.flatMap(({ before, after }) => {
          const [from, to] = [boxes.get(before), boxes.get(after)];
          if (!from || !to) return [];
          const [x1, y1] = [from.right - edge.left, from.top + from.height / 2 - edge.top];
          const [x2, y2] = [to.left - edge.left, to.top + to.height / 2 - edge.top];
          const bend = Math.max(14, Math.abs(x2 - x1) / 2);
          return [`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`];
        }),
      );
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(whole);
    return () => observer.disconnect();
  }, [graph, place]);
  return wires;
}
