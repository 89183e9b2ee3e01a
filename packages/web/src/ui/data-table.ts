/** Rows of a table: filtered by words, never more than 200 in the document (L6). */

/** Rows shown at most. */
export const MAX_ROWS = 200;

export interface Column<Row> {
  readonly key: string;
  readonly label: string;
  readonly align?: 'left' | 'right';
  /** Takes the room that is left. */
  readonly wide?: boolean;
  /** Left out in one-column layouts. */
  readonly minor?: boolean;
  /** What the filter looks at. */
  readonly words: (row: Row) => string;
}

/** Rows that contain every word of the filter, in any column. */
export function filterRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], filter: string): readonly Row[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows.slice(0, MAX_ROWS);
  const matches = (row: Row): boolean => {
    const text = columns
      .map((column) => column.words(row))
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return rows.filter(matches).slice(0, MAX_ROWS);
}
