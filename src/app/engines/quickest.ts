// Which engine draws a model quickest on this device, as it was measured once. A browser that keeps nothing forgets it, and another GPU than
// the one that was measured counts as never measured.
import { ENGINES, type Engine } from "../../common/engine";
import { surveyGpu } from "../models/gpu-survey";

export interface QuickestEngines {
  /** Undefined where nobody has measured the model here. */
  of(model: string): Promise<Engine | undefined>;
  remember(model: string, engine: Engine): Promise<void>;
  forget(model: string): void;
}

/** Part of web storage. */
export type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const key = (model: string): string => `onestroke-quickest ${model}`;

/** @param gpuName what the GPU calls itself; undefined where there is none */
export function createQuickestEngines(storage: () => TextStorage, gpuName: () => Promise<string | undefined>): QuickestEngines {
  return {
    async of(model) {
      try {
        const kept = storage().getItem(key(model));
        if (kept === null) return undefined;
        const { engine, gpu }: { readonly engine?: unknown; readonly gpu?: unknown } = Object(JSON.parse(kept));
        return gpu === (await gpuName()) ? ENGINES.find((known) => known === engine) : undefined;
      } catch {
        return undefined;
      }
    },
    async remember(model, engine) {
      const gpu = await gpuName();
      try {
        storage().setItem(key(model), JSON.stringify({ engine, gpu }));
      } catch {
        // The browser denies storage.
      }
    },
    forget(model) {
      try {
        storage().removeItem(key(model));
      } catch {
        // Nor was anything remembered.
      }
    },
  };
}

export function browserQuickestEngines(): QuickestEngines {
  // Reading the property throws where the browser denies storage.
  return createQuickestEngines(
    () => localStorage,
    async () => (await surveyGpu()).name,
  );
}

/** For tests, and for apps that remember nothing. */
export function noQuickestEngines(): QuickestEngines {
  return { of: async () => undefined, remember: async () => undefined, forget: () => undefined };
}
