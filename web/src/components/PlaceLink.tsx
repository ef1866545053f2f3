/** A link to another page of the console, which looks as links do; places are those of the routes. */
import { Anchor, type AnchorProps } from "@mantine/core";
import { createLink, type LinkComponent } from "@tanstack/react-router";
import type { Ref } from "react";

interface Props extends Omit<AnchorProps, "href"> {
  ref?: Ref<HTMLAnchorElement>;
}

const Plain = ({ ref, ...props }: Props) => <Anchor ref={ref} {...props} />;

export const PlaceLink: LinkComponent<typeof Plain> = createLink(Plain);
