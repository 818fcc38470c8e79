import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Files below this are sent as they are: a header more costs as much as it saves. */
const BYTES_MIN = 512;
const KINDS = /\.(js|css|svg|txt|json)$/;

/**
 * Writes `.br` and `.gz` beside every text file of the build, so that the server compresses nothing.
 * `index.html` is not among them: the server puts a nonce into it at each request.
 */
export function compressAssets(): Plugin {
  let folder = 'dist';
  return {
    name: 'stagedoor-compress',
    apply: 'build',
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle() {
      let total = 0;
      for (const path of textFiles(folder)) {
        const bytes = readFileSync(path);
        const gzip = gzipSync(bytes, { level: 9 });
        total += gzip.length;
        if (bytes.length < BYTES_MIN) continue;
        writeFileSync(`${path}.gz`, gzip);
        const brotli = brotliCompressSync(bytes, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: 11,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          },
        });
        writeFileSync(`${path}.br`, brotli);
      }
      this.info(`all assets together: ${(total / 1000).toFixed(1)} kB gzip`);
    },
  };
}

function textFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return textFiles(path);
    return KINDS.test(name) ? [path] : [];
  });
}
