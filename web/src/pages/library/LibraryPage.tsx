import { Button, CloseButton, Group, Loader, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue, useSessionStorage } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { Empty, Failed, Loading } from "@/components/states";
import { type Chosen, chosenOf } from "@/models/facets";
import { useMay } from "@/services/access";
import { useCommands } from "@/services/commands";
import { palette } from "@/services/library";
import { useStrings } from "@/strings";
import { Faces } from "./Faces";
import { Facets } from "./Facets";
import classes from "./library.module.css";

interface Wanted {
  words: string;
  chosen: Chosen;
}

const NOTHING: Wanted = { words: "", chosen: {} };

/** All components that the workspace can use, found by words and sorted out by facets. */
export function LibraryPage() {
  const t = useStrings();
  const { workspace } = useParams({ from: "/w/$workspace/components" });
  const [{ words, chosen }, want] = useSessionStorage<Wanted>({
    key: `millwork.library.${workspace}`,
    defaultValue: NOTHING,
    getInitialValueInEffect: false,
  });
  const [search] = useDebouncedValue(words.trim(), 200);
  const { faces, query, isWhole } = useFaces(workspace, search);
  const found = useMemo(() => chosenOf(faces, chosen), [faces, chosen]);
  const choose = (chosen: Chosen) => want((wanted) => ({ ...wanted, chosen }));
  useLibraryCommands(workspace);
  return (
    <div className={classes.page}>
      <aside className={classes.facets} aria-label={t("library.facets")}>
        <Facets faces={faces} chosen={chosen} choose={choose} />
      </aside>
      <section className={classes.found}>
        <Group className={classes.head} wrap="nowrap">
          <Title order={1} size="h4">
            {t("shell.library")}
          </Title>
          <Search words={words} change={(words) => want((wanted) => ({ ...wanted, words }))} />
          <Text size="sm" c="dimmed" aria-live="polite" className={classes.count}>
            {!isWhole && !query.isError && <Loader size={12} mr={6} />}
            {!query.isError && t.count("library.found", found.length)}
          </Text>
          <NewLink workspace={workspace} />
        </Group>
        {query.isPending ? (
          <Loading />
        ) : query.isError ? (
          <Failed error={query.error} reset={() => void query.refetch()} />
        ) : isWhole && !found.length ? (
          <NothingFits showAll={() => want(NOTHING)} />
        ) : (
          <Faces faces={found} workspace={workspace} />
        )}
      </section>
    </div>
  );
}

function Search({ words, change }: { words: string; change: (words: string) => void }) {
  const t = useStrings();
  return (
    <TextInput
      className={classes.search}
      type="search"
      value={words}
      onChange={(event) => change(event.currentTarget.value)}
      placeholder={t("library.search")}
      aria-label={t("library.search")}
      rightSection={
        words && (
          <CloseButton
            size="sm"
            aria-label={t("library.search.clear")}
            onClick={() => change("")}
          />
        )
      }
    />
  );
}

function NewLink({ workspace }: { workspace: string }) {
  const t = useStrings();
  const may = useMay(workspace);
  if (!may.make) return null;
  return (
    <Button
      renderRoot={(props) => (
        <Link to="/w/$workspace/new-component" params={{ workspace }} {...props} />
      )}
    >
      {t("library.new")}
    </Button>
  );
}

function NothingFits({ showAll }: { showAll: () => void }) {
  const t = useStrings();
  return (
    <Empty
      title={t("library.none")}
      action={
        <Button variant="default" onClick={showAll}>
          {t("library.none.all")}
        </Button>
      }
    >
      {t("library.none.hint")}
    </Empty>
  );
}

/** Everything that fits the words: the facets count all of it, so all pages are asked for. */
function useFaces(workspace: string, search: string) {
  const query = useInfiniteQuery(palette(workspace, search));
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  const pages = query.data?.pages;
  const faces = useMemo(() => pages?.flatMap((page) => page.items) ?? [], [pages]);
  return { faces, query, isWhole: query.isSuccess && !hasNextPage };
}

function useLibraryCommands(workspace: string) {
  const t = useStrings();
  const navigate = useNavigate();
  useCommands(
    "library",
    useMemo(
      () => [
        {
          id: "new-component",
          label: t("library.new"),
          run: () => void navigate({ to: "/w/$workspace/new-component", params: { workspace } }),
        },
      ],
      [t, navigate, workspace],
    ),
  );
}
