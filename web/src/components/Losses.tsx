import { Alert, Code, List } from "@mantine/core";
import type { Schemas } from "@/services/api";

/** What a conversion does not carry over, thing by thing. */
export function Losses({ title, losses }: { title: string; losses: Schemas["Loss"][] }) {
  return (
    <Alert variant="default" title={title}>
      <List size="sm" mah={220} style={{ overflowY: "auto" }}>
        {losses.map(({ path, reason }) => (
          <List.Item key={`${path} ${reason}`}>
            {path && <Code>{path}</Code>} {reason}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
