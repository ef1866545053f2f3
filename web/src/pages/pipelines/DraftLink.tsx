import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";

export function DraftLink({ workspace, draft }: { workspace: string; draft: string }) {
  return (
    <Anchor
      size="sm"
      fw={600}
      renderRoot={(props) => (
        <Link
          to="/w/$workspace/pipelines/$draft"
          params={{ workspace, draft }}
          preload={false}
          {...props}
        />
      )}
    >
      {draft}
    </Anchor>
  );
}
