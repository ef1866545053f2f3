import { Button } from "@mantine/core";
import { useStrings } from "@/strings";

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** The button that shows the next page of a list, if there is one. */
export function More({ query }: { query: Pages }) {
  const t = useStrings();
  if (!query.hasNextPage) return null;
  return (
    <Button
      variant="subtle"
      loading={query.isFetchingNextPage}
      onClick={() => void query.fetchNextPage()}
    >
      {t("shell.show-more")}
    </Button>
  );
}
