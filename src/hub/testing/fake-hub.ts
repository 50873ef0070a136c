// A server on loopback that behaves as the model hub does, for tests of this folder, of the command line and of the page. The API lists
// repositories; `resolve` redirects large files to a second server of another origin, under signed addresses that expire; both
// allow and expose to pages of other origins what the real ones do. A test may intercept any request and answer it its own way.
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { commitOf, treeOf, type FakeCommit, type FakeFile, type FakeRepository } from "./fake-repository";

/** What a request asks for. `file` is the bytes of a large file, on the second server. */
export interface FakeRequest {
  readonly kind: "info" | "tree" | "resolve" | "small-file" | "file";
  readonly method: string;
  readonly repository: string;
  /** "" for questions about the whole repository. */
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** @returns whether it answered the request itself */
export type Intercept = (request: FakeRequest, response: ServerResponse, file?: FakeFile) => boolean | Promise<boolean>;

export interface FakeHubOptions {
  readonly repositories: Readonly<Record<string, FakeRepository>>;
  /** Opens gated and private repositories. */
  readonly token?: string;
  /** A token that is valid, but of an account that accepted no licence. */
  readonly strangerToken?: string;
  /** Entries on one page of a listing. */
  readonly pageSize?: number;
  /** How long a signed address is good for; negative for one that has expired already. */
  readonly signedSeconds?: number;
  readonly intercept?: Intercept;
}

export interface FakeHub {
  /** Without a slash at the end. */
  readonly base: string;
  /** The origin that large files come from. */
  readonly files: string;
  /** Every request that came, in order. */
  readonly requests: readonly FakeRequest[];
  /** Replaces `intercept`. */
  intercept(by: Intercept | undefined): void;
  /** The commit of a branch. */
  commit(repository: string, revision?: string): string;
  close(): Promise<void>;
}

const EXPOSED =
  "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash";
const SECRET = "the fake hub's own";

export async function startFakeHub(options: FakeHubOptions): Promise<FakeHub> {
  const { repositories, pageSize = 1000, signedSeconds = 3600 } = options;
  const requests: FakeRequest[] = [];
  let intercept = options.intercept;
  const commits = new Map(
    Object.entries(repositories).map(([name, { files, commit, revisions = {} }]) => {
      const main = commitOf(name, files);
      const named = Object.entries(revisions).map(([revision, held]) => [revision, commitOf(`${name} ${revision}`, held)] as const);
      return [name, new Map([["main", { ...main, sha: commit ?? main.sha }], ...named])] as const;
    }),
  );
  const commitAt = (name: string, revision: string): FakeCommit | undefined =>
    commits.get(name)?.get(revision) ?? [...(commits.get(name)?.values() ?? [])].find(({ sha }) => sha === revision);

  /** Notes the request, and lets the test answer it. */
  const passes = async (request: FakeRequest, response: ServerResponse, file?: FakeFile): Promise<boolean> => {
    requests.push(request);
    return !(await intercept?.(request, response, file));
  };

  const api = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://hub");
    allow(request, response);
    if (request.method === "OPTIONS") return end(response, 204);
    const asked = route(url);
    if (asked === undefined) return refuse(response, 404, "", "Not found");
    const { kind, repository, revision, path } = asked;
    if (!(await passes({ kind, repository, path, ...headersOf(request) }, response))) return;
    const described = repositories[repository];
    const token = request.headers.authorization?.replace(/^Bearer /, "");
    if (token !== undefined && token !== options.token && token !== options.strangerToken)
      return refuse(response, 401, "", "Invalid credentials in Authorization header");
    const isMember = token !== undefined && token === options.token;
    if (described === undefined || (described.isPrivate && !isMember)) {
      // To strangers the hub does not say whether a repository exists.
      return token === undefined
        ? refuse(response, 401, "", "Invalid username or password.")
        : refuse(response, 404, "RepoNotFound", "Repository not found");
    }
    const commit = commitAt(repository, revision);
    if (commit === undefined) return refuse(response, 404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    response.setHeader("X-Repo-Commit", commit.sha);
    if (kind === "info") return json(response, infoOf(repository, described, commit));
    if (kind === "tree") return page(response, url, treeOf(commit), { pageSize, origin: hub.origin });
    if (described.gated !== undefined && !isMember)
      return refuse(response, token === undefined ? 401 : 403, "GatedRepo", `Access to model ${repository} is restricted.`);
    const file = commit.files.get(path);
    if (file === undefined) return refuse(response, 404, "EntryNotFound", "Entry not found");
    if (kind === "small-file") return sendFile(request, response, file, file.gitHash);
    if (file.isLarge) {
      response.setHeader("X-Linked-Etag", `"${file.sha256}"`);
      response.setHeader("X-Linked-Size", file.bytes.byteLength);
      response.setHeader("Location", `${store.origin}${signed(`/${repository}/${commit.sha}/${path}`, signedSeconds)}`);
      return end(response, 302);
    }
    response.setHeader("Location", `/api/resolve-cache/models/${repository}/${commit.sha}/${encodeURIComponent(path)}`);
    return end(response, 307);
  };

  const files = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://files");
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "Content-Range,Accept-Ranges,Content-Length,ETag");
    if (request.method === "OPTIONS") return end(response, 204);
    const [, owner = "", name = "", sha = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
    const [repository, path] = [`${owner}/${name}`, rest.join("/")];
    const file = commitAt(repository, sha)?.files.get(path);
    if (!(await passes({ kind: "file", repository, path, ...headersOf(request) }, response, file))) return;
    if (!isSigned(url)) return refuse(response, 403, "", "the address has expired");
    return file === undefined ? refuse(response, 404, "", "Not found") : sendFile(request, response, file, file.sha256);
  };

