import { Alert, Badge, Stack, Tabs, Text } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { tabOf } from "@/models/fields";
import { rename } from "@/models/pipeline/edit";
import { OWN } from "@/models/pipeline/model";
import { isName } from "@/models/pipeline/own";
import { faceOf, useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { useFaults } from "./faults";
import { Inputs } from "./Inputs";
import { NameField } from "./NameField";
import { NodeState } from "./NodeState";
import classes from "./Panel.module.css";
import { Parameters } from "./Parameters";
import { Resources } from "./Resources";

const Markdown = lazy(() =>
  import("@/components/Markdown").then(({ Markdown }) => ({ default: Markdown })),
);

/** One node: what it is, what it reads, and all that can be said of it, in PAI's three tabs. */
export function NodePanel({ name }: { name: string }) {
  const t = useStrings();
  const node = useDesigner((designer) => designer.history.now.nodes[name]);
  const face = useDesigner((designer) => faceOf(designer, name));
  const faults = useFaults(name);
  const groups = face ? face.parameters.map(tabOf) : [];
  const [chosen, setChosen] = useState<string | null>(null);
  if (!node) return null;
  const tab = chosen ?? (groups.includes("fields") ? "fields" : "parameters");
  const has = (of: string[]) => faults.some((fault) => of.includes(fault.tab));
  return (
    <div className={classes.scroll}>
      <Stack gap="xs" p="sm" pb={4}>
        <Heading name={name} />
        <NodeState name={name} />
        {faults
          .filter((fault) => fault.tab === "node")
          .map((fault) => (
            <Alert key={fault.path + fault.message} color={fault.colour} p="xs">
              {fault.message}
            </Alert>
          ))}
        <Inputs name={name} />
      </Stack>
      <Tabs value={tab} onChange={setChosen} keepMounted={false} className={classes.tabs}>
        <Tabs.List grow>
          {(["fields", "parameters", "resources"] as const).map((each) => (
            <Tabs.Tab key={each} value={each} rightSection={has([each]) && <Wrong />}>
              {t(`panel.tab.${each}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="fields" p="sm">
          <Parameters name={name} tab="fields" />
        </Tabs.Panel>
        <Tabs.Panel value="parameters" p="sm">
          <Parameters name={name} tab="parameters" />
        </Tabs.Panel>
        <Tabs.Panel value="resources" p="sm">
          <Resources name={name} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function Wrong() {
  const t = useStrings();
  return (
    <Badge size="xs" circle color="red" aria-label={t("panel.hasFaults")}>
      !
    </Badge>
  );
}

function Heading({ name }: { name: string }) {
  const t = useStrings();
  const store = useDesignerStore();
  const component = useDesigner((designer) => designer.history.now.nodes[name]?.component);
  const face = useDesigner((designer) => faceOf(designer, name));
  const [isOpen, setOpen] = useState(false);
  const call = (to: string): string => {
    const { history, edit, select } = store.getState();
    if (!isName(to) || OWN.includes(to)) return t("panel.name.wrong");
    if (to in history.now.nodes) return t("panel.name.taken");
    edit(t("panel.did.rename", { from: name, to }), rename(name, to));
    select([to]);
    return "";
  };
  return (
    <div>
      <NameField label={t("panel.node.name")} value={name} onChange={call} />
      <Text size="xs" c="dimmed" mt={2}>
        {face ? face.title : t("panel.unknown")}
        {" · "}
        <span className={classes.code}>{component}</span>
      </Text>
      {face?.deprecated && (
        <Alert color="yellow" p="xs" mt={4}>
          {t("panel.deprecated", { reason: face.deprecated })}
        </Alert>
      )}
      {face?.summary && (
        <Text size="xs" mt={4}>
          {face.summary}{" "}
          {face.description.trim() !== face.summary.trim() && (
            <button type="button" className={classes.link} onClick={() => setOpen(!isOpen)}>
              {isOpen ? t("panel.less") : t("panel.more")}
            </button>
          )}
        </Text>
      )}
      {isOpen && face && (
        <Suspense>
          <div className={classes.about}>
            <Markdown>{face.description}</Markdown>
          </div>
        </Suspense>
      )}
    </div>
  );
}
