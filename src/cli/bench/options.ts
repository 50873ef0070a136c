// What `npm run bench` is asked for: one of six measurements, each with the options that mean something there.
import { parseArgs } from "node:util";
import { OnestrokeError } from "../../common/errors";
import { GPUS } from "./plan/gpus";
import { PLANNED_NETWORKS } from "./plan/networks";
import { RACES } from "./race/races";

export const USAGE = `usage: npm run bench -- [--steering | --cancel] [--json FILE] [--small]
       npm run bench -- --race NAME [--node] [--json FILE]
       npm run bench -- --plan NETWORK [--format f16|f32] [--gpu NAME] [--json FILE]
       npm run bench -- --compile FAMILY [--plan NETWORK] [--format f16|f32] [--small] [--json FILE]
races: ${RACES.join(", ")}, all
networks: ${PLANNED_NETWORKS.join(", ")}, all
GPUs: ${GPUS.map(({ name }) => name).join(", ")}; families: navi31, navi21, renoir and others of RADV`;

const OPTIONS = {
  compile: { type: "string" },
  plan: { type: "string" },
  race: { type: "string" },
  cancel: { type: "boolean" },
  steering: { type: "boolean" },
  json: { type: "string" },
  small: { type: "boolean" },
  node: { type: "boolean" },
  format: { type: "string" },
  gpu: { type: "string" },
} as const;

type Option = keyof typeof OPTIONS;

/** Each measurement's further options. The first one that is asked for is made; without any, kernels are timed row by row. */
const FURTHER = {
  compile: ["plan", "format", "small"],
  plan: ["format", "gpu"],
  race: ["node"],
  cancel: ["small"],
  steering: ["small"],
  rows: ["small"],
} as const satisfies Record<string, readonly Option[]>;

const MEASUREMENTS = ["compile", "plan", "race", "cancel", "steering"] as const;

export type BenchOptions = ReturnType<typeof parsed>;

/** @throws OnestrokeError `invalid-input` for an option that is none, or that means nothing beside the others */
export function benchOptions(args: readonly string[]): BenchOptions {
  const options = parsed(args);
  const measured = MEASUREMENTS.find((name) => options[name] !== undefined) ?? "rows";
  const allowed: readonly string[] = [measured, ...FURTHER[measured], "json"];
  const surplus = Object.keys(options).find((name) => !allowed.includes(name));
  if (surplus !== undefined) {
    const beside = measured === "rows" ? "alone" : `beside --${measured}`;
    throw new OnestrokeError("invalid-input", `--${surplus} means nothing ${beside}\n${USAGE}`);
  }
  return options;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    throw new OnestrokeError("invalid-input", `${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`, {}, cause);
  }
}
