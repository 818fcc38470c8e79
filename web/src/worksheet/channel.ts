/** What tabs of one browser tell each other of worksheets. */
export type ChannelMessage =
  | { kind: 'saved'; id: string; rev: number }
  | { kind: 'opened'; id: string }
  | { kind: 'here'; id: string };

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('stagedoor.worksheets');

export function broadcast(message: ChannelMessage): void {
  channel?.postMessage(message);
}

export function listen(heard: (message: ChannelMessage) => void): () => void {
  const listener = (event: MessageEvent<ChannelMessage>) => heard(event.data);
  channel?.addEventListener('message', listener);
  return () => channel?.removeEventListener('message', listener);
}