  const hub = await listen(api);
  const store = await listen(files);
  return {
    base: hub.origin,
    files: store.origin,
    requests,
    intercept: (by) => {
      intercept = by;
    },
    commit: (repository, revision = "main") => commitAt(repository, revision)?.sha ?? "",
    close: async () => {
      await Promise.all([hub.close(), store.close()]);
    },
  };
}

interface Route {
  readonly kind: "info" | "tree" | "resolve" | "small-file";
  readonly repository: string;
  readonly revision: string;
  readonly path: string;
}

function route({ pathname }: URL): Route | undefined {
  const parts = pathname.split("/").slice(1).map(decodeURIComponent);
  const [first, second, owner, name, verb, revision = ""] = parts;
  if (first === "api" && second === "models" && (verb === "revision" || verb === "tree"))
    return { kind: verb === "tree" ? "tree" : "info", repository: `${owner}/${name}`, revision, path: "" };
  if (first === "api" && second === "resolve-cache")
    return { kind: "small-file", repository: `${name}/${verb}`, revision, path: parts.slice(6).join("/") };
  if (owner === "resolve")
    return { kind: "resolve", repository: `${first}/${second}`, revision: name ?? "", path: parts.slice(4).join("/") };
  return undefined;
}

function infoOf(id: string, { gated, license, isPrivate = false }: FakeRepository, { sha }: FakeCommit): object {
  const tags = ["diffusers", "text-to-image", ...(license === undefined ? [] : [`license:${license}`])];
  return {
    _id: sha.slice(0, 24),
    id,
    private: isPrivate,
    gated: gated ?? false,
    sha,
    tags,
    cardData: license === undefined ? {} : { license },
  };
}

function page(
  response: ServerResponse,
  url: URL,
  tree: readonly object[],
  { pageSize, origin }: { pageSize: number; origin: string },
): void {
  const begin = Number(url.searchParams.get("cursor") ?? 0);
  const next = new URL(`${origin}${url.pathname}${url.search}`);
  next.searchParams.set("cursor", String(begin + pageSize));
  if (begin + pageSize < tree.length) response.setHeader("Link", `<${next.href}>; rel="next"`);
  json(response, tree.slice(begin, begin + pageSize));
}

/** The whole file, or the one range that was asked for. */
function sendFile(request: IncomingMessage, response: ServerResponse, { bytes, path }: FakeFile, etag: string): void {
  const { byteLength } = bytes;
  response.setHeader("Accept-Ranges", "bytes");
  response.setHeader("ETag", `"${etag}"`);
  response.setHeader("Content-Type", path.endsWith(".json") ? "text/plain; charset=utf-8" : "application/octet-stream");
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const [begin, end] = range === null ? [0, byteLength] : [Number(range[1]), Math.min(byteLength, Number(range[2] || byteLength - 1) + 1)];
  if (range !== null && begin >= byteLength) {
    response.setHeader("Content-Range", `bytes */${byteLength}`);
    response.writeHead(416).end();
    return;
  }
  if (range !== null) response.setHeader("Content-Range", `bytes ${begin}-${end - 1}/${byteLength}`);
  response.setHeader("Content-Length", end - begin);
  response.writeHead(range === null ? 200 : 206).end(request.method === "HEAD" ? undefined : bytes.subarray(begin, end));
}

/** What the hub allows to pages of other origins. */
function allow({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", headers.origin ?? "*");
  response.setHeader("Access-Control-Allow-Headers", "authorization, range, accept");
  response.setHeader("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
  response.setHeader("Access-Control-Expose-Headers", EXPOSED);
  response.setHeader("Vary", "Origin");
}

function headersOf({
  method = "GET",
  headers: { range, authorization },
}: IncomingMessage): Pick<FakeRequest, "method" | "range" | "authorization"> {
  return { method, range, authorization };
}

function signed(path: string, seconds: number): string {
  const expires = String(Math.floor(Date.now() / 1000) + seconds);
  const url = new URL(path, "http://files");
  url.search = new URLSearchParams({ Expires: expires, Signature: signature(url.pathname, expires) }).toString();
  return `${url.pathname}${url.search}`;
}

function isSigned({ pathname, searchParams }: URL): boolean {
  const expires = searchParams.get("Expires") ?? "";
  return Number(expires) * 1000 > Date.now() && searchParams.get("Signature") === signature(pathname, expires);
}

function signature(pathname: string, expires: string): string {
  return createHmac("sha256", SECRET).update(`${pathname}\n${expires}`).digest("base64url");
}

function refuse(response: ServerResponse, status: number, code: string, error: string): void {
  if (code !== "") response.setHeader("X-Error-Code", code);
  response.setHeader("X-Error-Message", error);
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify({ error }));
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

interface Listening {
  readonly origin: string;
  readonly close: () => Promise<void>;
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<Listening> {
  const server: Server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
