import { useQueries } from "@tanstack/react-query";
import { ReportView } from "@/components/charts/ReportView";
import { Empty, Loading } from "@/components/states";
import { readReport } from "@/models/report";
import { previewOf } from "@/services/artifacts";
import { useDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { useShallow } from "../frame/shallow";
import { portsOf } from "./PreviewPart";

const MAY_DRAW = ["report", "any", "folder", "file"];

/** The reports that a node left, drawn. */
export function Charts({ name }: { name: string }) {
  const t = useStrings();
  const workspace = useDesigner((designer) => designer.workspace);
  const run = useDesigner((designer) => designer.run);
  const status = useDesigner((designer) => designer.steps[name]?.status);
  const ports = useShallow((designer) =>
    portsOf(designer, name).filter(({ way, type }) => way === "out" && MAY_DRAW.includes(type)),
  );
  const isDone = Boolean(run) && status === "succeeded";
  const found = useQueries({
    queries: ports.map(({ step, port }) => ({
      ...previewOf({ workspace, run, step, port }, ""),
      enabled: isDone,
    })),
  });
  if (!ports.length) return <Empty title={t("drawer.noCharts")}>{t("drawer.noCharts.hint")}</Empty>;
  if (!isDone) return <Empty title={t("drawer.unrun")}>{t("drawer.unrun.hint")}</Empty>;
  if (found.some(({ isPending }) => isPending)) return <Loading />;
  const reports = found.flatMap(({ data }) => {
    const report = data?.kind === "report" ? readReport(data.text) : null;
    return report ? [report] : [];
  });
  if (!reports.length)
    return <Empty title={t("drawer.noCharts")}>{t("drawer.noCharts.hint")}</Empty>;
  return (
    <>
      {reports.map((report) => (
        <ReportView key={report.title} report={report} />
      ))}
    </>
  );
}
