import { Button } from "@mantine/core";
import { useState } from "react";
import { DownIcon, RightIcon } from "@/components/icons";
import { PortPreview } from "@/components/preview/PortPreview";
import { Registered } from "../Registered";
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
      {registered.map((reference) => (
        <Registered key={reference} workspace={workspace} reference={reference} />
      ))}
      {isOpen && (
        <div className={classes.preview}>
          <PortPreview workspace={workspace} run={run} step={step} port={port} />
        </div>
      )}
    </section>
  );
}
