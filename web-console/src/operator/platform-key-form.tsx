import { type FormEvent, useState } from "react";
import { Button } from "../ui/button";
import { TextField } from "../ui/field";
import { Panel } from "../ui/panel";

/** Asks for the platform's key. `action` says what it opens. */
export function PlatformKeyForm({ action, onKey }: { action: string; onKey: (key: string) => void }) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const key = text.trim();
    if (key.startsWith("cw_platform_")) return onKey(key);
    setError("A platform key begins with cw_platform_. A tenant's key or login does not open this page.");
  };
  return (
    <Panel>
      <form onSubmit={submit} className="grid max-w-[34rem] gap-4">
        <TextField
          label="Platform key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={text}
          error={error}
          hint="As `cartwright-api keys platform` printed it. It stays in the memory of these pages: reloading forgets it."
          onChange={(event) => {
            setText(event.target.value);
            setError(null);
          }}
        />
        <div>
          <Button type="submit" look="primary" disabled={text.trim() === ""}>
            {action}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
