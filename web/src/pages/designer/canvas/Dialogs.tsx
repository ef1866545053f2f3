/** What the canvas asks, drawn where it was asked. */
import { Kbd, Menu, Modal, Popover } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { PortMark } from "@/components/graph/PortMark";
import type { GraphControl, Point } from "@/components/graph/types";
import { NameDialog } from "@/components/NameDialog";
import { type Face, suggestions } from "@/models/ports";
import type { Scene } from "@/models/scene";
import { facesWith, searched } from "@/models/search";
import { useDesigner, useDesignerStore } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { addFace, addWired } from "./adding";
import styles from "./Canvas.module.css";
import { ConnectPicker } from "./ConnectPicker";
import { categoryName } from "./categories";
import { palette } from "./faces";
import { groupObstacle, groupSelected } from "./grouping";
import type { Asked } from "./offers";
import { PickDialog } from "./PickDialog";
import { PickList } from "./PickList";
import type { Action } from "./useActions";

interface Props {
  asked: Asked;
  ask: (asked: Asked | null) => void;
  scene: Scene;
  control: GraphControl | null;
  menu: Action[];
}

export function Dialogs({ asked, ask, scene, control, menu }: Props) {
  const close = () => {
    ask(null);
    document.querySelector<HTMLElement>("[data-testid=graph]")?.focus({ preventScroll: true });
  };
  if (asked.kind === "menu") return <ContextMenu point={asked.point} menu={menu} close={close} />;
  if (asked.kind === "search") return <Search control={control} scene={scene} close={close} />;
  if (asked.kind === "connect")
    return <ConnectPicker node={asked.node} scene={scene} close={close} />;
  if (asked.kind === "group") return <Group close={close} />;
  return (
    <Bubble point={asked.point} close={close}>
      <Offer asked={asked} close={close} />
    </Bubble>
  );
}

interface MenuProps {
  point: Point;
  menu: Action[];
  close: () => void;
}

function ContextMenu({ point, menu, close }: MenuProps) {
  return (
    <Menu opened onClose={close} position="bottom-start" width={240} returnFocus={false}>
      <Menu.Target>
        <span className={styles.anchor} style={{ left: point.x, top: point.y }} />
      </Menu.Target>
      <Menu.Dropdown>
        {menu.map((action, index) => (
          <div key={action.id} role="none">
            {action.isApart && index > 0 && <Menu.Divider />}
            <Menu.Item
              onClick={action.run}
              closeMenuOnClick
              rightSection={action.keys && <Kbd size="xs">{action.keys}</Kbd>}
            >
              {action.label}
            </Menu.Item>
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Bubble({
  point,
  close,
  children,
}: {
  point: Point;
  close: () => void;
  children: ReactNode;
}) {
  return (
    <Popover opened onChange={(isOpen) => !isOpen && close()} trapFocus width={320} shadow="md">
      <Popover.Target>
        <span className={styles.anchor} style={{ left: point.x, top: point.y }} />
      </Popover.Target>
      <Popover.Dropdown p={0}>{children}</Popover.Dropdown>
    </Popover>
  );
}

type Offered = Extract<Asked, { kind: "offer" | "add" }>;

/** What fits the wire that was let go, or all there is. */
function Offer({ asked, close }: { asked: Offered; close: () => void }) {
  const t = useStrings();
  const store = useDesignerStore();
  const [words, setWords] = useState("");
  const { data = [], isPending } = useQuery(palette(store.getState().workspace));
  const fitting = asked.kind === "add" ? data : sorted(data, asked);
  const items = facesWith(fitting, words).map((face) => ({
    key: face.reference,
    label: face.title || face.name,
    hint: categoryName(t, face.category),
    mark: <PortMark type={face.outputs[0]?.type ?? "any"} label="" size={10} />,
  }));
  const pick = (reference: string) => {
    const face = data.find((each) => each.reference === reference);
    if (!face) return;
    const label = t("canvas.did.add");
    close();
    if (asked.kind === "add") addFace(store, label, face, asked.place);
    else addWired(store, label, { face, from: asked.from, type: asked.type, at: asked.place });
  };
  return (
    <PickList
      label={asked.kind === "add" ? t("canvas.add") : t("canvas.offer", { type: asked.type })}
      words={words}
      onWords={setWords}
      items={items}
      onPick={pick}
      onEscape={close}
      isFocused
      height={320}
      empty={isPending ? t("shell.loading") : undefined}
    />
  );
}

/** Those that take just this type before those that take it among others. */
function sorted(faces: Face[], { from, type }: Extract<Asked, { kind: "offer" }>): Face[] {
  const isOut = from.way === "out";
  const found = suggestions(faces, isOut ? { output: type } : { input: type });
  const isExact = (face: Face) =>
    (isOut ? face.inputs : face.outputs).some((port) => port.type === type);
  return [...found.filter(isExact), ...found.filter((face) => !isExact(face))];
}

interface SearchProps {
  control: GraphControl | null;
  scene: Scene;
  close: () => void;
}

function Search({ control, scene, close }: SearchProps) {
  const t = useStrings();
  const store = useDesignerStore();
  const [words, setWords] = useState("");
  const pipeline = useDesigner((designer) => designer.history.now);
  const titles = new Map(scene.nodes.map((node) => [node.name, node.title]));
  const titleOf = (name: string) => titles.get(name) ?? name;
  const items = searched(pipeline, words, titleOf).map(({ name, where, said }) => ({
    key: name,
    label: titleOf(name) === name ? name : `${titleOf(name)} (${name})`,
    hint: where === "name" ? "" : said,
  }));
  const go = (name: string) => {
    close();
    store.getState().select([name]);
    control?.goTo(name);
  };
  return (
    <PickDialog
      label={t("canvas.search")}
      words={words}
      onWords={setWords}
      items={items}
      onPick={go}
      empty={words ? undefined : t("canvas.search.hint")}
      close={close}
    />
  );
}

function Group({ close }: { close: () => void }) {
  const t = useStrings();
  const store = useDesignerStore();
  const doing = { store, t };
  const why = groupObstacle(doing);
  if (why)
    return (
      <Modal opened onClose={close} title={t("canvas.group")}>
        {why}
      </Modal>
    );
  return (
    <NameDialog
      title={t("canvas.group")}
      label={t("canvas.group.do")}
      initial={`${store.getState().draft}-part`}
      act={(name) => groupSelected(doing, name)}
      onClose={close}
    />
  );
}
