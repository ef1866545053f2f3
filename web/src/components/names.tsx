/** What the server's words are called for people: types of ports, categories of components. */
import { useMemo } from "react";
import { PortMark } from "@/components/graph/PortMark";
import { useStrings } from "@/strings";

export function useNames() {
  const t = useStrings();
  return useMemo(
    () => ({
      type: (type: string) => t.known(`library.type.${type}`, type),
      category: (category: string) => t.known(`library.category.${category}`, category),
      mark: (type: string) => <PortMark type={type} label="" />,
    }),
    [t],
  );
}
