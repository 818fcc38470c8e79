import type { ResultView } from './view.svelte.ts';

/** Moves the cell, or the corner of the selection with Shift; false for keys that move nothing. */
export function moveByKey(view: ResultView, event: KeyboardEvent, pageRows: number): boolean {
  const { row, column } = view.cell;
  const far = event.ctrlKey || event.metaKey;
  const lastRow = view.order.length - 1;
  const lastColumn = view.columns.length - 1;
  const to = (nextRow: number, nextColumn: number) => {
    view.moveTo(nextRow, nextColumn, event.shiftKey);
    return true;
  };
  switch (event.key) {
    case 'ArrowDown':
      return to(far ? lastRow : row + 1, column);
    case 'ArrowUp':
      return to(far ? 0 : row - 1, column);
    case 'ArrowRight':
      return to(row, far ? lastColumn : column + 1);
    case 'ArrowLeft':
      return to(row, far ? 0 : column - 1);
    case 'PageDown':
      return to(row + pageRows, column);
    case 'PageUp':
      return to(row - pageRows, column);
    case 'Home':
      return to(far ? 0 : row, 0);
    case 'End':
      return to(far ? lastRow : row, lastColumn);
    default:
      return false;
  }
}

/** Follows the pointer until it is let go. */
export function followPointer(move: (event: PointerEvent) => void): void {
  const end = () => {
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', end);
    window.removeEventListener('pointercancel', end);
  };
  window.addEventListener('pointermove', move);
  window.addEventListener('pointerup', end);
  window.addEventListener('pointercancel', end);
}
