import { Button, Text } from "@mantine/core";
import { useNames } from "@/components/names";
import { type Chosen, countsOf, FACETS, type Facet } from "@/models/facets";
import type { Face } from "@/services/library";
import { useStrings } from "@/strings";
import classes from "./library.module.css";

interface Props {
  faces: Face[];
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
}

/** What the components can be sorted out by; a second click takes a choice back. */
export function Facets({ faces, chosen, choose }: Props) {
  const t = useStrings();
  const names = useNames();
  const word = (facet: Facet, value: string) => {
    if (facet === "category") return names.category(value);
    if (facet === "source") return t(value === "builtin" ? "library.builtin" : "library.own");
    if (facet === "kind") return t(value === "pipeline" ? "library.pipeline" : "library.component");
    return names.type(value);
  };
  return (
    <>
      {FACETS.map((facet) => [facet, countsOf(faces, facet, chosen)] as const)
        .filter(([, counts]) => counts.length > 0)
        .map(([facet, counts]) => (
          <fieldset key={facet} className={classes.facet}>
            <legend>{t(`library.facet.${facet}`)}</legend>
            {counts.map(({ value, count }) => (
              <button
                type="button"
                key={value}
                className={classes.choice}
                aria-pressed={chosen[facet] === value}
                onClick={() =>
                  choose({ ...chosen, [facet]: chosen[facet] === value ? undefined : value })
                }
              >
                {(facet === "input" || facet === "output") && names.mark(value)}
                <span>{word(facet, value)}</span>
                <Text span size="xs" c="dimmed">
                  {count.toLocaleString(t.language)}
                </Text>
              </button>
            ))}
          </fieldset>
        ))}
      {Object.values(chosen).some(Boolean) && (
        <Button variant="subtle" size="compact-sm" onClick={() => choose({})}>
          {t("library.facets.clear")}
        </Button>
      )}
    </>
  );
}
