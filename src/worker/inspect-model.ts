// What the hub says of a model, and what would have to be fetched for it. It is a script of its own, because it reads models as the
// pipeline does, and most visits ask no hub.
import type { ModelOffer } from "../common/download";
import { modelHub } from "../hub/hub";
import { planDownload } from "../hub/plan";
import { HubToken } from "../hub/token";
import { outlineModel } from "../pipeline/outline";

export interface HubAt {
  /** The hub's address. */
  readonly hub: string;
  /** Addresses of servers with the same files, in the order in which they are asked for what the hub does not give. */
  readonly mirrors: readonly string[];
  /** It goes to the hub alone. */
  readonly token: string | undefined;
}

/**
 * @param name an id of the catalogue, or a repository
 * @throws OnestrokeError as `planDownload`
 */
export function inspectModel(name: string, { hub, mirrors, token }: HubAt, signal: AbortSignal): Promise<ModelOffer> {
  const options = token === undefined ? {} : { token: new HubToken(token, hub) };
  return planDownload(name, { hub: modelHub({ base: hub, mirrors, ...options }), outline: outlineModel, signal });
}
