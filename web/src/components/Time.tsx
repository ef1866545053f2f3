import { Text } from "@mantine/core";
import { ago, moment } from "@/models/ago";
import { useStrings } from "@/strings";

/** When something was, in words; exactly for whoever points at it. `at` in Unix seconds. */
export function Time({ at }: { at: number }) {
  const t = useStrings();
  return (
    <Text
      component="time"
      size="sm"
      dateTime={new Date(at * 1000).toISOString()}
      title={moment(at, t.language)}
    >
      {ago(at, Date.now() / 1000, t.language)}
    </Text>
  );
}
