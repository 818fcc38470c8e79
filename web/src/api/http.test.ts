import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, onBuildChanged, onSessionExpired, send, sendJson } from './http.ts';

afterEach(() => vi.unstubAllGlobals());

/** Answers one after the other; the last one for all that follow. */
function answer(...answers: (() => Response)[]): { path: string; options: RequestInit }[] {
  const asked: { path: string; options: RequestInit }[] = [];
  vi.stubGlobal('fetch', (path: string, options: RequestInit) => {
    asked.push({ path, options });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    return next ? Promise.resolve(next()) : Promise.reject(new TypeError('Failed to fetch'));
  });
  return asked;
}

const ok = (body: unknown, headers?: Record<string, string>) => () =>
  new Response(JSON.stringify(body), headers ? { headers } : {});
const refuse = (status: number, body: unknown) => () => new Response(JSON.stringify(body), { status });

describe('send', () => {
  it('says that it is the app, which no form can', async () => {
    const asked = answer(ok({ a: 1 }));
    expect(await sendJson('/ui/api/x', { method: 'POST', body: { b: 2 } })).toEqual({ a: 1 });
    expect(asked[0]?.options).toMatchObject({
      method: 'POST',
      body: '{"b":2}',
      credentials: 'same-origin',
      headers: { 'X-UI': '1', 'Content-Type': 'application/json' },
    });
  });

  it('reads the error of the server, with its detail', async () => {
    answer(refuse(400, { error: { code: 1005, message: 'no', detail: 'hint: yes' } }));
    await expect(send('/x')).rejects.toMatchObject({ code: 1005, message: 'no', detail: 'hint: yes', status: 400 });
  });

  it('is clear about a proxy that answers in its own words', async () => {
    answer(() => new Response('Bad Gateway', { status: 502 }));
    await expect(send('/x')).rejects.toMatchObject({ message: 'Bad Gateway', status: 502 });
  });

  it('knows when nobody answers', async () => {
    answer();
    const failure = await send('/x').catch((problem: unknown) => problem);
    expect(failure).toBeInstanceOf(ApiError);
    expect((failure as ApiError).isOffline).toBe(true);
  });

  it('repeats a request after a new login, once', async () => {
    const asker = vi.fn(() => Promise.resolve());
    onSessionExpired(asker);
    const asked = answer(refuse(401, { error: { code: 5100, message: 'over' } }), ok({ saved: true }));
    expect(await sendJson('/ui/api/x', { method: 'PUT', body: { text: 'kept' } })).toEqual({ saved: true });
    expect(asker).toHaveBeenCalledOnce();
    expect(asked.map(({ options }) => options.body)).toEqual(['{"text":"kept"}', '{"text":"kept"}']);
    answer(refuse(401, { error: { code: 5100, message: 'over' } }));
    await expect(send('/x')).rejects.toMatchObject({ status: 401 });
  });

  it('takes a wrong password for an answer', async () => {
    const asker = vi.fn(() => Promise.resolve());
    onSessionExpired(asker);
    answer(refuse(401, { error: { code: 5101, message: 'the password is wrong' } }));
    await expect(send('/ui/api/session', { keepUnauthorized: true })).rejects.toMatchObject({ code: 5101 });
    expect(asker).not.toHaveBeenCalled();
  });

  it('tells when the server has another build of the app', async () => {
    const changed = vi.fn();
    onBuildChanged(changed);
    answer(ok({}, { 'X-UI-Build': 'a' }), ok({}, { 'X-UI-Build': 'a' }), ok({}, { 'X-UI-Build': 'b' }));
    for (let at = 0; at < 4; at += 1) await send('/x');
    expect(changed).toHaveBeenCalledOnce();
  });
});
