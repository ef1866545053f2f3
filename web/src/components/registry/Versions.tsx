import { Alert, Badge, Button, Group, Radio, Stack, Table, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { More } from "@/components/More";
import { NameDialog } from "@/components/NameDialog";
import { Failed, Loading } from "@/components/states";
import { Time } from "@/components/Time";
import { worded } from "@/models/worded";
import { useMay } from "@/services/access";
import type { Schemas } from "@/services/api";
import { deprecate, differences, type Thing, versions } from "@/services/library";
import { useStrings } from "@/strings";
import classes from "./Registry.module.css";
import { ThingLink } from "./ThingLink";

interface Props {
  thing: Thing;
  current: string;
  creator: string;
}

/** All versions, in what two of them differ, and which are not to be used any more. */
export function Versions({ thing, current, creator }: Props) {
  const t = useStrings();
  const query = useInfiniteQuery(versions(thing));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const other = rows.find((row) => row.version !== current)?.version ?? "";
  const [chosen, choose] = useState<{ before?: string; after?: string }>({});
  const before = chosen.before ?? other;
  const after = chosen.after ?? current;
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  return (
    <Stack>
      <Table verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            {rows.length > 1 && <Table.Th w={70}>{t("about.before")}</Table.Th>}
            {rows.length > 1 && <Table.Th w={70}>{t("about.after")}</Table.Th>}
            <Table.Th>{t("pipelines.version")}</Table.Th>
            <Table.Th>{t("about.registered")}</Table.Th>
            <Table.Th>{t("pipelines.by")}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.version}>
              {rows.length > 1 &&
                (["before", "after"] as const).map((side) => (
                  <Table.Td key={side}>
                    <Radio
                      name={side}
                      aria-label={`${t(`about.${side}`)} ${row.version}`}
                      checked={(side === "before" ? before : after) === row.version}
                      onChange={() => choose((now) => ({ ...now, [side]: row.version }))}
                    />
                  </Table.Td>
                ))}
              <Row row={row} thing={thing} creator={creator} isCurrent={row.version === current} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More query={query} />
      {before && before !== after && <Differences thing={thing} before={before} after={after} />}
    </Stack>
  );
}

interface RowProps {
  row: Schemas["VersionRow"];
  thing: Thing;
  creator: string;
  isCurrent: boolean;
}

function Row({ row, thing, creator, isCurrent }: RowProps) {
  const t = useStrings();
  const may = useMay(thing.workspace);
  return (
    <>
      <Table.Td>
        <Group gap="xs">
          <ThingLink
            workspace={thing.workspace}
            thing={{ ...thing, version: row.version }}
            isCurrent={isCurrent}
          >
            {row.version}
          </ThingLink>
          {row.deprecated && (
            <Badge variant="default" tt="none" title={row.deprecated}>
              {t("library.deprecated")}
            </Badge>
          )}
        </Group>
      </Table.Td>
      <Table.Td>
        <Time at={row.registered} />
      </Table.Td>
      <Table.Td>{row.author}</Table.Td>
      <Table.Td ta="right">
        {may.write(creator) && <Deprecation row={row} thing={thing} />}
      </Table.Td>
    </>
  );
}

function Deprecation({ row, thing }: { row: Schemas["VersionRow"]; thing: Thing }) {
  const t = useStrings();
  const [isAsking, setAsking] = useState(false);
  const restoring = useMutation({
    mutationFn: () => deprecate(thing, row.version, ""),
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
  return (
    <>
      <Button
        variant="subtle"
        size="compact-sm"
        loading={restoring.isPending}
        onClick={() => (row.deprecated ? restoring.mutate() : setAsking(true))}
      >
        {t(row.deprecated ? "about.restore" : "about.deprecate")}
      </Button>
      {isAsking && (
        <NameDialog
          title={t("about.deprecate.title", { version: row.version })}
          field={t("about.deprecate.why")}
          initial=""
          label={t("about.deprecate")}
          act={(reason) => deprecate(thing, row.version, reason)}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

interface DifferencesProps {
  thing: Thing;
  before: string;
  after: string;
}

function Differences({ thing, before, after }: DifferencesProps) {
  const t = useStrings();
  const query = useQuery(differences(thing, before, after));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} />;
  const found = query.data.differences;
  return (
    <section>
      <Title order={2} size="h5" mb="xs">
        {t("about.differences", { before, after })}
      </Title>
      {!found.length && <Alert variant="default">{t("about.differences.none")}</Alert>}
      {found.length > 0 && (
        <Table verticalSpacing={6} layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={320}>{t("about.where")}</Table.Th>
              <Table.Th>{before}</Table.Th>
              <Table.Th>{after}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.map(({ path, before, after }) => (
              <Table.Tr key={path}>
                <Table.Td className={classes.word}>
                  <Text size="sm" ff="monospace">
                    {path}
                  </Text>
                </Table.Td>
                <Table.Td className={classes.removed}>{worded(before)}</Table.Td>
                <Table.Td className={classes.added}>{worded(after)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}
