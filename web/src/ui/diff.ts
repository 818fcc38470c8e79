export interface DiffLine {
  kind: 'same' | 'removed' | 'added';
  text: string;
}

/** Lines of two texts, by their longest common subsequence. Texts are policies: some hundred lines at most. */
export function diffLines(before: string, after: string): DiffLine[] {
  const left = before.split('\n');
  const right = after.split('\n');
  const common = commonLengths(left, right);
  const lines: DiffLine[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length || r < right.length) {
    const atLeft = left[l];
    const atRight = right[r];
    if (atLeft !== undefined && atLeft === atRight) {
      lines.push({ kind: 'same', text: atLeft });
      l += 1;
      r += 1;
    } else if (atLeft !== undefined && (atRight === undefined || length(common, l + 1, r) >= length(common, l, r + 1))) {
      lines.push({ kind: 'removed', text: atLeft });
      l += 1;
    } else {
      lines.push({ kind: 'added', text: atRight ?? '' });
      r += 1;
    }
  }
  return lines;
}

function length(common: number[][], l: number, r: number): number {
  return common[l]?.[r] ?? 0;
}

function commonLengths(left: string[], right: string[]): number[][] {
  const common = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  for (let l = left.length - 1; l >= 0; l -= 1) {
    for (let r = right.length - 1; r >= 0; r -= 1) {
      (common[l] as number[])[r] =
        left[l] === right[r]
          ? length(common, l + 1, r + 1) + 1
          : Math.max(length(common, l + 1, r), length(common, l, r + 1));
    }
  }
  return common;
}
