/** What is known of something registered, name by name, beside what is said of it. */
import { Badge, Group } from "@mantine/core";
import type { ReactNode } from "react";

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Words({ name, words }: { name: string; words: string[] }) {
  return (
    <Fact name={name}>
      <Group gap={4}>
        {words.map((word) => (
          <Badge key={word} variant="default" tt="none" fw={400}>
            {word}
          </Badge>
        ))}
      </Group>
    </Fact>
  );
}
