import { Select, SimpleGrid } from "@mantine/core";
import type { Json } from "@/models/pipeline/model";
import { faceOf, useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { Fault, useNode, Words } from "./Resources";

/** Once for each item of a list: which list, and which parameter an item becomes. */
export function Foreach({ name }: { name: string }) {
  const t = useStrings();
  const { node, set, faultOf } = useNode(name);
  const said = (node.foreach ?? {}) as Record<string, Json>;
  const lists = useLists(name);
  const face = useDesigner((designer) => faceOf(designer, name));
  const parameters = face?.parameters.map((parameter) => parameter.name) ?? [];
  const from = typeof said.from === "string" ? said.from : null;
  if (face?.kind === "pipeline" || (!from && !lists.length)) return null;
  const put = (field: string, value: Json | undefined) => {
    const { [field]: _, ...others } = said;
    set("foreach", value === undefined ? others : { ...others, [field]: value });
  };
  return (
    <>
      <Select
        size="xs"
        label={t("resources.foreach")}
        description={t("resources.foreach.about")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={from && !lists.includes(from) ? [from, ...lists] : lists}
        value={from}
        clearable
        placeholder={t("resources.foreach.none")}
        onChange={(list) =>
          set("foreach", list ? { into: parameters[0] ?? "", ...said, from: list } : undefined)
        }
      />
      {from && (
        <SimpleGrid cols={2} spacing="xs">
          <Select
            size="xs"
            label={t("resources.foreach.into")}
            data={parameters}
            value={typeof said.into === "string" ? said.into : null}
            allowDeselect={false}
            onChange={(into) => into && put("into", into)}
          />
          <Words
            label={t("resources.foreach.parallel")}
            value={said.max_parallel === undefined ? "" : String(said.max_parallel)}
            placeholder={t("resources.any")}
            onChange={(value) => put("max_parallel", value)}
          />
        </SimpleGrid>
      )}
      <Fault text={faultOf("foreach")} />
    </>
  );
}

/** What may hold a list: outputs of values, and the pipeline's parameters of columns. */
function useLists(name: string): string[] {
  const key = useDesigner((designer) => {
    const { nodes, parameters = {} } = designer.history.now;
    const own = Object.keys(parameters).filter((each) => parameters[each]?.type === "Columns");
    const values = Object.keys(nodes).flatMap((node) =>
      (node === name ? [] : (faceOf(designer, node)?.outputs ?? []))
        .filter((output) => output.type === "value")
        .map((output) => `${node}.${output.name}`),
    );
    // A text, so that it is drawn again only when one is added or gone.
    return [...own.map((each) => `parameters.${each}`), ...values].join("\n");
  });
  return key ? key.split("\n") : [];
}
