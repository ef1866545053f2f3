/** Says what is selected, and how it is, to whoever does not see it. */
import { VisuallyHidden } from "@mantine/core";
import { useStatusWord } from "@/components/status/StatusMark";
import type { GraphNode } from "@/models/graph";
import { useStrings } from "@/strings";
import { useStatus } from "./context";
import { statusText } from "./status";

interface Props {
  nodes: GraphNode[];
  selected: string[];
}

export function Announced({ nodes, selected }: Props) {
  const t = useStrings();
  const [only] = selected;
  const node = selected.length === 1 && nodes.find((each) => each.name === only);
  return (
    <VisuallyHidden role="status">
      {node ? (
        <One node={node} />
      ) : (
        selected.length > 1 && t.count("graph.selected", selected.length)
      )}
    </VisuallyHidden>
  );
}

function One({ node }: { node: GraphNode }) {
  const status = useStatus(node.name);
  const wordOf = useStatusWord();
  const said = status ? statusText(status, wordOf) : (node.faults ?? []).join(". ");
  return [node.title, node.about, said].filter(Boolean).join(", ");
}
