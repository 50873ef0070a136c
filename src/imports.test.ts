// Who may import whom. The table is the rule; the test reads every import of `src` and holds it to the
// rule, finds circles between files, and keeps docs/imports.md, the picture of what is imported today.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

/** A folder and what it may import besides itself and `common`, which everybody may. The deepest folder named counts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  common: [],
  image: [],
  steering: [],
  samplers: [],
  engine: [],
  "engine/kernels": ["engine"],
  networks: ["engine", "samplers"],
  catalogue: ["samplers"],
  checkpoints: ["networks", "catalogue", "samplers"],
  tokenizer: ["checkpoints"],
  hub: ["catalogue", "checkpoints"],
  vault: ["catalogue", "checkpoints"],
  ort: ["checkpoints", "engine", "samplers", "steering"],
  pipeline: ["catalogue", "checkpoints", "engine", "networks", "ort", "samplers", "steering", "tokenizer"],
  protocol: [],
  shell: [],
  sw: [],
  worker: ["catalogue", "checkpoints", "engine", "hub", "ort", "pipeline", "protocol", "vault"],
  client: ["protocol"],
  // The page is built on the public module, as other people's pages are.
  app: ["library", "image", "catalogue"],
  element: ["client", "image", "catalogue"],
  embed: ["element"],
  library: ["client", "image", "embed"],
  cli: ["catalogue", "checkpoints", "engine", "hub", "image", "networks", "ort", "pipeline", "samplers", "steering", "tokenizer", "vault"],
};

/** Parts of the engine that have a device, or know all kernels: no kernel may know them. */
const NOT_FOR_KERNELS = /^src\/engine\/(?:ask-for-device|device|lower|plan|run|fuse\/.*)\.ts$/;

const WORKER_SCRIPTS: readonly string[] = ["src/worker/entry.ts", "src/worker/storage-entry.ts"];

interface Import {
  readonly from: string;
  readonly to: string;
}

const isTest = (file: string): boolean => /\.test\.tsx?$|\/testing\//.test(file);

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
    .toSorted();
}

/** Imports of files by files under `src`, whether of values or of types. */
function importsOf(file: string, text: string, files: ReadonlySet<string>): readonly Import[] {
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport|\bimport\(|new URL\()\s*"(\.{1,2}\/[^"?]+)(?:\?[^"]*)?"/g)].map(
    ([, specifier = ""]) => specifier,
  );
  return specifiers.flatMap((specifier) => {
    const path = normalize(join(dirname(file), specifier));
    const to = [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`].find((candidate) => files.has(candidate));
    return to === undefined ? [] : [{ from: file, to }];
  });
}

function folderOf(file: string): string | undefined {
  const path = file.replace(/^src\//, "");
  return Object.keys(MAY_IMPORT)
    .filter((folder) => path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** What is wrong with an import, or undefined. */
function fault({ from, to }: Import): string | undefined {
  const [importer, imported] = [folderOf(from), folderOf(to)];
  if (isTest(to)) return isTest(from) ? undefined : `${from} imports ${to}, which is for tests`;
  if (isTest(from) || importer === undefined) return undefined;
  // The addresses of the workers' scripts, which are started and not imported.
  if (WORKER_SCRIPTS.includes(to)) return importer === "client" ? undefined : `${from} starts a worker, which is the client's to do`;
  if (imported === undefined) return `${from} imports ${to}, which is in no folder of the table`;
  if (importer === "engine/kernels" && NOT_FOR_KERNELS.test(to)) return `${from} imports ${to}, which no kernel may know`;
  // The engine lists its kernels in one file, which chooses between them.
  if (importer === "engine" && imported === "engine/kernels") return undefined;
  const allowed = importer === imported || imported === "common" || MAY_IMPORT[importer]?.includes(imported) === true;
  return allowed ? undefined : `${from} imports ${to}: ${importer} may not import ${imported}`;
}

/** Files that import each other in a circle, in the order of the first circle found. Types count: they are read too. */
function circle(imports: readonly Import[]): readonly string[] | undefined {
  const next = new Map<string, readonly Import[]>();
  for (const each of imports) next.set(each.from, [...(next.get(each.from) ?? []), each]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    const begin = path.indexOf(file);
    if (begin >= 0) return [...path.slice(begin), file];
    if (done.has(file)) return undefined;
    for (const { to } of next.get(file) ?? []) {
      const found = visit(to, [...path, file]);
      if (found !== undefined) return found;
    }
    done.add(file);
    return undefined;
  };
  return [...next.keys()].map((file) => visit(file, [])).find((found) => found !== undefined);
}

const files = sourceFiles("src");
const known = new Set(files);
const imports = files.flatMap((file) => importsOf(file, readFileSync(file, "utf8"), known));

describe("imports", () => {
  test("go the way the table says", () => {
    expect(imports.map(fault).filter((found) => found !== undefined)).toEqual([]);
  });

  test("never go round in a circle", () => {
    expect(circle(imports.filter(({ from }) => !isTest(from)))).toBeUndefined();
  });

  test.each([
    ["src/engine/a.ts", "src/networks/b.ts"],
    ["src/engine/kernels/linear/kernel.ts", "src/engine/device.ts"],
    ["src/client/a.ts", "src/worker/session.ts"],
    ["src/common/a.ts", "src/engine/b.ts"],
    ["src/app/a.tsx", "src/engine/testing/evaluate.ts"],
  ])("control: %s may not import %s", (from, to) => {
    expect(fault({ from, to })).toBeDefined();
  });

  test("control: a circle is found, and imports are read however they are written", () => {
    const [a, b] = ["src/common/a.ts", "src/common/b.ts"];
    const read = (file: string, text: string) => importsOf(file, text, new Set([a, b]));
    const round = [...read(a, 'import type { B } from "./b";'), ...read(b, 'const a = await import("./a");')];
    expect(circle(round)).toEqual([a, b, a]);
  });

  test("of today are the picture in docs/imports.md", async () => {
    await expect(picture(imports)).toMatchFileSnapshot("../docs/imports.md");
  });
});

/** The folders' real imports as a graph that GitHub draws. What everybody may import is left out. */
function picture(all: readonly Import[]): string {
  const arrows = all
    .filter(({ from, to }) => !isTest(from) && !isTest(to))
    .map(({ from, to }) => [folderOf(from)?.split("/")[0], folderOf(to)?.split("/")[0]] as const)
    .filter(([from, to]) => from !== undefined && to !== undefined && from !== to && to !== "common");
  const lines = [...new Set(arrows.map(([from, to]) => `  ${from} --> ${to}`))].toSorted();
  return `<!-- Written by src/imports.test.ts: \`npx vitest run src/imports.test.ts -u\`. -->

# Who imports whom

An arrow is at least one import. Every folder may import \`common\`, so those arrows are left out.

\`\`\`mermaid
flowchart TD
${lines.join("\n")}
\`\`\`
`;
}
