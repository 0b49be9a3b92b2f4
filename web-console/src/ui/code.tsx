import { CopyButton } from "./copyable";

/** Text as a program wrote it or a shell takes it. It scrolls on its own and can be reached by the keyboard. */
export function Code({
  text,
  label,
  tall = false,
  wrap = false,
}: {
  text: string;
  /** What it is, for the copy button and for those who do not see it. */
  label: string;
  tall?: boolean;
  wrap?: boolean;
}) {
  return (
    <div className="relative rounded-control border border-line bg-sunken">
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard.
        tabIndex={0}
        aria-label={label}
        className={`overflow-auto rounded-control ${tall ? "max-h-[26rem]" : "max-h-64"}`}
      >
        <pre
          className={`p-3 pr-10 font-mono text-[13px] leading-[1.55] ${wrap ? "break-words whitespace-pre-wrap" : "w-fit min-w-full"}`}
        >
          {text}
        </pre>
      </section>
      <div className="absolute top-1.5 right-1.5">
        <CopyButton text={text} what={label} />
      </div>
    </div>
  );
}
