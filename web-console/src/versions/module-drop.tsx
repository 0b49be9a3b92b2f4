import { FileUp } from "lucide-react";
import { type DragEvent, useId, useState } from "react";
import { formatBytes } from "../figures/bytes";

/** Takes a module: dropped, or chosen by mouse or keyboard. What is in it, the server judges. */
export function ModuleDrop({
  onFile,
  chosen = null,
  low = false,
}: {
  onFile: (file: File) => void;
  chosen?: File | null;
  /** In one line, where it is not what the page is for. */
  low?: boolean;
}) {
  const [over, setOver] = useState(false);
  const id = useId();
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file) onFile(file);
  };
  return (
    <label
      htmlFor={id}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={`flex cursor-pointer items-center justify-center gap-x-2.5 gap-y-2 rounded-control border-2 border-dashed px-4 text-center transition-colors ${low ? "py-3" : "flex-col py-6"} has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-2 has-[:focus-visible]:outline-accent ${over ? "border-accent bg-accent-wash" : "border-edge/60 bg-sunken hover:border-accent"}`}
    >
      <FileUp className="size-5 shrink-0 text-muted" aria-hidden />
      {chosen ? (
        <span>
          <b className="font-semibold">{chosen.name}</b>{" "}
          <span className="text-muted">{formatBytes(chosen.size)}</span>
        </span>
      ) : (
        <span>
          Drop a <code className="font-mono text-[13px]">.wasm</code> file here, or{" "}
          <span className="font-medium text-accent underline underline-offset-2">choose one</span>
        </span>
      )}
      <input
        id={id}
        type="file"
        accept=".wasm,application/wasm"
        aria-label="Module, a .wasm file"
        className="sr-only"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          if (file) onFile(file);
          event.target.value = "";
        }}
      />
    </label>
  );
}
