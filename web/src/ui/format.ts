const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `12 B`, `1.2 kB`, `340 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `12,345`, also for integers beyond 2^53, which come as text. */
export function formatCount(value: number | string): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `8 ms`, `1.24 s`, `3 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A time of the server, which is in UTC, in this browser's zone. */
export function parseTime(text: string): Date {
  const iso = text.trim().replace(' ', 'T').replace(/ ([+-]\d{4})$/, '$1').replace(/(\.\d{3})\d+/, '$1');
  return new Date(/([zZ]|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`);
}

export function formatTime(text: string | null | undefined): string {
  if (!text) return '–';
  const date = parseTime(text);
  if (Number.isNaN(date.getTime())) return text;
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** `just now`, `5 min ago`, `3 days ago`. */
export function formatAge(text: string | null | undefined, now = Date.now()): string {
  if (!text) return 'never';
  const seconds = (now - parseTime(text).getTime()) / 1000;
  if (Number.isNaN(seconds)) return text;
  if (seconds < 45) return 'just now';
  const steps: [number, string][] = [
    [60, 'min'],
    [3600, 'h'],
    [86_400, 'day'],
    [86_400 * 30, 'month'],
    [86_400 * 365, 'year'],
  ];
  let chosen = steps[0] as [number, string];
  for (const step of steps) if (seconds >= step[0]) chosen = step;
  const count = Math.max(1, Math.floor(seconds / chosen[0]));
  const plural = chosen[1].length > 3 || chosen[1] === 'day' ? (count === 1 ? '' : 's') : '';
  return `${count} ${chosen[1]}${plural} ago`;
}
