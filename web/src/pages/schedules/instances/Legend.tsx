import { LETTERS, type Look } from "@/models/schedules/instances";
import { useStrings } from "@/strings";
import grid from "./grid.module.css";

const SHOWN: Exclude<Look, "none">[] = [
  "succeeded",
  "failed",
  "running",
  "waiting",
  "cancelled",
  "dry",
  "frozen",
  "mixed",
];

/** What the letters and colours of the grid mean. */
export function Legend() {
  const t = useStrings();
  return (
    <div className={grid.legend}>
      {SHOWN.map((look) => (
        <span key={look} className={grid.entry}>
          <span
            className={grid.cell}
            data-look={look}
            data-letter={LETTERS[look]}
            aria-hidden="true"
          />
          {t(`instance.status.${look}`)}
        </span>
      ))}
      <span>{t("instances.grid.about")}</span>
    </div>
  );
}
