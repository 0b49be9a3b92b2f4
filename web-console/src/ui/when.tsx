import { exactTime, relativeTime } from "../figures/time";

/** How long ago; the exact time on hover. */
export function When({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exactTime(at)} className="whitespace-nowrap">
      {relativeTime(at, new Date())}
    </time>
  );
}
