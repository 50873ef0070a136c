// The embedded student for tests of the pipeline, and a small picture that it draws quickly.
import { diffusersManifest } from "../../checkpoints/diffusers-manifest";
import type { Manifest } from "../../checkpoints/manifest";
import { nodeStore } from "../../checkpoints/node-file";
import type { Recipe } from "../../common/recipe";

export const SMALL: Recipe = {
  model: "vignette",
  prompt: "a lighthouse on a cliff at sunset, two sailboats",
  negative: "",
  steering: { method: "none" },
  steps: 1,
  seed: "7",
  width: 64,
  height: 64,
};

/** As a folder of one's own. */
export const studentManifest = (): Promise<Manifest> => diffusersManifest(nodeStore("models/vignette"));
