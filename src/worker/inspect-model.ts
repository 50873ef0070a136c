// What the hub says of a model, and what would have to be fetched for it. It is a script of its own, because it reads models as the
// pipeline does, and most visits ask no hub.
import type { ModelOffer } from "../common/download";
import { modelHub } from "../hub/hub";
import { planDownload } from "../hub/plan";
import { HubToken } from "../hub/token";
import { outlineModel } from "../pipeline/outline";

/**
 * @param name an id of the catalogue, or a repository
 * @param hub the hub's address
 * @throws OnestrokeError as `planDownload`
 */
export function inspectModel(name: string, hub: string, token: string | undefined, signal: AbortSignal): Promise<ModelOffer> {
  const options = token === undefined ? {} : { token: new HubToken(token, hub) };
  return planDownload(name, { hub: modelHub({ base: hub, ...options }), outline: outlineModel, signal });
}
