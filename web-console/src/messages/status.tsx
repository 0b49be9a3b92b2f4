import { Badge, type Tone } from "../ui/badge";
import type { Message } from "./queries";

export const STATUSES: Record<Message["status"], Tone> = {
  pending: "accent",
  succeeded: "good",
  failed: "bad",
};

export function MessageStatus({ of: message }: { of: Message }) {
  return <Badge tone={STATUSES[message.status]}>{message.status}</Badge>;
}
