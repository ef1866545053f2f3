import { ActionIcon, Loader, TextInput, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { CopyIcon, DownIcon, DownloadIcon, ToEndIcon, UpIcon, WrapIcon } from "@/components/icons";
import { type LogIndex, rowsOf } from "@/models/logs";
import { type LogAddress, wholeLog } from "@/services/logs";
import { useStrings } from "@/strings";
import classes from "./LogView.module.css";
import type { LogSearch } from "./search";

interface Bar {
  address: LogAddress;
  index: LogIndex;
  isOver: boolean;
  before?: ReactNode;
  search: LogSearch;
  isWrapped: boolean;
  setWrapped: (wraps: boolean) => void;
  isFollowing: boolean;
  setFollowing: (follows: boolean) => void;
}

/** What can be done with a log. */
export function LogBar(props: Bar) {
  const { address, index, isOver, before, search, isWrapped, setWrapped } = props;
  const t = useStrings();
  const rows = rowsOf(index);
  return (
    <div className={classes.bar}>
      {before}
      <Searching search={search} />
      <span className={classes.grow} />
      <span className={classes.count}>
        {t.count(rows.isExact ? "log.lines" : "log.about", rows.total)}
        {!isOver && ` · ${t("log.live")}`}
      </span>
      <Act label={t("log.wrap")} isOn={isWrapped} onClick={() => setWrapped(!isWrapped)}>
        <WrapIcon />
      </Act>
      <Act
        label={t(isOver ? "log.end" : "log.follow")}
        isOn={props.isFollowing}
        onClick={() => props.setFollowing(true)}
      >
        <ToEndIcon />
      </Act>
      <Act label={t("log.copy")} onClick={() => void copy(address, t("shell.copied"))}>
        <CopyIcon />
      </Act>
      <Act label={t("log.download")} onClick={() => void download(address)}>
        <DownloadIcon />
      </Act>
    </div>
  );
}

function Searching({ search }: { search: LogSearch }) {
  const t = useStrings();
  const press = (event: React.KeyboardEvent) => {
    if (event.key === "Enter") search.move(event.shiftKey ? -1 : 1);
  };
  const said = search.count
    ? t("log.matches", { at: search.at, count: search.count })
    : (search.error?.message ?? t("log.nothing"));
  return (
    <>
      <TextInput
        size="xs"
        placeholder={t("log.search")}
        aria-label={t("log.search")}
        value={search.typed}
        onChange={(event) => search.setTyped(event.currentTarget.value)}
        onKeyDown={press}
      />
      {search.typed && (
        <>
          <span className={classes.count} role="status">
            {search.isReading ? <Loader size={12} /> : said}
          </span>
          <Act label={t("log.previous")} onClick={() => search.move(-1)}>
            <UpIcon />
          </Act>
          <Act label={t("log.next")} onClick={() => search.move(1)}>
            <DownIcon />
          </Act>
        </>
      )}
    </>
  );
}

interface Action {
  label: string;
  isOn?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Act({ label, isOn, onClick, children }: Action) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={isOn ? "light" : "subtle"}
        color={isOn ? undefined : "gray"}
        size="sm"
        aria-label={label}
        aria-pressed={isOn}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

async function copy(address: LogAddress, said: string) {
  const parts = await wholeLog(address);
  await navigator.clipboard.writeText(parts.join(""));
  notifications.show({ message: said });
}

async function download(address: LogAddress) {
  const url = URL.createObjectURL(new Blob(await wholeLog(address), { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${address.run}-${address.step}-${address.process.replace(/[^\w.-]/g, "-")}.log`;
  link.click();
  URL.revokeObjectURL(url);
}
