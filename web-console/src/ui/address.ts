import { useSearchParams } from "react-router";

/** Filters that stand in the address, so that a list can be kept and sent to someone. */
export function useAddress() {
  const [search, setSearch] = useSearchParams();
  return {
    search,
    value: (name: string) => search.get(name) ?? "",
    set: (name: string) => (event: { target: { value: string } }) => {
      const next = new URLSearchParams(search);
      const value = event.target.value.trim();
      if (value) next.set(name, value);
      else next.delete(name);
      setSearch(next, { replace: true });
    },
    clear: () => setSearch(new URLSearchParams(), { replace: true }),
  };
}

export type Address = ReturnType<typeof useAddress>;
