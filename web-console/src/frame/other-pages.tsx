import { useRouteError } from "react-router";
import { ButtonLink } from "../ui/button";
import { Empty } from "../ui/empty";
import { ProblemNotice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";

/** Before anything is known: who is asking, or the code of the page itself. */
export function LoadingPage() {
  return (
    <div className="mx-auto max-w-[68rem] px-6 py-16">
      <Skeleton lines={5} />
    </div>
  );
}

export function NoSuchPage() {
  return (
    <Empty title="There is no such page">
      <p className="mb-4">The address may be mistyped, or what it named is gone.</p>
      <ButtonLink to="/functions">Go to your functions</ButtonLink>
    </Empty>
  );
}

/** A fault of the console itself, caught so that it says something. */
export function LostPage() {
  const thrown = useRouteError();
  return (
    <div className="mx-auto max-w-[44rem] px-6 py-16">
      <ProblemNotice thrown={thrown} retry={() => window.location.reload()} />
    </div>
  );
}
