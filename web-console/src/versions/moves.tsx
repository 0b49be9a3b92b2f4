import { Actor } from "../tenant/actor";
import { Panel } from "../ui/panel";
import { When } from "../ui/when";
import { useMoves } from "./queries";

/** What was live when, and who moved it. Nothing to show until the first move. */
export function Moves({ name }: { name: string }) {
  const { data } = useMoves(name);
  if (!data || data.data.length === 0) return null;
  return (
    <Panel title="What was live">
      <ol className="grid gap-1.5">
        {data.data.map((move) => (
          <li key={move.id} className="flex flex-wrap gap-x-3">
            <span className="figures w-28 font-medium">
              {move.from == null ? "" : `v${move.from} → `}v{move.to}
            </span>
            <span className="text-muted">
              <When at={move.moved_at} /> by <Actor actor={move.moved_by} />
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
