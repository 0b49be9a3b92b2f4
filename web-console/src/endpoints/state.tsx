import { Badge } from "../ui/badge";
import type { Endpoint } from "./queries";

/** Whether messages go to an endpoint now. */
export function EndpointState({ of: endpoint }: { of: Endpoint }) {
  if (endpoint.disabled_at) return <Badge tone="bad">disabled</Badge>;
  if (endpoint.failures > 0) return <Badge tone="warn">failing</Badge>;
  return <Badge tone="good">enabled</Badge>;
}
