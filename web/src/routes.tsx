/** Which page is shown where. Pages of their own weight are loaded when they are opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { Nowhere } from "./components/Nowhere";
import { Shell } from "./components/shell/Shell";
import { Failed, Loading } from "./components/states";
import { LoginPage } from "./pages/LoginPage";
import { Problem } from "./services/api";
import { me, queries } from "./services/queries";

/** What of a run is looked at. */
interface RunAddress {
  view?: string;
  task?: string;
  tab?: string;
}

/** What of schedules and their instances is looked at. */
interface ScheduleAddress {
  tab?: string;
  schedule?: string;
  text?: string;
  last?: string;
  days?: string;
  kind?: string;
  bizdate?: string;
  /** Whether a backfill is being planned. */
  new?: string;
}

const root = createRootRoute({ component: Outlet, notFoundComponent: Nowhere });

const login = createRoute({ getParentRoute: () => root, path: "/enter", component: LoginPage });

const front = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/w/$workspace/components", params: { workspace: "default" } });
  },
});

/** All pages of a workspace; whoever is not logged in is sent to the door. */
export const workspace = createRoute({
  getParentRoute: () => root,
  path: "/w/$workspace",
  component: Shell,
  beforeLoad: async ({ location }) => {
    try {
      return { me: await queries.ensureQueryData(me) };
    } catch (error) {
      if (error instanceof Problem && error.status === 401)
        throw redirect({ to: "/enter", search: { to: location.href } });
      throw error;
    }
  },
});

const library = createRoute({
  getParentRoute: () => workspace,
  path: "/components",
  component: lazyRouteComponent(() => import("./pages/library/LibraryPage"), "LibraryPage"),
});

const component = createRoute({
  getParentRoute: () => workspace,
  path: "/components/$reference",
  component: lazyRouteComponent(() => import("./pages/library/ComponentPage"), "ComponentPage"),
});

const fresh = createRoute({
  getParentRoute: () => workspace,
  path: "/new-component",
  validateSearch: ({ from }: { from?: unknown }) => (typeof from === "string" ? { from } : {}),
  component: lazyRouteComponent(
    () => import("./pages/library/NewComponentPage"),
    "NewComponentPage",
  ),
});

const models = createRoute({
  getParentRoute: () => workspace,
  path: "/models",
  component: lazyRouteComponent(() => import("./pages/assets/AssetsPage"), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => workspace,
  path: "/models/$reference",
  component: lazyRouteComponent(() => import("./pages/assets/AssetPage"), "ModelPage"),
});

const datasets = createRoute({
  getParentRoute: () => workspace,
  path: "/datasets",
  component: lazyRouteComponent(() => import("./pages/assets/AssetsPage"), "DatasetsPage"),
});

const dataset = createRoute({
  getParentRoute: () => workspace,
  path: "/datasets/$reference",
  component: lazyRouteComponent(() => import("./pages/assets/AssetPage"), "DatasetPage"),
});

const pipelines = createRoute({
  getParentRoute: () => workspace,
  path: "/pipelines",
  component: lazyRouteComponent(() => import("./pages/pipelines/PipelinesPage"), "PipelinesPage"),
});

const designer = createRoute({
  getParentRoute: () => workspace,
  path: "/pipelines/$draft",
  component: lazyRouteComponent(() => import("./pages/designer/DesignerPage"), "DesignerPage"),
});

const runs = createRoute({
  getParentRoute: () => workspace,
  path: "/runs",
  component: lazyRouteComponent(() => import("./pages/runs/RunsPage"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => workspace,
  path: "/runs/$run",
  validateSearch: ({ view, task, tab }: Record<string, unknown>): RunAddress => ({
    ...(typeof view === "string" && { view }),
    ...(typeof task === "string" && { task }),
    ...(typeof tab === "string" && { tab }),
  }),
  component: lazyRouteComponent(() => import("./pages/run/RunPage"), "RunPage"),
});

const comparison = createRoute({
  getParentRoute: () => workspace,
  path: "/compare/$before/$after",
  component: lazyRouteComponent(() => import("./pages/run/ComparePage"), "ComparePage"),
});

const texts = (search: Record<string, unknown>, ...names: string[]) =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = search[name];
      // What looks like a number in an address has been made one.
      return typeof value === "string" || typeof value === "number" ? [[name, String(value)]] : [];
    }),
  );

const schedules = createRoute({
  getParentRoute: () => workspace,
  path: "/schedules",
  validateSearch: (search: Record<string, unknown>): ScheduleAddress =>
    texts(search, "tab", "schedule", "text", "last", "days", "kind", "bizdate", "new"),
  component: lazyRouteComponent(() => import("./pages/schedules/SchedulesPage"), "SchedulesPage"),
});

const schedule = createRoute({
  getParentRoute: () => workspace,
  path: "/schedules/$schedule",
  component: lazyRouteComponent(() => import("./pages/schedules/SchedulePage"), "SchedulePage"),
});

const newSchedule = createRoute({
  getParentRoute: () => workspace,
  path: "/new-schedule",
  validateSearch: (search: Record<string, unknown>): { pipeline?: string; from?: string } =>
    texts(search, "pipeline", "from"),
  component: lazyRouteComponent(
    () => import("./pages/schedules/NewSchedulePage"),
    "NewSchedulePage",
  ),
});

const instance = createRoute({
  getParentRoute: () => workspace,
  path: "/instances/$instance",
  component: lazyRouteComponent(() => import("./pages/schedules/InstancePage"), "InstancePage"),
});

const backfill = createRoute({
  getParentRoute: () => workspace,
  path: "/backfills/$backfill",
  component: lazyRouteComponent(() => import("./pages/schedules/BackfillPage"), "BackfillPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    front,
    login,
    workspace.addChildren([
      library,
      component,
      fresh,
      models,
      model,
      datasets,
      dataset,
      pipelines,
      designer,
      runs,
      run,
      comparison,
      schedules,
      schedule,
      newSchedule,
      instance,
      backfill,
    ]),
  ]),
  defaultPendingComponent: Loading,
  defaultErrorComponent: Failed,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
