// A picture that float16 breaks is drawn again with the network that broke it in float32, and that is kept; a picture that is broken for
// another reason is refused as before.
import { beforeEach, describe, expect, test } from "vitest";
import { component, type Manifest } from "../checkpoints/manifest";
import { memoryStore } from "../checkpoints/memory-source";
import type { WideNetwork } from "../common/wide-network";
import { OnestrokeError } from "../common/errors";
import { fromFloat16, toFloat16 } from "../common/float16";
import { testDevice } from "../engine/testing/evaluate";
import { guarded, NO_WIDENING, type Widening } from "./float16-guard";
import { SMALL, studentManifest } from "./testing/embedded-student";
import { openWgslModel } from "./wgsl/model";

const broken = (): OnestrokeError => new OnestrokeError("bad-image", "the picture is all one colour", { reason: "constant" });

/** An engine whose pictures are whole only with these networks in float32; undefined is never. */
function fakeEngine(needs: readonly WideNetwork[] | undefined, choices: readonly WideNetwork[] = ["autoencoder", "denoiser"]) {
  const tried: string[] = [];
  let inFloat32: readonly WideNetwork[] = [];
  const widening: Widening = {
    choices,
    get inFloat32() {
      return inFloat32;
    },
    choose: (networks) => (inFloat32 = networks),
  };
  const draw = async (): Promise<string> => {
    tried.push(inFloat32.join("+"));
    if (needs === undefined || !needs.every((network) => inFloat32.includes(network))) throw broken();
    return "whole";
  };
  return { widening, draw, tried };
}

describe("what is tried", () => {
  test.each<[string, readonly WideNetwork[], readonly string[]]>([
    ["nothing, where the picture is whole", [], [""]],
    ["first the autoencoder", ["autoencoder"], ["", "autoencoder"]],
    ["then the denoiser", ["denoiser"], ["", "autoencoder", "denoiser"]],
    ["then both", ["denoiser", "autoencoder"], ["", "autoencoder", "denoiser", "autoencoder+denoiser"]],
  ])("%s, and what helped is kept", async (_, needs, expected) => {
    const { widening, draw, tried } = fakeEngine(needs);
    expect(await guarded(widening, draw)).toBe("whole");
    expect(tried).toEqual(expected);
    expect(widening.inFloat32.toSorted()).toEqual(needs.toSorted());
    expect(await guarded(widening, draw)).toBe("whole");
    expect(tried).toHaveLength(expected.length + 1);
  });

  test("what was kept stays on when another network breaks", async () => {
    const { widening, draw, tried } = fakeEngine(["autoencoder", "denoiser"]);
    widening.choose(["denoiser"]);
    await guarded(widening, draw);
    expect(tried).toEqual(["denoiser", "autoencoder+denoiser"]);
  });

  test("where nothing helps the first error is told, and everything is as before", async () => {
    const { widening, draw, tried } = fakeEngine(undefined);
    await expect(guarded(widening, draw)).rejects.toMatchObject({ code: "bad-image" });
    expect(tried).toHaveLength(4);
    expect(widening.inFloat32).toEqual([]);
  });

  test("only what can be chosen; other errors are no reason to try", async () => {
    const { widening, draw, tried } = fakeEngine(["autoencoder"], ["denoiser"]);
    await expect(guarded(widening, draw)).rejects.toMatchObject({ code: "bad-image" });
    expect(tried).toEqual(["", "denoiser"]);
    await expect(guarded(NO_WIDENING, draw)).rejects.toMatchObject({ code: "bad-image" });
    const lost = async (): Promise<never> => {
      tried.push("lost");
      throw new OnestrokeError("gpu-lost", "the GPU was reset");
    };
    await expect(guarded(widening, lost)).rejects.toMatchObject({ code: "gpu-lost" });
    expect(tried.filter((each) => each === "lost")).toHaveLength(1);
  });
});

const BLOCK = "decoder.layers.14.conv";
/** ReLUs let a factor through, so the block computes about the same; but in between its numbers are 2^20 times as large. */
const FACTORS: Readonly<Record<string, number>> = {
  [`${BLOCK}.0.weight`]: 2 ** 12,
  [`${BLOCK}.0.bias`]: 2 ** 12,
  [`${BLOCK}.2.weight`]: 2 ** 8,
  [`${BLOCK}.2.bias`]: 0,
  [`${BLOCK}.4.weight`]: 2 ** -20,
};

/** The embedded student with some tensors of its decoder times a factor. */
async function scaled(manifest: Manifest, factors: Readonly<Record<string, number>>): Promise<Manifest> {
  const vae = component(manifest, "vae");
  const path = vae.files[0]?.path ?? "";
  const source = await vae.store.open(path);
  const file = new Uint8Array(source.size);
  await source.read(0, file);
  const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header: unknown = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)));
  for (const [name, { data_offsets }] of Object.entries(header as Record<string, { readonly data_offsets?: readonly [number, number] }>)) {
    const factor = factors[name];
    if (factor === undefined || data_offsets === undefined) continue;
    const view = new DataView(file.buffer, 8 + headerBytes + data_offsets[0], data_offsets[1] - data_offsets[0]);
    for (let at = 0; at < view.byteLength; at += 2) view.setUint16(at, toFloat16(factor * fromFloat16(view.getUint16(at, true))), true);
  }
  const store = memoryStore("scaled", new Map([[path, file]]));
  return { ...manifest, components: { ...manifest.components, vae: { ...vae, store } } };
}

describe("a decoder whose numbers pass float16", () => {
  let manifest: Manifest;
  beforeEach(async ({ skip }) => {
    skip(!(await testDevice()).hasFloat16, "this adapter has no shader-f16");
    manifest ??= await scaled(await studentManifest(), FACTORS);
  });

  test("draws in float32, which is said, and does so from then on", async () => {
    const device = await testDevice();
    const model = await openWgslModel(manifest, device);
    let decodes = 0;
    const onProgress = ({ stage }: { readonly stage: string }) => void (decodes += stage === "decode" ? 1 : 0);
    const first = await model.draw(SMALL, { onProgress });
    expect(first.recipe.inFloat32).toEqual(["autoencoder"]);
    expect(model.facts.inFloat32).toEqual(["autoencoder"]);
    expect(decodes).toBe(2);
    expect(first.timings.denoise).toHaveLength(1);
    const second = await model.draw(SMALL, { onProgress });
    expect(decodes).toBe(3);
    expect(second.picture.data).toEqual(first.picture.data);
    await model.dispose();

    const known = await openWgslModel(manifest, device, {}, { inFloat32: ["autoencoder"] });
    expect((await known.draw(SMALL)).picture.data).toEqual(first.picture.data);
    await known.dispose();
    // Control: where the networks compute in float32 anyway, nothing breaks and nothing is said.
    const wide = await openWgslModel(manifest, device, {}, { format: "f32" });
    expect((await wide.draw(SMALL)).recipe.inFloat32).toBeUndefined();
    await wide.dispose();
  });

  test("control: a decoder that gives one colour in every format is refused", async () => {
    const flat = await scaled(manifest, { "decoder.layers.17.weight": 0 });
    const model = await openWgslModel(flat, await testDevice());
    await expect(model.draw(SMALL)).rejects.toMatchObject({ code: "bad-image" });
    await model.dispose();
  });
});
