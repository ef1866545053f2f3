import { Button } from "@mantine/core";
import { useState } from "react";
import { DownIcon, RightIcon } from "@/components/icons";
import { PortPreview } from "@/components/preview/PortPreview";
import classes from "../RunPage.module.css";

interface OfPort {
  workspace: string;
  run: string;
  step: string;
  port: string;
}

/** An output, shown when it is opened. */
export function Output({ workspace, run, step, port }: OfPort) {
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
      {isOpen && (
        <div className={classes.preview}>
          <PortPreview workspace={workspace} run={run} step={step} port={port} />
        </div>
      )}
    </section>
  );
}
