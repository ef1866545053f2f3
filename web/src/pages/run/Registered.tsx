import { Button, Modal, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import { Failed, Loading } from "@/components/states";
import { moment } from "@/models/ago";
import { type Asset, assetOf } from "@/models/asset";
import { assetLineage, assetVersion } from "@/services/assets";
import { useStrings } from "@/strings";
import classes from "./RunPage.module.css";

interface OfReference {
  workspace: string;
  reference: string;
}

/** A model or dataset that came of an output; what it is, is shown when it is asked for. */
export function Registered({ workspace, reference }: OfReference) {
  const t = useStrings();
  const [isOpen, setOpen] = useState(false);
  const asset = assetOf(reference);
  if (!asset) return null;
  const said = t(`run.registered.${asset.kind}`, { name: asset.name, version: asset.version });
  return (
    <>
      <Button size="compact-xs" variant="light" ml="xs" onClick={() => setOpen(true)}>
        {said}
      </Button>
      {isOpen && (
        <Modal
          opened
          onClose={() => setOpen(false)}
          title={said}
          closeButtonProps={{ "aria-label": t("shell.close") }}
        >
          <Version workspace={workspace} asset={asset} />
        </Modal>
      )}
    </>
  );
}

type Pair = [string, string];

const pairsOf = (pairs: [string, unknown][]): Pair[] =>
  pairs.flatMap(([name, value]): Pair[] =>
    typeof value === "string" && value ? [[name, value]] : [],
  );

function Version({ workspace, asset }: { workspace: string; asset: Asset }) {
  const t = useStrings();
  const version = useQuery(assetVersion(workspace, asset));
  const lineage = useQuery(assetLineage(workspace, asset));
  const error = version.error ?? lineage.error;
  if (error) return <Failed error={error} />;
  if (!version.data || !lineage.data) return <Loading />;
  const { description, stage, author, registered, labels, document } = version.data;
  const { used_by: users, runs } = lineage.data;
  const pairs = pairsOf([
    [t("run.registered.stage"), stage],
    [t("run.registered.by"), author],
    [t("run.registered.when"), moment(registered, t.language)],
    [t("run.registered.uri"), document.uri],
    ...Object.entries(labels),
    [t("run.registered.users"), users.map((each) => each.replace(":", " ")).join(", ")],
  ]);
  return (
    <>
      {description && (
        <Text size="sm" mb="sm">
          {description}
        </Text>
      )}
      <dl className={classes.pairs}>
        {pairs.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Text size="sm" fw={600}>
        {t.count("run.registered.runs", runs.length)}
      </Text>
      {runs.slice(0, 20).map((run, at) => (
        <div key={run}>
          <PlaceLink to="/w/$workspace/runs/$run" params={{ workspace, run }} size="sm">
            {t("run.registered.run", { number: at + 1 })}
          </PlaceLink>
        </div>
      ))}
    </>
  );
}
