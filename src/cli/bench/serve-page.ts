// A page that has its own folder (the benchmark, test pages), bundled to a temporary folder and served.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, preview } from "vite";

export interface ServedPage {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * @param root folder that holds the page's `index.html`
 * @param files folder whose files are served beside it
 */
export async function servePage(root: string, files?: string): Promise<ServedPage> {
  const outDir = await mkdtemp(join(tmpdir(), "onestroke-page-"));
  const shared = {
    root,
    configFile: false,
    logLevel: "warn",
    base: "./",
    publicDir: files ?? false,
    build: { outDir, emptyOutDir: true, target: "es2023", chunkSizeWarningLimit: 4096 },
  } as const;
  await build(shared);
  const server = await preview({ ...shared, preview: { host: "127.0.0.1", port: 0 } });
  return {
    url: server.resolvedUrls?.local[0] ?? "",
    close: async () => {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}
