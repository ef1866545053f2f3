import { designer } from "./designer";
import { library } from "./library";
import { panels } from "./panels";
import { runs } from "./runs";
import { shell } from "./shell";

export const en = { ...shell, ...library, ...designer, ...panels, ...runs };
