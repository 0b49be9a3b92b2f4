import { FileUp, LayoutTemplate, TerminalSquare } from "lucide-react";
import type { ReactNode } from "react";
import { Code } from "../ui/code";
import { ModuleDoor } from "./module-door";
import { TemplateDoor } from "./template-door";

/** The three ways to a first function. */
export function Doors() {
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <DoorPanel
        icon={<FileUp />}
        title="Upload a module"
        note="A .wasm file: WASI preview 1, JSON in and JSON out."
      >
        <ModuleDoor />
      </DoorPanel>
      <DoorPanel
        icon={<LayoutTemplate />}
        title="Start from a template"
        note="Works at once; you change its settings in a form, not its code."
      >
        <TemplateDoor />
      </DoorPanel>
      <div className="lg:col-span-2">
        <DoorPanel
          icon={<TerminalSquare />}
          title="From the command line"
          note="With an API key in CARTWRIGHT_KEY. The second call uploads the module and makes it live."
        >
          <Code text={deployCommands(window.location.origin)} label="commands" />
        </DoorPanel>
      </div>
    </div>
  );
}

function DoorPanel({
  icon,
  title,
  note,
  children,
}: {
  icon: ReactNode;
  title: string;
  note: string;
  children: ReactNode;
}) {
  return (
    <section className="h-full rounded-box border border-line bg-surface p-5 shadow-box">
      <div className="mb-4 flex items-start gap-3.5">
        <span
          className="mt-0.5 rounded-control bg-accent-wash p-2 text-accent [&>svg]:size-5"
          aria-hidden="true"
        >
          {icon}
        </span>
        <div>
          <h2 className="text-[15.5px]">{title}</h2>
          <p className="text-muted">{note}</p>
        </div>
      </div>
      {children}
    </section>
  );
}

function deployCommands(api: string): string {
  return [
    `curl ${api}/v1/functions \\`,
    `  -H "Authorization: Bearer $CARTWRIGHT_KEY" -H "Content-Type: application/json" \\`,
    `  -d '{"name":"my-function"}'`,
    "",
    `curl "${api}/v1/functions/my-function/versions?promote=live" \\`,
    `  -H "Authorization: Bearer $CARTWRIGHT_KEY" -H "Content-Type: application/wasm" \\`,
    "  --data-binary @my-function.wasm",
  ].join("\n");
}
