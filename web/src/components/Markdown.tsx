/** What people wrote in Markdown: never HTML, never a picture from elsewhere, only safe links. */
import { Anchor, Typography } from "@mantine/core";
import ReactMarkdown, { type Components } from "react-markdown";
import { safeLink } from "@/models/links";

const PARTS: Components = {
  a: ({ href, children }) => {
    const to = safeLink(href);
    if (!to) return <span>{children}</span>;
    return (
      <Anchor href={to} target="_blank" rel="noopener noreferrer" inherit>
        {children}
      </Anchor>
    );
  },
  // A picture would ask another site for something in the reader's name.
  img: ({ alt }) => <span>{alt}</span>,
};

export function Markdown({ children }: { children: string }) {
  return (
    <Typography>
      <ReactMarkdown components={PARTS} skipHtml>
        {children}
      </ReactMarkdown>
    </Typography>
  );
}
