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

export const router = createRouter({
  routeTree: root.addChildren([
    front,
    login,
    workspace.addChildren([library, component, fresh, pipelines, designer, runs, run, comparison]),
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
