// The import rule of the folders, tried: lint refuses each wrong direction, and (the
// control) lets the right ones through. A rule that matches nothing would pass unseen.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "onestroke-lint-"));
copyFileSync(".oxlintrc.json", join(scratch, ".oxlintrc.json"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The files of a wrong or right tree that lint complains about the imports of. */
function complaints(files: Readonly<Record<string, string>>): string {
  for (const [path, imported] of Object.entries(files)) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    writeFileSync(join(scratch, path), `import { x } from "${imported}";\nexport const y = x;\n`);
  }
  const { stdout } = spawnSync(resolve("node_modules/.bin/oxlint"), ["--format", "unix"], { cwd: scratch, encoding: "utf8" });
  for (const path of Object.keys(files)) rmSync(join(scratch, path));
  return stdout;
}

const WRONG = {
  "src/app/a.ts": "../worker/session",
  "src/element/a.ts": "../app/store",
  "src/client/a.ts": "../worker/session",
  "src/client/b.ts": "../pipeline/request",
  "src/protocol/a.ts": "../client/generator",
  "src/worker/a.ts": "../client/generator",
  "src/pipeline/a.ts": "../protocol/recipe",
  "src/networks/a.ts": "../pipeline/request",
  "src/networks/deep/b.ts": "../../worker/session",
  "src/samplers/a.ts": "../pipeline/request",
  "src/steering/a.ts": "../pipeline/request",
  "src/steering/b.ts": "../engine/ops",
  "src/tokenizer/a.ts": "../worker/session",
  "src/checkpoints/a.ts": "../engine/device",
  "src/engine/a.ts": "../networks/clip-text",
  "src/engine/kernels/linear/a.ts": "../../device",
  "src/engine/kernels/linear/b.ts": "../../../checkpoints/safetensors",
  "src/ort/a.ts": "../pipeline/request",
  "src/vault/a.ts": "../engine/device",
  "src/image/a.ts": "../protocol/recipe",
  "src/cli/a.ts": "../client/generator",
};

const RIGHT = {
  "src/app/a.ts": "../client/generator",
  "src/client/a.ts": "../protocol/recipe",
  "src/protocol/a.ts": "../steering/types",
  "src/worker/a.ts": "../pipeline/request",
  "src/worker/b.ts": "../engine/device",
  "src/pipeline/a.ts": "../networks/clip-text",
  "src/networks/a.ts": "../engine/graph",
  "src/samplers/a.ts": "../checkpoints/json",
  "src/checkpoints/a.ts": "../engine/float16",
  "src/engine/kernels/linear/a.ts": "../../kernel",
  "src/engine/kernels/linear/b.ts": "../../../errors",
  "src/ort/a.ts": "../engine/device",
  "src/vault/a.ts": "../checkpoints/byte-source",
  "src/cli/a.ts": "../pipeline/request",
  "src/image/a.ts": "../errors",
};

describe("imports between folders", () => {
  const wrong = complaints(WRONG);
  test.each(Object.entries(WRONG))("%s may not import %s", (path) => expect(wrong).toContain(path));

  const right = complaints(RIGHT);
  test.each(Object.entries(RIGHT))("%s may import %s", (path) => expect(right).not.toContain(path));
});
