import { assets } from "./assets";
import { designer } from "./designer";
import { library } from "./library";
import { panels } from "./panels";
import { runs } from "./runs";
import { schedules } from "./schedules";
import { shell } from "./shell";

export const zh = {
  ...shell,
  ...library,
  ...designer,
  ...panels,
  ...runs,
  ...assets,
  ...schedules,
};
