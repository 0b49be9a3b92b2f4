import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { ProblemNotice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";
import { useVersion } from "./queries";
import { VersionFacts } from "./version-facts";

/** All that is known of one version, over the list of them. */
export function VersionDialog({
  name,
  version,
  onClose,
}: {
  name: string;
  version: number | null;
  onClose: () => void;
}) {
  const detail = useVersion(name, version);
  return (
    <Dialog title={`${name} v${version}`} open={version !== null} onClose={onClose}>
      {detail.isError && <ProblemNotice thrown={detail.error} retry={() => detail.refetch()} />}
      {detail.isPending && <Skeleton lines={6} />}
      {detail.isSuccess && <VersionFacts version={detail.data} />}
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </Dialog>
  );
}
