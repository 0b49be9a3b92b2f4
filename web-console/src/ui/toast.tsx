import { X } from "lucide-react";
import { Toast } from "radix-ui";
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

interface Said {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

type Say = (text: string, action?: Said["action"]) => void;
const SayContext = createContext<Say>(() => {});

/** Say in a corner that something was done, perhaps with a way back. */
export const useSay = () => useContext(SayContext);

const SHOWN_MS = 6000;

export function Toasts({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState<Said[]>([]);
  const say = useCallback<Say>((text, action) => {
    setSaid((before) => [...before.slice(-2), { id: (before.at(-1)?.id ?? 0) + 1, text, action }]);
  }, []);
  const forget = (id: number) => setSaid((before) => before.filter((one) => one.id !== id));
  return (
    <SayContext value={say}>
      <Toast.Provider duration={SHOWN_MS} swipeDirection="right">
        {children}
        {said.map((one) => (
          <Toast.Root
            key={one.id}
            onOpenChange={(open) => !open && forget(one.id)}
            className="flex items-center gap-3 rounded-control border border-line bg-surface px-4 py-2.5 shadow-over"
          >
            <Toast.Title className="grow">{one.text}</Toast.Title>
            {one.action && (
              <Toast.Action
                altText={one.action.label}
                onClick={one.action.run}
                className="font-medium text-accent hover:text-accent-strong"
              >
                {one.action.label}
              </Toast.Action>
            )}
            <Toast.Close aria-label="Close" className="rounded p-0.5 text-muted hover:text-ink">
              <X className="size-4" aria-hidden />
            </Toast.Close>
          </Toast.Root>
        ))}
        <Toast.Viewport className="fixed right-5 bottom-5 z-50 grid w-[min(24rem,calc(100vw-2.5rem))] gap-2 outline-none" />
      </Toast.Provider>
    </SayContext>
  );
}
