import { Button } from "@mantine/core";
import { useState } from "react";
import { DownIcon, RightIcon } from "@/components/icons";
import { PortPreview } from "@/components/preview/PortPreview";
import { ThingLink } from "@/components/registry/ThingLink";
import { assetOf } from "@/models/asset";
import { useStrings } from "@/strings";
import classes from "../RunPage.module.css";

interface OfPort {
  workspace: string;
  run: string;
  step: string;
  port: string;
  /** The versions of models and datasets that were made of it: `model:greeter@0.1.0`. */
  registered: string[];
}

/** An output, shown when it is opened. */
export function Output({ workspace, run, step, port, registered }: OfPort) {
  const t = useStrings();
  const [isOpen, setOpen] = useState(false);
  return (
    <section className={classes.output}>
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        aria-expanded={isOpen}
        leftSection={isOpen ? <DownIcon /> : <RightIcon />}
        onClick={() => setOpen(!isOpen)}
      >
        {port}
      </Button>
      {registered.map(assetOf).map(
        (asset) =>
          asset && (
            <span
              key={`${asset.kind}:${asset.name}@${asset.version}`}
              className={classes.registered}
            >
              <ThingLink workspace={workspace} thing={asset}>
                {t(`asset.named.${asset.kind}`, { name: asset.name, version: asset.version })}
              </ThingLink>
            </span>
          ),
      )}
      {isOpen && (
        <div className={classes.preview}>
          <PortPreview workspace={workspace} run={run} step={step} port={port} />
        </div>
      )}
    </section>
  );
}
