import { ChevronsUpDown, LogOut } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useTenant } from "../tenant/queries";
import { useSignOut } from "./sign-in";

/** The tenant that everything on the page belongs to, and the way out. */
export function WhoIsIn() {
  const { data: tenant } = useTenant();
  const signOut = useSignOut();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="flex items-center justify-between gap-2 rounded-control px-2 py-1.5 text-left transition-colors hover:bg-sunken md:-mx-2">
        <span className="grid min-w-0">
          <span className="truncate font-medium">{tenant?.slug ?? "…"}</span>
          <span className="hidden truncate text-[12px] text-muted md:block">{tenant?.caller.email}</span>
        </span>
        <ChevronsUpDown className="size-3.5 text-muted" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="start"
          sideOffset={6}
          className="z-40 min-w-48 rounded-control border border-line bg-surface p-1 shadow-over"
        >
          <DropdownMenu.Item
            onSelect={() => signOut.mutate()}
            className="flex items-center gap-2 rounded-[5px] px-2.5 py-1.5 outline-none data-[highlighted]:bg-sunken"
          >
            <LogOut className="size-4 text-muted" aria-hidden />
            Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
