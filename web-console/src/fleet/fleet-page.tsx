import { useState } from "react";
import { Link } from "react-router";
import { Mark } from "../frame/mark";
import { ThemeChoice } from "../frame/theme";
import { Button } from "../ui/button";
import { PageHead } from "../ui/panel";
import { Executors } from "./executors";
import { PlatformKeyForm } from "./platform-key-form";

/** The operator's page. It asks for the platform's key, and has it for as long as it is open and nowhere but in memory. */
export function FleetPage() {
  const [platformKey, setPlatformKey] = useState<string | null>(null);
  return (
    <main className="mx-auto max-w-[80rem] px-4 py-6 sm:px-8 md:py-9">
      <div className="mb-7 flex items-center justify-between gap-4">
        <Link to="/" className="flex items-center gap-2.5 text-[16px] font-semibold">
          <Mark className="size-6 text-accent" />
          Cartwright
        </Link>
        <ThemeChoice />
      </div>
      <PageHead
        title="Fleet"
        note="The executors, as they report every 3 seconds. For the operator of the platform."
        actions={platformKey !== null && <Button onClick={() => setPlatformKey(null)}>Forget the key</Button>}
      />
      {platformKey === null ? (
        <PlatformKeyForm onKey={setPlatformKey} />
      ) : (
        <Executors platformKey={platformKey} />
      )}
    </main>
  );
}
