/** Which of many equally high rows, or unequally wide columns, are to be drawn. */
export interface Window {
  first: number;
  /** One behind the last. */
  end: number;
}

/** Rows outside of the frame that are drawn already, so that a fast wheel finds them. */
const ROWS_AROUND = 6;
const COLUMNS_AROUND = 2;

export function rowWindow(scrollTop: number, height: number, rowHeight: number, count: number): Window {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - ROWS_AROUND);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + ROWS_AROUND);
  return { first: Math.min(first, count), end };
}

/** Where each column begins; one entry more than there are columns, the last is the whole width. */
export function offsetsOf(widths: number[]): number[] {
  const offsets = [0];
  for (const width of widths) offsets.push((offsets.at(-1) ?? 0) + width);
  return offsets;
}

export function columnWindow(offsets: number[], scrollLeft: number, width: number): Window {
  const count = offsets.length - 1;
  const first = Math.max(0, lastAtOrBefore(offsets, scrollLeft) - COLUMNS_AROUND);
  const end = Math.min(count, lastAtOrBefore(offsets, scrollLeft + width) + 1 + COLUMNS_AROUND);
  return { first: Math.min(first, count), end };
}

function lastAtOrBefore(offsets: number[], at: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Keys for what is in a window, so that an element that leaves at one end comes back at the other with another text:
 * making elements anew costs many times more. The window moves by `size` at most before a key is used again.
 */
export function slots(window: Window): { index: number; slot: number }[] {
  const size = window.end - window.first;
  return Array.from({ length: Math.max(0, size) }, (_, at) => {
    const index = window.first + at;
    return { index, slot: index % size };
  });
}
