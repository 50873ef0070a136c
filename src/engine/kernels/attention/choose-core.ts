// Which core of attention a target runs. Apart from core.ts, so that no core imports this choice.
import type { KernelTarget } from "../../kernel";
import type { Core, CoreOptions } from "./core";
import { directCore } from "./direct";
import { chooseTile, type Tile } from "./tile";
import { tiledCore } from "./tiled";

export function attentionCore(options: CoreOptions, target: KernelTarget): Core {
  if (!target.traits.sharesThroughWorkgroupMemory) return directCore(options);
  const tile = attentionTile(options.quads, target);
  // Sums of a tile in float16, beside a second set of outputs, find no room in few registers.
  return tiledCore(options, options.second && target.traits.hasFewRegisters ? { ...tile, half: false } : tile);
}

/** The tile of a target that shares through workgroup memory. */
export function attentionTile(quads: number, { traits, format, workgroupBytes }: KernelTarget): Tile {
  const halfTiles = traits.tilesInFloat16 && format === "f16";
  return chooseTile(quads, {
    workgroupBytes,
    halfTiles,
    half: halfTiles && traits.multipliesInFloat16,
    fewRegisters: traits.hasFewRegisters,
  });
}
