import { problemOf, sentence } from "../api/problem";
import { useThisFunction } from "../functions/this-function";
import { Button } from "../ui/button";
import { useSay } from "../ui/toast";
import { usePromote, type Version } from "./queries";

/** Makes a version live. It is at once undone by the same move back, so it does not ask first. */
export function PromoteButton({ name, version }: { name: string; version: Pick<Version, "version"> }) {
  const { live } = useThisFunction();
  const promote = usePromote(name);
  const say = useSay();
  const back = live != null && version.version < live;
  const move = (to: number, from: number | null | undefined) =>
    promote.mutate(to, {
      onSuccess: () =>
        say(`v${to} is live`, from == null ? undefined : { label: "Undo", run: () => move(from, null) }),
      onError: (thrown) => say(sentence(problemOf(thrown).detail)),
    });
  return (
    <Button size="small" busy={promote.isPending} onClick={() => move(version.version, live)}>
      {back ? "Roll back to" : "Promote"} v{version.version}
    </Button>
  );
}
