import { Modal } from "@mantine/core";
import type { ComponentProps } from "react";
import { PickList } from "./PickList";

type Props = Omit<ComponentProps<typeof PickList>, "onEscape" | "isFocused" | "height"> & {
  close: () => void;
};

/** A list to choose from in a dialog, which is named as the list is; another name begins anew. */
export function PickDialog({ close, ...list }: Props) {
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      padding={0}
      yOffset="14vh"
      centered={false}
      attributes={{ content: { "aria-label": list.label } }}
    >
      <PickList key={list.label} {...list} onEscape={close} isFocused height={320} />
    </Modal>
  );
}
