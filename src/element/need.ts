// What has to be fetched before a model can draw in this browser, and the fetching.
import { catalogueEntry } from "../catalogue/entries";
import type { ModelStore, StoreHooks } from "../client/model-store";
import { planBytes } from "../common/download";
import type { License } from "../common/model-facts";

export interface Need {
  readonly title: string;
  readonly license: License | undefined;
  /** Bytes that are not here yet. */
  readonly byteLength: number;
  fetch(hooks: StoreHooks): Promise<void>;
}

/** The same with so many more bytes, of files that the element fetches by itself. */
export function withMore(need: Need | undefined, title: string, byteLength: number): Need | undefined {
  if (byteLength === 0) return need;
  const { fetch = async () => undefined, license, byteLength: before = 0, title: named = title }: Partial<Need> = need ?? {};
  return { title: named, license, byteLength: before + byteLength, fetch };
}

/**
 * @param model an id of the catalogue, or a repository
 * @returns undefined where everything is here
 * @throws OnestrokeError as `ModelStore.inspect`
 */
export async function needOf(model: string, store: ModelStore, signal: AbortSignal): Promise<Need | undefined> {
  const kept = (await store.list()).find(({ plan }) => plan.model === model);
  if (kept?.isComplete === true) return undefined;
  const entry = catalogueEntry(model);
  if (entry?.files !== undefined) {
    const total = entry.files.reduce((sum, { byteLength }) => sum + byteLength, 0);
    // The image worker fetches what ships with the page by itself.
    return { title: entry.title, license: entry.license, byteLength: total - (kept?.hereBytes ?? 0), fetch: async () => undefined };
  }
  const { plan } = await store.inspect(model, { signal });
  return {
    title: plan.title,
    license: plan.license,
    byteLength: planBytes(plan) - (kept?.hereBytes ?? 0),
    fetch: async (hooks) => {
      await store.persist();
      await store.fetch(plan, hooks);
    },
  };
}
