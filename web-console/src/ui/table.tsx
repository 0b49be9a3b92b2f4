import type { ReactNode } from "react";
import { Scrolls } from "./scrolls";

export interface Column<Row> {
  head: string;
  /** Figures stand on the right, in digits of one width. */
  figures?: boolean;
  /** The column takes only the room that it needs. */
  narrow?: boolean;
  cell: (row: Row) => ReactNode;
}

/** A table of rows; `caption` names it for those who do not see the heading above it. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
}: {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
}) {
  return (
    <Scrolls label={caption}>
      <table className="w-full border-collapse text-left">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-line text-[12.5px] text-muted">
            {columns.map((column) => (
              <th
                key={column.head}
                scope="col"
                className={`px-3 pb-2 font-medium whitespace-nowrap first:pl-5 last:pr-5 ${column.figures ? "text-right" : ""} ${column.narrow ? "w-px" : ""}`}
              >
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              className="border-b border-line/70 transition-colors last:border-0 hover:bg-sunken/70"
            >
              {columns.map((column) => (
                <td
                  key={column.head}
                  className={`px-3 py-2.5 first:pl-5 last:pr-5 ${column.figures ? "figures text-right whitespace-nowrap" : ""} ${column.narrow ? "whitespace-nowrap" : ""}`}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
