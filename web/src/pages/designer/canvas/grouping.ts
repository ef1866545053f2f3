/** Nodes become a pipeline of the workspace, for a node names only what is registered. */
import { notifications } from "@mantine/notifications";
import { clash, grouped, obstacle, type Types, ungrouped } from "@/models/groups";
import { placesOf, settle } from "@/models/layout";
import { all } from "@/models/pipeline/edit";
import { freshName } from "@/models/pipeline/model";
import { read, write } from "@/models/pipeline/text";
import type { Face } from "@/models/ports";
import { lacking } from "@/models/scene";
import { api, asked } from "@/services/api";
import { type Designer, type DesignerStore, faceOf } from "@/services/designer/store";
import { queries } from "@/services/queries";
import type { Doing } from "./actions";

/** Why the selected nodes cannot be one; "" if they can. */
export function groupObstacle({ store, t }: Doing): string {
  const designer = store.getState();
  const { history, selected } = designer;
  const why = obstacle(history.now, selected);
  if (why) return t(`canvas.group.${why}`);
  const lacks = selected.find((name) => isLacking(designer, name));
  return lacks ? t("canvas.group.lacks", { node: lacks }) : "";
}

/** The server publishes nothing that could not run. */
function isLacking(designer: Designer, name: string): boolean {
  const node = designer.history.now.nodes[name];
  if (!node) return false;
  const { inputs, parameters } = lacking(node, faceOf(designer, name));
  return inputs.length + parameters.length > 0;
}

/** Publishes the selected nodes as a pipeline of that name and puts one node in their place. */
export async function groupSelected({ store, t }: Doing, called: string): Promise<void> {
  const { workspace, bundle, history, selected } = store.getState();
  const pipeline = { ...history.now, layout: placesOf(history.now) };
  const { inner, outer } = grouped(pipeline, selected, called, typesOf(store.getState()));
  const made = await asked(
    api.POST("/api/v1/workspaces/{workspace}/pipelines", {
      params: { path: { workspace } },
      body: { text: write(inner), bundle, version: null, visibility: null, labels: null },
    }),
  );
  const reference = `${made.name}@${inner.version}`;
  const face = (await asked(
    api.GET("/api/v1/workspaces/{workspace}/palette/{reference}", {
      params: { path: { workspace, reference } },
    }),
  )) as Face;
  const name = freshName(store.getState().history.now, called);
  const { learn, edit, select } = store.getState();
  learn([face]);
  edit(t("canvas.did.group"), all(settle, outer(name, reference)));
  select([name]);
  await queries.invalidateQueries({ queryKey: ["palette", workspace] });
}

function typesOf(designer: Designer): Types {
  const find = (node: string, port: string, side: "inputs" | "outputs") =>
    faceOf(designer, node)?.[side].find((each) => each.name === port)?.type;
  const own = designer.history.now.inputs ?? {};
  return {
    output: (node, port) => (node === "inputs" ? own[port]?.type : find(node, port, "outputs")),
    input: (node, port) => find(node, port, "inputs"),
    parameter: (node, name) =>
      faceOf(designer, node)?.parameters.find((each) => each.name === name)?.type,
  };
}

/** Puts the nodes of a node's pipeline in its place. */
export async function ungroupNode({ store, t }: Doing, name: string): Promise<void> {
  const { edit, select, history } = store.getState();
  try {
    const inside = await insideOf(store, name);
    if (!inside) return;
    const date = clash(history.now, inside);
    if (date) throw new Error(t("canvas.ungroup.clash", { name: date }));
    edit(t("canvas.did.ungroup"), all(settle, ungrouped(name, inside)));
    const before = new Set(Object.keys(history.now.nodes));
    select(Object.keys(store.getState().history.now.nodes).filter((each) => !before.has(each)));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    notifications.show({ color: "red", message });
  }
}

async function insideOf(store: DesignerStore, node: string) {
  const designer = store.getState();
  const face = faceOf(designer, node);
  if (!face) return null;
  const { document } = await asked(
    api.GET("/api/v1/workspaces/{workspace}/pipelines/{name}/versions/{version}", {
      params: {
        path: { workspace: designer.workspace, name: face.name, version: face.version },
      },
    }),
  );
  const { text } = document as unknown as { text: string };
  const { pipeline } = read(text);
  return pipeline && { ...pipeline, layout: placesOf(pipeline) };
}
