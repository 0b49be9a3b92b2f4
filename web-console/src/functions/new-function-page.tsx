import { PageHead } from "../ui/panel";
import { Doors } from "./doors";

export function NewFunctionPage() {
  return (
    <>
      <PageHead
        title="New function"
        note="Bring a module, begin with one of ours, or deploy from a terminal."
      />
      <Doors />
    </>
  );
}
