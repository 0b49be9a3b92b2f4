import { useThisFunction } from "../functions/this-function";
import { Button } from "../ui/button";
import { usePromote, type Version } from "./queries";

/** Makes a version live. It is at once undone by the same move back, so it does not ask first. */
export function PromoteButton({ name, version }: { name: string; version: Pick<Version, "version"> }) {
  const { live } = useThisFunction();
  const promote = usePromote(name, live);
  const back = live !== null && version.version < live;
  return (
    <Button size="small" busy={promote.isPending} onClick={() => promote.mutate(version.version)}>
      {back ? "Roll back to" : "Promote"} v{version.version}
    </Button>
  );
}
