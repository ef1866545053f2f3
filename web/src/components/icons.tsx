/** Icons in a box of 16 by 16, drawn in the colour of the text; what they mean is said beside them. */
import type { ReactNode } from "react";

const drawn = (shape: ReactNode) =>
  function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg
        viewBox="0 0 16 16"
        width={size}
        height={size}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.6}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {shape}
      </svg>
    );
  };

export const UpIcon = drawn(<path d="M4 10l4-4 4 4" />);
export const DownIcon = drawn(<path d="M4 6l4 4 4-4" />);
export const RightIcon = drawn(<path d="M6 4l4 4-4 4" />);
export const ToStartIcon = drawn(<path d="M4 3h8M4 11l4-4 4 4" />);
export const ToEndIcon = drawn(<path d="M4 13h8M4 5l4 4 4-4" />);
export const WrapIcon = drawn(
  <path d="M2.5 4h11M2.5 8h8.5a2.2 2.2 0 0 1 0 4.4H9M10.6 10.6L8.8 12.4l1.8 1.8" />,
);
export const DownloadIcon = drawn(<path d="M8 2.5v7.5M4.8 7l3.2 3.2L11.2 7M3 13.5h10" />);
export const CopyIcon = drawn(<path d="M6 5.5h7v8H6zM3.5 10.5v-8h6.5" />);
export const CheckIcon = drawn(<path d="M3.5 8.5l3 3 6-7" />);
export const CloseIcon = drawn(<path d="M4 4l8 8M12 4l-8 8" />);
export const LinkIcon = drawn(
  <path d="M6.5 9.5l3-3M5.2 7.6L3.7 9.1a2.3 2.3 0 0 0 3.2 3.2l1.5-1.5M10.8 8.4l1.5-1.5a2.3 2.3 0 0 0-3.2-3.2L7.6 5.2" />,
);
export const MoreIcon = drawn(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth={2.2} />);
export const UndoIcon = drawn(<path d="M5.5 3L2.5 6l3 3M2.8 6H10a3.5 3.5 0 0 1 0 7H6" />);
export const RedoIcon = drawn(<path d="M10.5 3l3 3-3 3M13.2 6H6a3.5 3.5 0 0 0 0 7h4" />);
export const PlayIcon = drawn(<path d="M5 3.2v9.6L12.6 8z" fill="currentColor" />);
export const StopIcon = drawn(<rect x="4" y="4" width="8" height="8" rx="1" fill="currentColor" />);
export const LeftPartIcon = drawn(<path d="M2.5 3h11v10h-11zM6.5 3v10" />);
export const RightPartIcon = drawn(<path d="M2.5 3h11v10h-11zM9.5 3v10" />);
export const LowerPartIcon = drawn(<path d="M2.5 3h11v10h-11zM2.5 9h11" />);
