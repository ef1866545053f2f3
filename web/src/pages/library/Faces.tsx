import { Badge, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { PortMark } from "@/components/graph/PortMark";
import { useNames } from "@/components/names";
import type { Face } from "@/services/library";
import { useStrings } from "@/strings";
import classes from "./library.module.css";

const ROW = 56;

/** The list; of however many components only those in sight are drawn. */
export function Faces({ faces, workspace }: { faces: Face[]; workspace: string }) {
  const t = useStrings();
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: faces.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 10,
    getItemKey: (index) => faces[index]?.reference ?? index,
  });
  return (
    <div ref={frame} className={classes.list}>
      <ul style={{ height: rows.getTotalSize() }} aria-label={t("shell.library")}>
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const face = faces[index];
          return (
            face && (
              <li
                key={key}
                style={{ height: ROW, transform: `translateY(${start}px)` }}
                aria-setsize={faces.length}
                aria-posinset={index + 1}
              >
                <Row face={face} workspace={workspace} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

function Row({ face, workspace }: { face: Face; workspace: string }) {
  const t = useStrings();
  const names = useNames();
  return (
    <Link
      to="/w/$workspace/components/$reference"
      params={{ workspace, reference: face.reference }}
      className={classes.row}
    >
      <div className={classes.said}>
        <div>
          <Text span fw={600} size="sm">
            {face.title}
          </Text>
          {face.title !== face.name && (
            <Text span size="xs" c="dimmed" ff="monospace">
              {face.name}
            </Text>
          )}
          {face.kind === "pipeline" && (
            <Badge variant="light" tt="none">
              {t("library.pipeline")}
            </Badge>
          )}
          {face.deprecated && (
            <Badge variant="default" tt="none">
              {t("library.deprecated")}
            </Badge>
          )}
        </div>
        <Text size="sm" c="dimmed" truncate>
          {face.summary}
        </Text>
      </div>
      <Ports ports={face.inputs} label={t("library.facet.input")} />
      <span className={classes.arrow} aria-hidden="true">
        →
      </span>
      <Ports ports={face.outputs} label={t("library.facet.output")} />
      <Text size="xs" c="dimmed" className={classes.used} title={t("library.used.hint")}>
        {face.used ? t.count("library.used", face.used) : ""}
      </Text>
      <Text size="xs" c="dimmed" className={classes.category}>
        {face.category ? names.category(face.category) : t("library.own")}
      </Text>
      <Text size="xs" c="dimmed" className={classes.version}>
        {face.version}
      </Text>
    </Link>
  );
}

function Ports({ ports, label }: { ports: { name: string; type: string }[]; label: string }) {
  const names = useNames();
  const said = ports.map((port) => `${port.name} (${names.type(port.type)})`).join(", ");
  return (
    <span className={classes.ports} role="img" aria-label={`${label}: ${said || "–"}`} title={said}>
      {ports.slice(0, 6).map((port) => (
        <PortMark key={port.name} type={port.type} label="" />
      ))}
      {ports.length > 6 && "…"}
    </span>
  );
}
