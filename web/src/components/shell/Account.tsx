import { Button, Menu, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api } from "@/services/api";
import { me } from "@/services/queries";
import { type Language, languages, useLanguage, useStrings } from "@/strings";

const SCHEMES = ["light", "dark", "auto"] as const;

/** Who is logged in, and how they like the console. */
export function Account() {
  const t = useStrings();
  const { data } = useQuery(me);
  const { language, choose } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = async () => {
    await api.POST("/api/v1/logout", { body: {} });
    window.location.assign("/enter");
  };
  const person = data?.person ?? "";
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="default" size="compact-sm" aria-label={`${person}: ${t("shell.account")}`}>
          {person}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("shell.account.person", { person })}</Menu.Label>
        <Menu.Label>{t("shell.theme")}</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Menu.RadioItem
            key={scheme}
            value={scheme}
            checked={colorScheme === scheme}
            closeMenuOnClick
            onChange={() => setColorScheme(scheme)}
          >
            {t(`shell.theme.${scheme}`)}
          </Menu.RadioItem>
        ))}
        <Menu.Label>{t("shell.language")}</Menu.Label>
        {(Object.keys(languages) as Language[]).map((each) => (
          <Menu.RadioItem
            key={each}
            lang={each}
            value={each}
            checked={each === language}
            closeMenuOnClick
            onChange={() => choose(each)}
          >
            {languages[each]}
          </Menu.RadioItem>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()}>{t("shell.logout")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
