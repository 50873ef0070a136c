// Which core of attention a target runs. Apart from core.ts, so that no core imports this choice.
import type { KernelTarget } from "../../kernel";
import type { Core, CoreOptions } from "./core";
import { directCore } from "./direct";
import { chooseTile, type Tile } from "./tile";
import { tiledCore } from "./tiled";

export function attentionCore(options: CoreOptions, target: KernelTarget): Core {
  if (!target.traits.sharesThroughWorkgroupMemory) return directCore(options);
  return tiledCore(options, attentionTile(options.quads, target));
}

/** The tile of a target that shares through workgroup memory. */
export function attentionTile(quads: number, { traits, format, workgroupBytes }: KernelTarget): Tile {
  return chooseTile(quads, { workgroupBytes, half: traits.multipliesInFloat16 && format === "f16" });
}
