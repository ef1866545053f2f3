/** How often a schedule is due, in Chinese: the server says it in English, by a small grammar. */

const DAYS: Record<string, string> = {
  Monday: "周一",
  Tuesday: "周二",
  Wednesday: "周三",
  Thursday: "周四",
  Friday: "周五",
  Saturday: "周六",
  Sunday: "周日",
};
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const NTH: Record<string, string> = {
  first: "第一个",
  second: "第二个",
  third: "第三个",
  fourth: "第四个",
  fifth: "第五个",
  last: "最后一个",
};
const names = (words: string[]) => words.join("|");
const WEEKDAY = names(Object.keys(DAYS));
const MONTH = names(MONTHS);

/** In this order: what is longer comes before what is a part of it. */
const RULES: [RegExp, string | ((...found: string[]) => string)][] = [
  [/when it is asked for/g, "按需触发"],
  [/the day of Monday to Friday nearest to/g, "最接近的工作日："],
  [/the last day but (\d+)/g, (_, days = "") => `倒数第${Number(days) + 1}天`],
  [/the last day/g, "最后一天"],
  [
    new RegExp(`the (${names(Object.keys(NTH))}) (${WEEKDAY})`, "g"),
    (_, nth = "", day = "") => `${NTH[nth]}${DAYS[day]}`,
  ],
  [
    new RegExp(`(\\d+) (${MONTH})`, "g"),
    (_, day = "", month = "") => `${MONTHS.indexOf(month) + 1}月${day}日`,
  ],
  [new RegExp(`\\b(${MONTH})\\b`, "g"), (month = "") => `${MONTHS.indexOf(month) + 1}月`],
  [new RegExp(`every (?=${WEEKDAY})`, "g"), "每"],
  [new RegExp(`\\b(${WEEKDAY})\\b`, "g"), (day = "") => DAYS[day] ?? day],
  [/every (\d+) minutes/g, "每 $1 分钟"],
  [/every (\d+) hours/g, "每 $1 小时"],
  [/every minute/g, "每分钟"],
  [/every hour/g, "每小时"],
  [/every day/g, "每天"],
  [/ ?of every month/g, "（每月）"],
  [/, in every month/g, "（每月）"],
  [/ ?of every year/g, "（每年）"],
  [/(\d+) times from (\S+) to (\S+?)(?=[ ,]|$)/g, "$2 至 $3 共 $1 次"],
  [/, from (\d{4}-\d\d-\d\d)/g, "，自 $1 起"],
  [/, until (\d{4}-\d\d-\d\d)/g, "，至 $1 止"],
  [/, without (\d+) holidays?/g, "，除 $1 个假日"],
  [/, with (\d+) more days?/g, "，另加 $1 天"],
  [/, if it is /g, "，且须为"],
  [/\bdays? (?=\d)/g, "日期 "],
  [/\bfrom (\d\d:\d\d\S*) to (\d\d:\d\d[^\s,]*)/g, "$1 至 $2"],
  [/ (?:on|in) /g, "，"],
  [/,? and /g, "、"],
  [/ to /g, "至"],
  [/\bat /g, ""],
];

/** The words in the language of whoever reads; a form that is not known stays as it is. */
export function recurs(words: string, language: string): string {
  if (language !== "zh") return words;
  return RULES.reduce(
    (text, [pattern, put]) =>
      typeof put === "string" ? text.replace(pattern, put) : text.replace(pattern, put),
    words,
  ).replace(/, /g, "，");
}
