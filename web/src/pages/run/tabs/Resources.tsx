import { Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Failed, Loading } from "@/components/states";
import { UsageChart } from "@/components/usage/UsageChart";
import { sizeOf } from "@/models/size";
import { usageOf } from "@/models/usage";
import { stepUsage } from "@/services/runs";
import { useStrings } from "@/strings";
import type { OfStep } from "../TaskTabs";

const SOON = 3_000;

/** What a step's processes used over time. */
export function Resources({ workspace, run, step }: OfStep) {
  const t = useStrings();
  const [replica, setReplica] = useState("");
  const { data, error, refetch } = useQuery({
    ...stepUsage(workspace, run.run, step.node, replica),
    refetchInterval: step.status === "running" ? SOON : false,
  });
  const lines = useMemo(() => usageOf(data?.samples ?? []), [data]);
  if (error) return <Failed error={error} reset={() => void refetch()} />;
  if (!data) return <Loading />;
  const size = (bytes: number) => sizeOf(bytes, t.language);
  const cores = (value: number) =>
    t("run.usage.cores.of", {
      count: value.toLocaleString(t.language, { maximumFractionDigits: 2 }),
    });
  return (
    <>
      {data.replicas.length > 1 && (
        <Select
          size="xs"
          w={180}
          mb="sm"
          label={t("log.replica")}
          data={data.replicas}
          value={data.replica}
          allowDeselect={false}
          searchable={data.replicas.length > 8}
          onChange={(name) => name && setReplica(name)}
        />
      )}
      {lines.memory.length < 2 && (
        <Text size="sm" c="dimmed">
          {t("run.usage.none")}
        </Text>
      )}
      {lines.cores.length > 1 && (
        <UsageChart label={t("run.usage.cores")} points={lines.cores} written={cores} />
      )}
      {lines.memory.length > 1 && (
        <UsageChart label={t("run.usage.memory")} points={lines.memory} written={size} />
      )}
      {lines.gpu.length > 1 && (
        <UsageChart
          label={t("run.usage.gpu")}
          points={lines.gpu}
          written={(value) => `${Math.round(value)} %`}
        />
      )}
      {lines.gpuMemory.length > 1 && (
        <UsageChart label={t("run.usage.gpu-memory")} points={lines.gpuMemory} written={size} />
      )}
    </>
  );
}
