/** A draft on the canvas: it is read, shown, saved, looked at by the server, and run. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { PlaceLink } from "@/components/PlaceLink";
import { Empty, Failed, Loading } from "@/components/states";
import { read } from "@/models/pipeline/text";
import { Problem } from "@/services/api";
import {
  type Draft,
  draftOf,
  keptText,
  type Saver,
  SaverContext,
  startSaving,
} from "@/services/designer/draft";
import { startPlanning } from "@/services/designer/planning";
import { findLastRun, startFollowing } from "@/services/designer/running";
import { DesignerContext, type DesignerStore, openDesigner } from "@/services/designer/store";
import { useStrings } from "@/strings";
import { Frame } from "./frame/Frame";

const Broken = lazy(() => import("./frame/Broken").then(({ Broken }) => ({ default: Broken })));

export function DesignerPage() {
  const { workspace, draft } = useParams({ from: "/w/$workspace/pipelines/$draft" });
  return <Opening key={`${workspace}/${draft}`} workspace={workspace} draft={draft} />;
}

function Opening({ workspace, draft }: { workspace: string; draft: string }) {
  const t = useStrings();
  const { data, error, isFetching, refetch } = useQuery(draftOf(workspace, draft));
  if (error instanceof Problem && error.status === 404)
    return (
      <Empty
        title={t("frame.gone", { name: draft })}
        action={
          <PlaceLink to="/w/$workspace/pipelines" params={{ workspace }}>
            {t("frame.gone.back")}
          </PlaceLink>
        }
      >
        {t("frame.gone.hint")}
      </Empty>
    );
  if (error) return <Failed error={error} reset={() => void refetch()} />;
  if (!data || isFetching) return <Loading />;
  return (
    <Opened key={data.revision} workspace={workspace} data={data} onMended={() => void refetch()} />
  );
}

interface OpenedProps {
  workspace: string;
  data: Draft;
  onMended: () => void;
}

function Opened({ workspace, data, onMended }: OpenedProps) {
  const [store] = useState(() => storeOf(workspace, data));
  if (!store)
    return (
      <Suspense fallback={<Loading />}>
        <Broken workspace={workspace} draft={data} onMended={onMended} />
      </Suspense>
    );
  return <Work store={store} />;
}

/** The store of a draft, with what this browser could not send the last time; null: no pipeline. */
function storeOf(workspace: string, data: Draft): DesignerStore | null {
  const { name, bundle } = data;
  const kept = keptText(workspace, name);
  const unsent = kept && kept.text !== data.text ? kept : null;
  const { text, revision } = unsent ?? data;
  const { pipeline } = read(text);
  if (!pipeline) return null;
  const store = openDesigner({ workspace, draft: name, bundle, revision, pipeline, text });
  if (unsent) store.getState().set({ saving: "changed" });
  return store;
}

function Work({ store }: { store: DesignerStore }) {
  const [saver, setSaver] = useState<Saver | null>(null);
  useEffect(() => {
    const saving = startSaving(store);
    const stopPlanning = startPlanning(store);
    const stopFollowing = startFollowing(store);
    setSaver(saving);
    // A draft without a run, or a server that is away, is no reason not to draw.
    findLastRun(store).catch(() => {});
    return () => {
      saving.stop();
      stopPlanning();
      stopFollowing();
    };
  }, [store]);
  if (!saver) return <Loading />;
  return (
    <DesignerContext.Provider value={store}>
      <SaverContext.Provider value={saver}>
        <Frame />
      </SaverContext.Provider>
    </DesignerContext.Provider>
  );
}
