import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useStrings } from "@/strings";
import { Empty } from "./states";

export function Nowhere() {
  const t = useStrings();
  return (
    <Empty
      title={t("shell.nowhere")}
      action={
        <Anchor component={Link} to="/">
          {t("shell.nowhere.back")}
        </Anchor>
      }
    />
  );
}
