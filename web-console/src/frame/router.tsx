import { createBrowserRouter, Navigate } from "react-router";
import { Frame } from "./frame";
import { LoadingPage, LostPage, NoSuchPage } from "./other-pages";

/** Every page and its address. A page is loaded when it is first opened. */
export const router = createBrowserRouter([
  {
    HydrateFallback: LoadingPage,
    ErrorBoundary: LostPage,
    children: [
      {
        path: "/sign-in",
        lazy: async () => ({ Component: (await import("../session/sign-in-page")).SignInPage }),
      },
      {
        path: "/sign-up",
        lazy: async () => ({ Component: (await import("../session/sign-up-page")).SignUpPage }),
      },
      {
        path: "/operator",
        lazy: async () => ({ Component: (await import("../operator/operator-layout")).OperatorLayout }),
        children: [
          { index: true, element: <Navigate to="/operator/fleet" replace /> },
          {
            path: "fleet",
            lazy: async () => ({ Component: (await import("../fleet/fleet-page")).FleetPage }),
          },
          {
            path: "targets",
            lazy: async () => ({
              Component: (await import("../targets/operator/defined-targets-page")).DefinedTargetsPage,
            }),
          },
          {
            path: "quotas",
            lazy: async () => ({
              Component: (await import("../usage/operator/tenant-quotas-page")).TenantQuotasPage,
            }),
          },
          {
            path: "new-target",
            lazy: async () => ({
              Component: (await import("../targets/operator/new-target-page")).NewTargetPage,
            }),
          },
          {
            path: "targets/:target",
            lazy: async () => ({
              Component: (await import("../targets/operator/definition-page")).DefinitionPage,
            }),
          },
        ],
      },
      {
        Component: Frame,
        children: [
          { index: true, element: <Navigate to="/functions" replace /> },
          {
            path: "/functions",
            lazy: async () => ({ Component: (await import("../functions/functions-page")).FunctionsPage }),
          },
          {
            path: "/functions/new",
            lazy: async () => ({
              Component: (await import("../functions/new-function-page")).NewFunctionPage,
            }),
          },
          {
            path: "/functions/:name",
            lazy: async () => ({ Component: (await import("../functions/function-layout")).FunctionLayout }),
            children: [
              {
                index: true,
                lazy: async () => ({ Component: (await import("../versions/versions-page")).VersionsPage }),
              },
              {
                path: "try",
                lazy: async () => ({ Component: (await import("../versions/try-page")).TryPage }),
              },
              {
                path: "shadow",
                lazy: async () => ({ Component: (await import("../replays/shadow-page")).ShadowPage }),
              },
              {
                path: "settings",
                lazy: async () => ({ Component: (await import("../settings/settings-page")).SettingsPage }),
              },
              {
                path: "triggers",
                lazy: async () => ({ Component: (await import("../functions/triggers-page")).TriggersPage }),
              },
              {
                path: "runs",
                lazy: async () => ({
                  Component: (await import("../invocations/function-runs-page")).FunctionRunsPage,
                }),
              },
              {
                path: "logs",
                lazy: async () => ({ Component: (await import("../logs/logs-page")).LogsPage }),
              },
              {
                path: "call",
                lazy: async () => ({ Component: (await import("../functions/call-page")).CallPage }),
              },
            ],
          },
          {
            path: "/targets",
            lazy: async () => ({ Component: (await import("../targets/targets-page")).TargetsPage }),
          },
          {
            path: "/targets/:target",
            lazy: async () => ({ Component: (await import("../targets/target-page")).TargetPage }),
          },
          {
            path: "/runs",
            lazy: async () => ({ Component: (await import("../invocations/runs-page")).RunsPage }),
          },
          {
            path: "/runs/:id",
            lazy: async () => ({ Component: (await import("../invocations/run-page")).RunPage }),
          },
          {
            path: "/events",
            lazy: async () => ({ Component: (await import("../events/events-page")).EventsPage }),
          },
          {
            path: "/events/:id",
            lazy: async () => ({ Component: (await import("../events/event-page")).EventPage }),
          },
          {
            path: "/deliveries",
            lazy: async () => ({
              Component: (await import("../deliveries/deliveries-layout")).DeliveriesLayout,
            }),
            children: [
              {
                index: true,
                lazy: async () => ({
                  Component: (await import("../deliveries/deliveries-page")).DeliveriesPage,
                }),
              },
              {
                path: "failed",
                lazy: async () => ({ Component: (await import("../deliveries/failures-page")).FailuresPage }),
              },
            ],
          },
          {
            path: "/deliveries/:id",
            lazy: async () => ({ Component: (await import("../deliveries/delivery-page")).DeliveryPage }),
          },
          {
            path: "/schedules",
            lazy: async () => ({ Component: (await import("../schedules/schedules-page")).SchedulesPage }),
          },
          {
            path: "/sources",
            lazy: async () => ({ Component: (await import("../sources/sources-page")).SourcesPage }),
          },
          {
            path: "/sources/:id",
            lazy: async () => ({ Component: (await import("../sources/source-page")).SourcePage }),
          },
          {
            path: "/endpoints",
            lazy: async () => ({ Component: (await import("../endpoints/endpoints-page")).EndpointsPage }),
          },
          {
            path: "/endpoints/:id",
            lazy: async () => ({ Component: (await import("../endpoints/endpoint-page")).EndpointPage }),
          },
          {
            path: "/messages/:id",
            lazy: async () => ({ Component: (await import("../messages/message-page")).MessagePage }),
          },
          {
            path: "/usage",
            lazy: async () => ({ Component: (await import("../usage/usage-page")).UsagePage }),
          },
          {
            path: "/keys",
            lazy: async () => ({ Component: (await import("../keys/keys-page")).KeysPage }),
          },
          {
            path: "/tenant",
            lazy: async () => ({ Component: (await import("../tenant/tenant-page")).TenantPage }),
          },
          { path: "*", Component: NoSuchPage },
        ],
      },
    ],
  },
]);
