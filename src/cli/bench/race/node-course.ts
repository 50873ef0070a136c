// Races in this process, on Dawn: for adapters that no browser here opens, such as Mesa's. Every heat has a device of its own.
import { nodeRuntime } from "../../../ort/session/load-node";
import { adapterName } from "../../adapters";
import { bestDevice } from "../../compute";
import { driverClock } from "../driver-clock";
import type { Course } from "./course";
import { coldHeat, warmHeat } from "./heats";
import type { Clocks, Ground } from "./racer";
import { raceNamed } from "./races";
import { vignetteInMemory } from "./vignette-files";

const WALL: Clocks = { cold: () => performance.now(), warm: () => performance.now() };

export async function nodeCourse(): Promise<Course> {
  // Mesa keeps what it compiled on disk, and a heat that is cold should be.
  process.env["MESA_SHADER_CACHE_DISABLE"] = "true";
  const vignette = await vignetteInMemory();
  const probe = await bestDevice();
  const clocks = probe.adapter.software ? processorClocks() : undefined;
  probe.destroy();
  const run = async <T>(heat: (ground: Ground) => Promise<T>): Promise<T> => {
    const device = await bestDevice();
    const result = await heat({ device, runtime: await nodeRuntime(device), clocks: clocks ?? WALL });
    device.destroy();
    return result;
  };
  return {
    adapter: `${adapterName(probe)} in Node`,
    clock: clocks === undefined ? "the wall" : "the processor",
    cold: (name, side) => run((ground) => coldHeat(raceNamed(name, vignette), side, ground)),
    warm: (name) => run((ground) => warmHeat(raceNamed(name, vignette), ground)),
    close: async () => undefined,
  };
}

/** Of this process, where the system tells: it does not grow when other programs share the machine. */
function processorClocks(): Clocks | undefined {
  const warm = driverClock();
  if (warm === undefined) return undefined;
  const cold = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  return { cold, warm };
}
