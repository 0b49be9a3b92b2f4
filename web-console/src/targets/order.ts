/** The list with one of it moved by so many places, if there is such a place. */
export function moved<Item>(list: Item[], from: number, by: number): Item[] {
  const to = from + by;
  if (to < 0 || to >= list.length) return list;
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
