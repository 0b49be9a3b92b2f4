import { Check, Copy } from "lucide-react";
import { useState } from "react";

const CONFIRMED_MS = 1600;

/** Copies a text, and says for a moment that it has. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), CONFIRMED_MS);
  };
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={copied ? `Copied ${what}` : `Copy ${what}`}
      title={`Copy ${what}`}
      className="inline-flex shrink-0 rounded p-1 text-muted transition-colors hover:bg-sunken hover:text-ink"
    >
      {copied ? (
        <Check className="size-3.5 text-good" aria-hidden />
      ) : (
        <Copy className="size-3.5" aria-hidden />
      )}
    </button>
  );
}

/** An id or digest in full, or by its first characters where room is short; what is copied is always whole. */
export function Copyable({ text, what, first }: { text: string; what: string; first?: number }) {
  return (
    <span className="inline-flex items-center gap-0.5">
      <code className="font-mono text-[13px] break-all" title={text}>
        {first && text.length > first ? `${text.slice(0, first)}…` : text}
      </code>
      <CopyButton text={text} what={what} />
    </span>
  );
}
