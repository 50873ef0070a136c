// One's own web server: files without the hub's API. They are laid out as the hub's addresses are, `<repository>/resolve/<revision>/`,
// or simply as folders, `<repository>/`. Nobody has published hashes for them, and a revision is the name that it was asked by.
import type { RepositoryAt } from "../catalogue/entry";
import { httpStore } from "../checkpoints/http-source";
import { firstExisting } from "../checkpoints/read-file";
import { OnestrokeError } from "../common/errors";
import type { Hub, HubRepository } from "./hub";
import { checkRepository, repositoryName } from "./repository-name";

/** A repository that a model is read from has one of these at its root. */
const ROOT_FILES = ["model_index.json", "config.json", "unet/model.onnx"];

/** @param base address of the server, or of a folder on it */
export function plainServer(base: string, fetcher: typeof fetch = fetch): Hub {
  const root = base.replace(/\/*$/, "/");
  const addressOf = ({ repository, revision }: RepositoryAt): string => `${root}${repository}/resolve/${encodeURIComponent(revision)}/`;
  return {
    fetcher,
    addressOf,
    open: async (at, signal) => {
      checkRepository(at);
      const layouts = [addressOf(at), `${root}${at.repository}/`];
      for (const address of layouts) {
        const found = plainRepository(at, address, fetcher);
        if ((await firstExisting(found.store, ROOT_FILES, signal)) !== undefined) return found;
      }
      throw new OnestrokeError("model-missing", `${root} has no folder of ${repositoryName(at)}`, {
        repository: at.repository,
        remedy: `Put the repository's files into ${at.repository} on that server, with model_index.json at its root.`,
      });
    },
  };
}

/** Files below one address, which nobody lists. */
function plainRepository(at: RepositoryAt, address: string, fetcher: typeof fetch): HubRepository {
  return {
    at,
    commit: at.revision,
    addresses: [address],
    license: undefined,
    isGated: false,
    store: httpStore(address, fetcher),
    file: (path, byteLength) => ({ path, byteLength }),
  };
}
