// A model hub: what a repository is at a revision, which files it has, and under which addresses they are. It knows sizes and hashes
// beforehand. A mirror, or a server of one's own, is another address that answers as the hub does.
import type { RepositoryAt } from "../catalogue/entry";
import type { ByteStore } from "../checkpoints/byte-source";
import { httpStore } from "../checkpoints/http-source";
import type { PlannedFile } from "../common/download";
import { isJsonObject, shown, type JsonObject } from "../common/json";
import type { License } from "../common/model-facts";
import { jsonAnswer, notAHub, refusal, type Asked } from "./answer";
import { licenseOf } from "./license";
import { listedStore } from "./listed-store";
import { readListingPage } from "./listing";
import { checkRepository, isCommit, repositoryName } from "./repository-name";
import type { HubToken } from "./token";

export const HUGGING_FACE = "https://huggingface.co";

/** A repository at one commit. */
export interface HubRepository {
  readonly at: RepositoryAt;
  readonly commit: string;
  /** Where its files are, preferred first; each ends in a slash. */
  readonly addresses: readonly string[];
  readonly license: License | undefined;
  /** Whether its files are given only to those who accepted its licence. */
  readonly isGated: boolean;
  readonly store: ByteStore;
  /** What is published of a file. @param byteLength the length that the store told */
  file(path: string, byteLength: number): PlannedFile;
}

export interface Hub {
  /** @throws OnestrokeError `model-missing`, `download-gated`, `download-failed`, `download-stalled`, `offline`, `cancelled`, `invalid-input` */
  open(at: RepositoryAt, signal?: AbortSignal): Promise<HubRepository>;
  /** Where the files of a repository are, without asking whether there are any; it ends in a slash. */
  addressOf(at: RepositoryAt): string;
  /** `fetch` as the transfer of this hub's files needs it: with the token, where there is one and it belongs. */
  readonly fetcher: typeof fetch;
}

export interface HubOptions {
  /** Default: huggingface.co. A server that answers as it does is given by its address. */
  readonly base?: string;
  /** Other servers with the same files, which are asked when the first fails. They never get the token. */
  readonly mirrors?: readonly string[];
  readonly token?: HubToken | undefined;
  readonly fetcher?: typeof fetch;
}

/** A listing comes in pages of a thousand files. */
const MOST_PAGES = 100;

export function modelHub({ base = HUGGING_FACE, mirrors = [], token, fetcher: plain = fetch }: HubOptions = {}): Hub {
  const fetcher = token?.authorize(plain) ?? plain;
  const servers = [base, ...mirrors].map(trimmed);
  return {
    fetcher,
    addressOf: ({ repository, revision }) => `${trimmed(base)}/${repository}/resolve/${encodeURIComponent(revision)}/`,
    open: async (at, signal) => {
      checkRepository(at);
      const { repository } = at;
      const name = repositoryName(at);
      const asked: Asked = { fetcher, page: `${trimmed(base)}/${repository}`, name, hasToken: token !== undefined, signal };
      const api = `${trimmed(base)}/api/models/${repository}`;
      const { commit, license, isGated } = await describe(
        new URL(`${api}/revision/${encodeURIComponent(at.revision)}?${FIELDS}`),
        at,
        asked,
      );
      const listing = await list(`${api}/tree/${commit}?recursive=true`, asked);
      const addresses = servers.map((server) => `${server}/${repository}/resolve/${commit}/`);
      const remote = httpStore(`${trimmed(base)}/${repository}/resolve/${commit}/`, refusing(fetcher, asked));
      return {
        at,
        commit,
        addresses,
        license,
        isGated,
        store: listedStore(repository, listing, remote),
        file: (path, byteLength) => listing.get(path) ?? { path, byteLength },
      };
    },
  };
}

/** What is asked of a repository's description; the whole of one can have megabytes. */
const FIELDS = "expand=sha&expand=gated&expand=cardData&expand=tags";

async function describe(
  url: URL,
  { revision }: RepositoryAt,
  asked: Asked,
): Promise<Pick<HubRepository, "commit" | "license" | "isGated">> {
  const { value } = await jsonAnswer(url, asked);
  const info: JsonObject = isJsonObject(value) ? value : {};
  const { sha: commit, gated } = info;
  if (typeof commit !== "string" || !isCommit(commit)) throw notAHub(url, `answered without a commit for ${asked.name}`);
  if (isCommit(revision) && commit !== revision) throw notAHub(url, `answered with the commit ${commit} for ${revision}`);
  return { commit, license: licenseOf(info), isGated: gated !== undefined && gated !== null && gated !== false };
}

async function list(address: string, asked: Asked): Promise<ReadonlyMap<string, PlannedFile>> {
  const files = new Map<string, PlannedFile>();
  const seen = new Set<string>();
  for (let url = new URL(address); ;) {
    if (seen.has(url.href) || seen.size === MOST_PAGES) throw notAHub(url, `lists the files of ${asked.name} without an end`);
    seen.add(url.href);
    const { value, headers } = await jsonAnswer(url, asked);
    readListingPage(value, url, files);
    const next = nextPage(headers, url);
    if (next === undefined) return files;
    url = next;
  }
}

/**
 * The next page by the answer's `Link` header. Only its query is taken: a mirror repeats the hub's own addresses, and an answer must not
 * send us, with a token, anywhere else.
 */
function nextPage(headers: Headers, url: URL): URL | undefined {
  const target = /<([^<>]+)>\s*;\s*rel="?next"?/.exec(headers.get("link") ?? "")?.[1];
  if (target === undefined) return undefined;
  if (!URL.canParse(target, url)) throw notAHub(url, `names ${shown(target)} as the next page of a listing`);
  const next = new URL(url);
  next.search = new URL(target, url).search;
  return next;
}

/** A `fetch` for the files of one repository, which says what a refusal means. */
function refusing(fetcher: typeof fetch, asked: Asked): typeof fetch {
  return async (input, init) => {
    const response = await fetcher(input, init);
    if (![401, 403, 429].includes(response.status)) return response;
    await response.body?.cancel();
    throw refusal(response, asked);
  };
}

function trimmed(address: string): string {
  return address.replace(/\/+$/, "");
}
