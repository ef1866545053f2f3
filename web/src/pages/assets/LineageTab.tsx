import { Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import classes from "@/components/registry/Registry.module.css";
import { ThingLink } from "@/components/registry/ThingLink";
import { Failed, Loading } from "@/components/states";
import { StatusMark } from "@/components/status/StatusMark";
import { Time } from "@/components/Time";
import { assetOf } from "@/models/asset";
import type { Content } from "@/models/assetContent";
import type { Schemas } from "@/services/api";
import { type Asset, assetLineage, type Lineage } from "@/services/assets";
import { runView } from "@/services/runs";
import { useStrings } from "@/strings";

interface Props {
  asset: Asset;
  content: Content;
}

/** Where a version comes from, step by step, and what was made of it. */
export function LineageTab({ asset, content }: Props) {
  const t = useStrings();
  const query = useQuery(assetLineage(asset));
  if (query.isPending) return <Loading />;
  if (query.isError) return <Failed error={query.error} reset={() => void query.refetch()} />;
  const { run, used_by: users, runs } = query.data;
  const { workspace } = asset;
  return (
    <Stack gap="lg">
      <Part title={t("asset.from")}>
        <Origin workspace={workspace} content={content} run={run} />
        {run && <Datasets workspace={workspace} uses={run.uses} />}
        {run && <Steps workspace={workspace} run={run} />}
      </Part>
      <Part title={t("asset.users")}>
        {!users.length && <Quiet>{t("asset.users.none")}</Quiet>}
        {users.map((each) => (
          <div key={each}>
            <Reference workspace={workspace} reference={each} />
          </div>
        ))}
      </Part>
      <Part title={t("asset.runs")}>
        <Runs workspace={workspace} runs={runs} />
      </Part>
    </Stack>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Title order={2} size="h5" mb={4}>
        {title}
      </Title>
      {children}
    </section>
  );
}

const Quiet = ({ children }: { children: ReactNode }) => (
  <Text size="sm" c="dimmed">
    {children}
  </Text>
);

interface OriginProps {
  workspace: string;
  content: Content;
  run: Lineage["run"];
}

/** What it was made of: an output of a run, a dataset, or what lies at an address. */
function Origin({ workspace, content: { source, uri }, run }: OriginProps) {
  const t = useStrings();
  if (source.kind === "dataset") {
    const { name, version } = source;
    return <Reference workspace={workspace} reference={`dataset:${name}@${version}`} />;
  }
  if (source.kind === "none") return <Quiet>{t("asset.from.uri", { uri })}</Quiet>;
  const { step, port } = source;
  return (
    <Text size="sm">
      {t("asset.from.output", { step, port })}{" "}
      {run ? (
        <PlaceLink
          to="/w/$workspace/runs/$run"
          params={{ workspace, run: run.run }}
          search={{ task: step, tab: "data" }}
          size="sm"
        >
          {run.name}
        </PlaceLink>
      ) : (
        t("asset.from.gone")
      )}
    </Text>
  );
}

/** The datasets that the run named; what lies on the server's machine its steps know by its path. */
function Datasets({ workspace, uses }: { workspace: string; uses: string[] }) {
  const t = useStrings();
  const named = uses.filter((each) => assetOf(each)?.kind === "dataset");
  if (!named.length) return null;
  return (
    <Group gap="xs">
      <Text size="sm">{t("asset.from.read")}</Text>
      {named.map((each) => (
        <Reference key={each} workspace={workspace} reference={each} />
      ))}
    </Group>
  );
}

/** The steps that led to it, with what each is and what it read. */
function Steps({ workspace, run }: { workspace: string; run: Schemas["RunLineage"] }) {
  const t = useStrings();
  return (
    <Table verticalSpacing={6} layout="fixed" mt="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={180}>{t("asset.step")}</Table.Th>
          <Table.Th w={220}>{t("asset.component")}</Table.Th>
          <Table.Th>{t("asset.read")}</Table.Th>
          <Table.Th w={130}>{t("asset.commit")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {run.steps.map(({ step, component, inputs, code }) => (
          <Table.Tr key={step}>
            <Table.Td className={classes.word}>
              <PlaceLink
                to="/w/$workspace/runs/$run"
                params={{ workspace, run: run.run }}
                search={{ task: step }}
                size="sm"
              >
                {step}
              </PlaceLink>
            </Table.Td>
            <Table.Td className={classes.word}>
              <Made workspace={workspace} component={component} uses={run.uses} />
            </Table.Td>
            <Table.Td className={classes.word}>
              {inputs.map((input) => (
                <div key={input.port}>
                  {input.port}: <Read workspace={workspace} input={input} />
                </div>
              ))}
            </Table.Td>
            <Table.Td ff="monospace">{code.commit.slice(0, 12)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface MadeProps {
  workspace: string;
  component: string;
  uses: string[];
}

/** What a step was an execution of, with its page where it is registered here. */
function Made({ workspace, component, uses }: MadeProps) {
  const reference = `component:${component.replace(" ", "@")}`;
  const thing = uses.includes(reference) ? assetOf(reference) : null;
  if (!thing) return component;
  return (
    <ThingLink workspace={workspace} thing={thing}>
      {component}
    </ThingLink>
  );
}

function Read({ workspace, input }: { workspace: string; input: Schemas["UsedInput"] }) {
  const t = useStrings();
  const { kind, value } = input;
  const thing = kind === "dataset" ? assetOf(value) : null;
  if (thing) return <Reference workspace={workspace} reference={value} />;
  if (kind !== "step") return value;
  const at = value.lastIndexOf(".");
  return t("run.input.step", { step: value.slice(0, at), port: value.slice(at + 1) });
}

/** Something registered by its name and version, with its kind in words. */
function Reference({ workspace, reference }: { workspace: string; reference: string }) {
  const t = useStrings();
  const thing = assetOf(reference);
  if (!thing) return <Text size="sm">{reference.replace(":", " ")}</Text>;
  const { kind, name, version } = thing;
  return (
    <ThingLink workspace={workspace} thing={thing}>
      {t(`asset.named.${kind}`, { name, version })}
    </ThingLink>
  );
}

/** So many are looked at, one by one, before somebody asks for more. */
const FEW = 10;

function Runs({ workspace, runs }: { workspace: string; runs: string[] }) {
  const t = useStrings();
  const [most, setMost] = useState(FEW);
  if (!runs.length) return <Quiet>{t("asset.runs.none")}</Quiet>;
  return (
    <>
      <Table verticalSpacing={6} layout="fixed">
        <Table.Tbody>
          {runs.slice(0, most).map((run) => (
            <RunRow key={run} workspace={workspace} run={run} />
          ))}
        </Table.Tbody>
      </Table>
      {runs.length > most && (
        <Button variant="subtle" onClick={() => setMost(most + FEW)}>
          {t("shell.show-more")}
        </Button>
      )}
    </>
  );
}

function RunRow({ workspace, run }: { workspace: string; run: string }) {
  const { data } = useQuery(runView(workspace, run));
  return (
    <Table.Tr>
      {data && (
        <>
          <Table.Td className={classes.word}>
            <PlaceLink to="/w/$workspace/runs/$run" params={{ workspace, run }} size="sm">
              {data.name}
            </PlaceLink>
          </Table.Td>
          <Table.Td w={150}>
            <StatusMark status={data.status} />
          </Table.Td>
          <Table.Td w={170}>
            <Time at={data.created} />
          </Table.Td>
        </>
      )}
    </Table.Tr>
  );
}
