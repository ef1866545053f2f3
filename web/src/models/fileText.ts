/** Files of Millwork's own flavour as text: read without types, and changed where they say else. */
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLMap,
} from "yaml";

export interface TextFault {
  message: string;
  line: number;
}

/** A text as YAML without types (`version: 1.10` is what is written), and where it is none. */
export function parsed(text: string): { document: Document; fault: TextFault | null } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { schema: "failsafe", uniqueKeys: true, lineCounter });
  const [error] = document.errors;
  if (!error) return { document, fault: null };
  const { line } = lineCounter.linePos(error.pos[0]);
  return { document, fault: { message: error.message.split("\n", 1)[0] ?? "", line } };
}

/** The document of a former text, or an empty one where that is none, and its fields. */
export function begunWith(former: string): { document: Document; map: YAMLMap } {
  const { document, fault } = parsed(former);
  if (!fault && isMap(document.contents)) return { document, map: document.contents };
  const fresh = parsed("{}").document;
  const map = fresh.contents as YAMLMap;
  map.flow = false;
  return { document: fresh, map };
}

/** The text of a document. */
export const textOf = (document: Document) =>
  document.toString({ lineWidth: 100, flowCollectionPadding: false });

/** Sets a field: in its place if it is there, else before the first that `order` has behind it. */
export function setIn(
  document: Document,
  map: YAMLMap,
  name: string,
  node: unknown,
  order: string[],
) {
  // Of a list each item is a line.
  if (isSeq(node)) for (const item of node.items) if (isMap(item)) item.flow = true;
  if (map.has(name)) return map.set(name, node);
  const rank = (key: unknown) => order.indexOf(String(isScalar(key) ? key.value : key));
  const behind = map.items.findIndex(({ key }) => order.indexOf(name) < rank(key));
  map.items.splice(behind < 0 ? map.items.length : behind, 0, document.createPair(name, node));
}

/** The version behind one, `1.2.10` behind `1.2.9`; of another form it stays as it is. */
export function nextVersion(version: string): string {
  const parts = /^(\d+\.\d+\.)(\d+)$/.exec(version);
  return parts ? `${parts[1]}${Number(parts[2]) + 1}` : version;
}
