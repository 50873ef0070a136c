// Which core of attention a target runs. Apart from core.ts, so that no core imports this choice.
import type { KernelTarget } from "../../kernel";
import type { Core, CoreOptions } from "./core";
import { directCore } from "./direct";
import { chooseTile } from "./tile";
import { tiledCore } from "./tiled";

export function attentionCore(options: CoreOptions, target: KernelTarget): Core {
  return target.traits.sharesThroughWorkgroupMemory ? tiledCore(options, chooseTile(options.quads, target)) : directCore(options);
}
