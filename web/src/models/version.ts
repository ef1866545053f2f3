/** Versions x.y.z, which are compared as numbers. */

const FORM = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

export const isVersion = (version: string): boolean => FORM.test(version);

const parts = (version: string): number[] => version.split(".").map(Number);

export function isLater(version: string, than: string): boolean {
  const [a, b] = [parts(version), parts(than)];
  for (let at = 0; at < 3; at++) {
    const [x = 0, y = 0] = [a[at], b[at]];
    if (x !== y) return x > y;
  }
  return false;
}

export const latest = (versions: string[]): string =>
  versions
    .filter(isVersion)
    .reduce((last, each) => (!last || isLater(each, last) ? each : last), "");

/** The next versions after one: a fix, an addition, a break. */
export function next(version: string): { fix: string; addition: string; break: string } {
  const [major = 0, minor = 0, patch = 0] = isVersion(version) ? parts(version) : [];
  return {
    fix: `${major}.${minor}.${patch + 1}`,
    addition: `${major}.${minor + 1}.0`,
    break: `${major + 1}.0.0`,
  };
}

/** What to publish as: what the file says if that is new, else the version after the latest. */
export function proposed(said: string, published: string[]): string {
  const last = latest(published);
  if (isVersion(said) && (!last || isLater(said, last))) return said;
  return next(last).fix;
}
