import { listObjects } from '../api/web.ts';

/** One file on its way into a stage. */
export class Upload {
  readonly name: string;
  readonly size: number;
  sent = $state(0);
  /** `clash`: there is a file of that name, and nobody said yet whether it is to be replaced. */
  status = $state<'checking' | 'clash' | 'waiting' | 'sending' | 'done' | 'failed' | 'cancelled'>('checking');
  problem = $state('');
  request: XMLHttpRequest | null = null;

  constructor(
    readonly file: File,
    readonly stage: string,
    readonly prefix: string,
  ) {
    this.name = file.name;
    this.size = file.size;
  }

  cancel(): void {
    this.status = 'cancelled';
    this.request?.abort();
  }
}

/** Files go one after the other: a browser's connections are few, and progress stays readable. */
export class Uploads {
  list = $state.raw<Upload[]>([]);
  readonly #done: () => void;
  #isBusy = false;

  constructor(done: () => void) {
    this.#done = done;
  }

  add(stage: string, prefix: string, files: File[]): void {
    const added = files.map((file) => new Upload(file, stage, prefix));
    this.list = [...this.list, ...added];
    for (const upload of added) void this.#check(upload);
  }

  /** What lies there is replaced only when somebody says so. */
  replace(upload: Upload): void {
    upload.status = 'waiting';
    void this.#work();
  }

  clear(): void {
    this.list = this.list.filter((upload) => !isOver(upload));
  }

  async #check(upload: Upload): Promise<void> {
    const key = upload.prefix + upload.name;
    // A role that may write and not list cannot tell: then it is sent, as a client would.
    const known = await listObjects(upload.stage, key, null, 1).catch(() => null);
    if (upload.status !== 'checking') return;
    if (known?.files.some((file) => file.path === key)) upload.status = 'clash';
    else this.replace(upload);
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (;;) {
      const next = this.list.find((upload) => upload.status === 'waiting');
      if (!next) break;
      await send(next);
      if (next.status === 'done') this.#done();
    }
    this.#isBusy = false;
  }
}

/** Nothing more happens to it. */
export function isOver(upload: Upload): boolean {
  return upload.status === 'done' || upload.status === 'failed' || upload.status === 'cancelled';
}

/** `fetch` cannot tell how much was sent, so this is the older request. */
function send(upload: Upload): Promise<void> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    upload.request = request;
    upload.status = 'sending';
    const form = new FormData();
    form.append('upload', upload.file, upload.name);
    request.upload.onprogress = (event) => (upload.sent = Math.min(upload.size, event.loaded));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        upload.sent = upload.size;
        upload.status = 'done';
      } else {
        upload.status = 'failed';
        upload.problem = messageOf(request);
      }
      resolve();
    };
    request.onerror = () => {
      upload.status = 'failed';
      upload.problem = 'the server does not answer';
      resolve();
    };
    request.onabort = () => resolve();
    request.open('PUT', '/v1/upload_to_stage');
    request.setRequestHeader('X-UI', '1');
    try {
      request.setRequestHeader('X-DATABEND-STAGE-NAME', upload.stage);
      if (upload.prefix) request.setRequestHeader('X-DATABEND-RELATIVE-PATH', upload.prefix);
    } catch {
      // Headers hold bytes, and the protocol has no other place for the folder.
      upload.status = 'failed';
      upload.problem = `the folder ${upload.prefix} has characters that the protocol cannot carry`;
      resolve();
      return;
    }
    request.send(form);
  });
}

function messageOf(request: XMLHttpRequest): string {
  try {
    const { error } = JSON.parse(request.responseText) as { error?: { message?: string } };
    if (error?.message) return error.message;
  } catch {
    // Not JSON.
  }
  return `the server answered with status ${request.status}`;
}
