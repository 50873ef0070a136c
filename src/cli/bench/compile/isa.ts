// Reads AMD assembly as RADV prints it: what the hottest loop of a kernel consists of, and how often each
// round of it waits for memory. A loop is a branch backwards: it goes from its target block to the block with the branch.

export interface HotLoop {
  /** Multiply-adds of each lane; a packed or dual one counts as two. */
  readonly multiplyAdds: number;
  /** Vector instructions, including the multiply-adds. */
  readonly vector: number;
  /** Bytes that a lane reads from workgroup memory. */
  readonly ldsBytes: number;
}

export interface Assembly {
  /** The innermost loop with the most multiply-adds. */
  readonly hot: HotLoop;
  /** Waits for global memory, one after the other, in each round of the loop around the hot one. */
  readonly serialLoads: number;
}

interface Block {
  readonly label: number;
  readonly lines: string[];
}

export function readAssembly(text: string): Assembly {
  const blocks = blocksOf(text);
  const all = loopsOf(blocks);
  const most = Math.max(0, ...all.map((loop) => mixOf(loop).multiplyAdds));
  // Where unrolled loops are nested, the innermost may hold slightly fewer multiply-adds.
  const heavy = all.filter((loop) => mixOf(loop).multiplyAdds >= 0.6 * most).toSorted((a, b) => a.length - b.length);
  const whole = blocks.flatMap(({ lines }) => lines);
  const [inner = whole] = heavy;
  return { hot: mixOf(inner), serialLoads: waitsOf(heavy.at(-1) ?? whole) };
}

function blocksOf(text: string): readonly Block[] {
  const assembly = text.slice(Math.max(0, text.lastIndexOf("==== Assembly")));
  const blocks: Block[] = [];
  for (const raw of assembly.split("\n")) {
    const label = /^BB(\d+):/.exec(raw)?.[1];
    const line = raw.replace(/;.*$/, "").trim();
    if (label !== undefined) blocks.push({ label: Number(label), lines: [] });
    else if (line !== "") blocks.at(-1)?.lines.push(line);
  }
  return blocks;
}

function loopsOf(blocks: readonly Block[]): readonly (readonly string[])[] {
  return blocks.flatMap(({ lines }, end) =>
    lines.flatMap((line) => {
      const label = /^s_c?branch\S*\s+BB(\d+)/.exec(line)?.[1];
      const begin = label === undefined ? -1 : blocks.findIndex((block) => block.label === Number(label));
      return begin < 0 || begin > end ? [] : [blocks.slice(begin, end + 1).flatMap((block) => block.lines)];
    }),
  );
}

function mixOf(lines: readonly string[]): HotLoop {
  let [multiplyAdds, vector, ldsBytes] = [0, 0, 0];
  for (const line of lines) {
    const operations = line.split("::").map((half) => half.trim().split(/\s+/)[0] ?? "");
    const [operation = ""] = operations;
    if (operation.startsWith("v_")) vector++;
    if (/^ds_(load|read)/.test(operation)) ldsBytes += widthOf(operation);
    for (const each of operations) {
      if (/^v_(pk_fma|dot2)/.test(each)) multiplyAdds += 2;
      else if (/^v_(dual_)?(fma|mad|mac)/.test(each)) multiplyAdds++;
    }
  }
  return { multiplyAdds, vector, ldsBytes };
}

/** Bytes that a lane gets from one read of workgroup memory. */
function widthOf(operation: string): number {
  const bits = Number(/b(\d+)$/.exec(operation)?.[1] ?? 32);
  return (bits / 8) * (/2(addr|st64)?_/.test(operation) || /read2/.test(operation) ? 2 : 1);
}

/** How often a round of a loop waits for loads issued since its last wait. A second round shows the loads that the first left in flight. */
function waitsOf(lines: readonly string[]): number {
  let [pending, waits, asked] = [0, 0, false];
  for (const line of [...lines, ...lines]) {
    if (/^(buffer|global)_load/.test(line)) {
      pending++;
      asked = true;
    }
    const left = /^s_waitcnt.*vmcnt\((\d+)\)/.exec(line)?.[1] ?? /^s_wait_loadcnt\s+(0x[0-9a-f]+)/.exec(line)?.[1];
    if (left === undefined || pending <= Number(left)) continue;
    pending = Number(left);
    if (asked) waits++;
    asked = false;
  }
  return waits / 2;
}
