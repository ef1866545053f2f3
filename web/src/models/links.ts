/** Which addresses that people wrote may be made links. */

const SAFE = new Set(["http:", "https:", "mailto:"]);

/** The address itself if following it can do no harm, else nothing. */
export function safeLink(address: string | undefined): string | undefined {
  if (!address || !URL.canParse(address)) return undefined;
  return SAFE.has(new URL(address).protocol) ? address : undefined;
}

/** A `contact` or `helpDocument` as a link: an address of a person, of a page, or plain words. */
export function linkOf(written: string): string | undefined {
  const isMail = /^[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+$/.test(written);
  return safeLink(isMail ? `mailto:${written}` : written);
}
