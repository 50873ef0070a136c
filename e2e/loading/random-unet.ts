// SD-Turbo's UNet in its published layout and size, 1.73 GB, with random weights.
import { randomFillSync } from "node:crypto";
import { GraphBuilder } from "../../src/engine/graph-builder";
import { checkpointTensors } from "../../src/engine/weights";
import { openDenoiser } from "../../src/networks";
import { SD21 } from "../../src/networks/published";
import { stepGraph } from "../../src/pipeline/wgsl/graphs";

export const CONFIG = SD21;

export function randomUnet(): Buffer {
  const g = new GraphBuilder();
  const role = openDenoiser({ className: "UNet2DConditionModel", config: CONFIG });
  stepGraph(g, role, { height: 64, width: 64, textTokens: 77, method: "nasa" });
  const shapes = [...checkpointTensors(g.build())].toSorted(([a], [b]) => (a < b ? -1 : 1));
  let at = 0;
  const entries = shapes.map(([name, shape]) => {
    const begin = at;
    at += 2 * shape.reduce((product, side) => product * side, 1);
    return [name, { dtype: "F16", shape, data_offsets: [begin, at] }] as const;
  });
  const header = JSON.stringify(Object.fromEntries(entries));
  const dataBegin = 8 + Math.ceil(header.length / 8) * 8;
  const file = Buffer.alloc(dataBegin + at, " ");
  file.writeBigUInt64LE(BigInt(dataBegin - 8));
  file.write(header, 8);
  const data = new Uint32Array(file.buffer, file.byteOffset + dataBegin, at / 4);
  randomFillSync(data);
  // Without the exponent's highest bit no value is infinite.
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) & 0xbfffbfff;
  return file;
}
