import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const bundle = fileURLToPath(new URL('./dist', import.meta.url));
const assets = fileURLToPath(new URL('../assets/graphiql', import.meta.url));

// The server carries the page compressed; what browsers accept is sent as it is.
const gzipIntoTheServer = {
  name: 'gzip-into-the-server',
  closeBundle() {
    rmSync(assets, { recursive: true, force: true });
    mkdirSync(assets, { recursive: true });
    const keep = (from, file) =>
      writeFileSync(`${assets}/${file}.gz`, gzipSync(readFileSync(`${from}/${file}`), { level: 9 }));
    keep(bundle, 'index.html');
    readdirSync(`${bundle}/graphiql`).forEach((file) => keep(`${bundle}/graphiql`, file));
  },
};

export default defineConfig({
  // Relative, so that the page works under any prefix: /graphiql asks for /graphiql/….
  base: './',
  plugins: [react(), gzipIntoTheServer],
  worker: { format: 'es' },
  build: { assetsDir: 'graphiql', chunkSizeWarningLimit: 8192, license: { fileName: 'graphiql/licenses.md' } },
});
