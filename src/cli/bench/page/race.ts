// Races in the page: `npm run bench -- --race` calls one heat at a time. A cold one is the only thing that its page ever does.
import { memoryStore } from "../../../checkpoints/memory-source";
import { openDevice } from "../../../engine/device";
import { browserRuntime } from "../../../ort/session/load-browser";
import { coldHeat, warmHeat, type ColdHeat, type WarmHeat } from "../race/heats";
import type { Ground, Race, Side } from "../race/racer";
import { raceNamed, type RaceName } from "../race/races";

declare global {
  var adapterName: () => Promise<string>;
  /** @param paths of the embedded model's files, which lie beside the page */
  var coldHeatOf: (name: RaceName, side: Side, paths: readonly string[]) => Promise<ColdHeat>;
  var warmHeatOf: (name: RaceName, paths: readonly string[]) => Promise<WarmHeat>;
}

globalThis.adapterName = async () => (await openDevice(navigator.gpu)).name;
globalThis.coldHeatOf = async (name, side, paths) => coldHeat(await raceOf(name, paths), side, await ground());
globalThis.warmHeatOf = async (name, paths) => warmHeat(await raceOf(name, paths), await ground());

async function raceOf(name: RaceName, paths: readonly string[]): Promise<Race> {
  const files = paths.map(async (path) => [path, new Uint8Array(await (await fetch(path)).arrayBuffer())] as const);
  return raceNamed(name, memoryStore("vignette", new Map(await Promise.all(files))));
}

async function ground(): Promise<Ground> {
  const device = await openDevice(navigator.gpu);
  const clock = () => performance.now();
  return { device, runtime: await browserRuntime(device), clocks: { cold: clock, warm: clock } };
}
