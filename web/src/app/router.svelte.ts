/** Where the app is: the path taken apart, and the query behind it. */
export interface Place {
  path: string;
  parts: string[];
  query: URLSearchParams;
}

function read(): Place {
  const { pathname, search } = window.location;
  return {
    path: pathname,
    parts: pathname.split('/').filter(Boolean).map(decode),
    query: new URLSearchParams(search),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

let place = $state.raw(read());
window.addEventListener('popstate', () => {
  place = read();
});

/** The place, which changes as people go on. */
export const router = {
  get place(): Place {
    return place;
  },
};

/**
 * The place for a page that lies below `first`. While people leave, the page is there a moment longer than its path:
 * it keeps the last one that was its own.
 */
export function placeBelow(first: string): { readonly current: Place } {
  let last = place;
  const current = $derived.by(() => {
    if (place.parts[0] === first) last = place;
    return last;
  });
  return {
    get current(): Place {
      return current;
    },
  };
}

export function go(path: string, options: { replace?: boolean } = {}): void {
  if (path === window.location.pathname + window.location.search) return;
  if (options.replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  place = read();
}

/** Follows links inside of the app without a reload. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest('a');
  if (!link || link.target || link.hasAttribute('download')) return;
  const url = new URL(link.href, window.location.href);
  if (url.origin !== window.location.origin || url.pathname.startsWith('/ui/') || url.pathname.startsWith('/v1/'))
    return;
  event.preventDefault();
  go(url.pathname + url.search);
}

/** A path of this app from parts that may hold any characters. */
export function pathOf(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`;
}
