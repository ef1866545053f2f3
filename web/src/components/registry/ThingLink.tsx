/** A link to the page of something registered, a component, pipeline, model, dataset or schedule. */
import type { ReactNode } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import type { Asset } from "@/models/asset";

interface Props {
  workspace: string;
  thing: Asset;
  /** Whether that is the page that is looked at. */
  isCurrent?: boolean;
  children: ReactNode;
}

const PLACES = {
  component: "/w/$workspace/components/$reference",
  pipeline: "/w/$workspace/components/$reference",
  model: "/w/$workspace/models/$reference",
  dataset: "/w/$workspace/datasets/$reference",
} as const;

export function ThingLink({ workspace, thing, isCurrent = false, children }: Props) {
  const { kind, name, version } = thing;
  const look = { size: "sm", ...(isCurrent && { fw: 600, "aria-current": "page" as const }) };
  if (kind === "schedule")
    return (
      <PlaceLink
        to="/w/$workspace/schedules/$schedule"
        params={{ workspace, schedule: name }}
        {...look}
      >
        {children}
      </PlaceLink>
    );
  const reference = version ? `${name}@${version}` : name;
  return (
    <PlaceLink to={PLACES[kind]} params={{ workspace, reference }} {...look}>
      {children}
    </PlaceLink>
  );
}
