// Which core of attention a target runs. Apart from core.ts, so that no core imports this choice.
import type { KernelTarget } from "../../kernel";
import type { Core, CoreOptions } from "./core";
import { directCore } from "./direct";
import { chooseTile } from "./tile";
import { tiledCore } from "./tiled";

export function attentionCore(options: CoreOptions, target: KernelTarget): Core {
  if (!target.traits.sharesThroughWorkgroupMemory) return directCore(options);
  const half = target.traits.multipliesInFloat16 && target.format === "f16";
  return tiledCore(options, chooseTile(options.quads, { workgroupBytes: target.workgroupBytes, half }));
}
