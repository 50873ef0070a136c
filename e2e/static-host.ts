// A web host for tests, of the plainest kind: it serves the files of one folder below a path, with their types and nothing else, as a
// host for static pages does. What it serves can be changed while pages of it are open.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

export interface StaticHost {
  /** Ends in a slash. */
  readonly url: string;
  folder: string;
  /** What is answered instead of files, by the beginnings of their paths: a status, or a web page. */
  readonly broken: Map<string, number | string>;
  /** The paths that were asked for, with their queries. */
  readonly asked: string[];
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

export const DIST = "dist";
/** The weights fail, so the page is at rest at once and draws nothing: for tests about everything else. */
export const WITHOUT_MODEL: readonly [string, number] = ["models/vignette/unet", 404];

/** @param below where the page is on its host: "" or a path that ends in a slash */
export async function startStaticHost(folder = DIST, below = ""): Promise<StaticHost> {
  const broken = new Map<string, number | string>();
  const asked: string[] = [];
  const host = { folder };
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    const path = pathname.startsWith(`/${below}`) ? pathname.slice(1 + below.length) : undefined;
    asked.push(`${path ?? pathname}${search}`);
    const instead = [...broken].find(([beginning]) => path?.startsWith(beginning))?.[1];
    if (typeof instead === "string") response.writeHead(200, { "Content-Type": "text/html" }).end(instead);
    else if (instead !== undefined || path === undefined) response.writeHead(instead ?? 404).end();
    else {
      const file = normalize(join(host.folder, path === "" ? "index.html" : path));
      readFile(file).then(
        (body) => response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body),
        () => response.writeHead(404).end(),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return Object.assign(host, {
    url: `http://localhost:${port}/${below}`,
    broken,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
