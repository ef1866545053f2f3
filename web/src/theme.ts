/** How the console looks. Colours of ports and statuses are in `app.css`, for both appearances. */
import { createTheme, type MantineColorsTuple } from "@mantine/core";
import { createElement } from "react";
import { CheckIcon } from "@/components/icons";

const mill: MantineColorsTuple = [
  "#e8f7f3",
  "#d3ece5",
  "#a5d9cb",
  "#74c5af",
  "#4db498",
  "#34aa89",
  "#1c7c6b",
  "#17695b",
  "#12594d",
  "#08473c",
];

export const theme = createTheme({
  primaryColor: "mill",
  primaryShade: { light: 6, dark: 7 },
  colors: { mill },
  fontFamily:
    'Inter, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif',
  fontFamilyMonospace:
    '"JetBrains Mono", "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  defaultRadius: "sm",
  autoContrast: true,
  headings: { fontWeight: "600" },
  components: {
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
    // What Mantine puts there to be focused first is no item, which is all that a menu may hold.
    Menu: {
      defaultProps: { withInitialFocusPlaceholder: false, checkIcon: createElement(CheckIcon) },
    },
    Modal: { defaultProps: { centered: true } },
  },
});
