import { useTenant } from "./queries";

const KINDS: Record<string, string> = { user: "member", key: "API key", platform: "the platform, key" };

/** Who did something, as the API names them (`user:<id>`, `key:<id>`): "you", or the kind and the id. */
export function Actor({ actor }: { actor: string }) {
  const { data: tenant } = useTenant();
  if (actor === tenant?.caller.actor) return "you";
  const [kind = "", id = ""] = actor.split(":");
  return (
    <span title={actor}>
      {KINDS[kind] ?? kind} {id.slice(0, 13)}
    </span>
  );
}
