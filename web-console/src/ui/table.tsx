import type { ReactNode } from "react";
import { Scrolls } from "./scrolls";

export interface Column<Row> {
  head: string;
  /** Figures stand on the right, in digits of one width. */
  figures?: boolean;
  /** The column takes only the room that it needs. */
  narrow?: boolean;
  /** In a stacked row: a line of its own without its head, as the first column always is, or left out. */
  onPhone?: "whole" | "hidden";
  cell: (row: Row) => ReactNode;
}

/** A table of rows; `caption` names it for those who do not see the heading above it. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  stacked = false,
}: {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  /** On a phone each row is a list of its values, save those of columns that are hidden there: none is scrolled out of sight. */
  stacked?: boolean;
}) {
  // A table that is laid out as something else is one to assistive technology only where it says so.
  const role = (role: string) => (stacked ? { role } : {});
  return (
    <Scrolls label={caption}>
      <table className={`w-full border-collapse text-left ${stacked ? "stacked" : ""}`} {...role("table")}>
        <caption className="sr-only">{caption}</caption>
        <thead {...role("rowgroup")}>
          <tr className="border-b border-line text-[12.5px] text-muted" {...role("row")}>
            {columns.map((column) => (
              <th
                key={column.head}
                scope="col"
                className={`px-3 pb-2 font-medium whitespace-nowrap first:pl-5 last:pr-5 ${column.figures ? "text-right" : ""} ${column.narrow ? "w-px" : ""}`}
                data-on-phone={column.onPhone}
                {...role("columnheader")}
              >
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...role("rowgroup")}>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              className="border-b border-line/70 transition-colors last:border-0 hover:bg-sunken/70"
              {...role("row")}
            >
              {columns.map((column) => (
                <td
                  key={column.head}
                  className={`px-3 py-2.5 first:pl-5 last:pr-5 ${column.figures ? "figures text-right whitespace-nowrap" : ""} ${column.narrow ? "whitespace-nowrap" : ""}`}
                  data-head={column.head}
                  data-on-phone={column.onPhone}
                  {...role("cell")}
                >
                  {stacked ? <div>{column.cell(row)}</div> : column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
