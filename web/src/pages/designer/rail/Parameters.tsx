import { Stack, Text } from "@mantine/core";
import { useStrings } from "@/strings";
import { DeclaredList } from "../panel/DeclaredList";

/** What whoever runs the pipeline may say: its parameters and its inputs. */
export function Parameters() {
  const t = useStrings();
  return (
    <Stack gap="sm" p="sm">
      <Text size="xs" c="dimmed">
        {t("rail.parameters.about")}
      </Text>
      <DeclaredList own="parameters" />
      <DeclaredList own="inputs" />
    </Stack>
  );
}
