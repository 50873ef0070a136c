// The embedded student for tests of the pipeline, and a small picture that it draws quickly.
import type { ByteStore } from "../../checkpoints/byte-source";
import { diffusersManifest } from "../../checkpoints/diffusers-manifest";
import { withFormats, type Manifest } from "../../checkpoints/manifest";
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

/** As a folder of one's own, drawn with in float16 as what ships with the page is. */
export async function studentManifest(store: ByteStore = nodeStore("models/vignette")): Promise<Manifest> {
  return withFormats(await diffusersManifest(store), { text_encoder: "f16", unet: "f16", vae: "f16" }, {});
}
