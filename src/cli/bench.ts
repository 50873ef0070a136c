// `npm run bench -- [--steering | --cancel] [--json FILE] [--small]`: kernels of our engine and of onnxruntime-web side by
// side in one headless Chromium page, on one device, alternating. With `--race NAME`: whole networks, and the way to a picture, cold and
// warm; `--node` races in Node, on Dawn's best adapter or what VK_ICD_FILENAMES names. With `--steering`: what a
// negative prompt costs our engine, on Dawn in Node. With `--cancel`: what a cancelled picture leaves on the GPU. `--small` runs shapes that take a second, to check
// that everything works. With `--plan NETWORK`: what a plan dispatches, counted without a GPU;
// `--plan all` counts every network in both formats. With `--compile FAMILY`: the plan's pipelines
// through the shader compiler of an AMD GPU that this machine does not have (`--small`: the ten heaviest).
// `--json -` writes the report to stdout; logs go to stderr.
import { writeFile } from "node:fs/promises";
import type { Scale } from "./bench/page/rows";
import { OnestrokeError } from "../common/errors";
import type { NumberFormat } from "../engine/tensor";
import { openDevices } from "./adapters";
import { benchCancel, cancelText } from "./bench/cancel";
import { COMPILE_HEADER, compilePlans } from "./bench/compile";
import { openBenchPage, pageCourse } from "./bench/open-page";
import { bestDevice } from "./compute";
import { benchOptions, USAGE, type BenchOptions } from "./bench/options";
import { GPUS } from "./bench/plan/gpus";
import { forecastPlan, reportPlan, type PlanCounts } from "./bench/plan";
import { MACHINES } from "./bench/plan/forecast";
import { PLANNED_NETWORKS } from "./bench/plan/networks";
import { planText } from "./bench/plan/text";
import { race, type RaceReport } from "./bench/race";
import { nodeCourse } from "./bench/race/node-course";
import { RACES } from "./bench/race/races";
import { benchSteering } from "./bench/steering";
import { steeringText } from "./bench/steering/report";

const FORMATS = ["f16", "f32"] as const satisfies readonly NumberFormat[];

async function main(): Promise<void> {
  const options = benchOptions(process.argv.slice(2));
  const { compile, json } = options;
  const report = await (compile === undefined ? measured(options) : compiled(compile, options));
  const text = `${JSON.stringify(report, null, 1)}\n`;
  if (json === "-") process.stdout.write(text);
  else if (json !== undefined) await writeFile(json, text);
  // The driver of an absent GPU must not be shut down, since it never started anything that it could end.
  if (compile !== undefined) process.exit();
}

async function measured({
  plan,
  race: raced,
  node = false,
  small = false,
  cancel: isOfCancelling,
  steering: isOfSteering,
  ...further
}: BenchOptions) {
  if (plan !== undefined) return plans(plan, further);
  if (raced !== undefined) return races(raced, node);
  const scale = small ? "small" : "full";
  if (isOfCancelling) return cancel(small ? 64 : 256);
  return isOfSteering ? steering(scale) : sideBySide(scale);
}

async function compiled(family: string, { plan = "sd21-unet-64", format = "f16", small = false }: BenchOptions) {
  log(COMPILE_HEADER);
  const networks = plan === "all" ? PLANNED_NETWORKS : [choose("--plan", PLANNED_NETWORKS, plan)];
  return compilePlans(family, networks, { format: choose("--format", FORMATS, format), most: small ? 10 : Infinity, progress: log });
}

async function sideBySide(scale: Scale) {
  const page = await openBenchPage();
  try {
    return await page.run(scale, log);
  } finally {
    await page.close();
  }
}

async function races(name: string, inNode: boolean): Promise<RaceReport> {
  const names = name === "all" ? RACES : [choose("--race", RACES, name)];
  const course = await (inNode ? nodeCourse() : pageCourse());
  try {
    return await race(course, names, log);
  } finally {
    await course.close();
  }
}

async function cancel(side: number) {
  const device = await bestDevice();
  const report = await benchCancel(device, side);
  log(cancelText(report));
  device.destroy();
  return report;
}

async function steering(scale: Scale) {
  const [device] = await openDevices("best");
  if (!device) throw new OnestrokeError("gpu-unavailable", "this machine has no WebGPU adapter");
  const report = await benchSteering(device, { scale, method: device.adapter.software ? "dispatches alone" : "whole runs" });
  log(steeringText(report));
  device.destroy();
  return report;
}

/** Reports every network in both formats for "all", without the rooflines. */
function plans(name: string, { format = "f16", gpu }: Pick<BenchOptions, "format" | "gpu">): PlanCounts | readonly PlanCounts[] {
  if (name === "all") return PLANNED_NETWORKS.flatMap((network) => FORMATS.map((each) => reportPlan(network, each).counts));
  const [network, numbers] = [choose("--plan", PLANNED_NETWORKS, name), choose("--format", FORMATS, format)];
  const report = reportPlan(network, numbers);
  const names = GPUS.map((each) => each.name);
  const chosen = gpu === undefined ? names : [choose("--gpu", names, gpu)];
  log(
    planText(
      report,
      GPUS.filter((each) => chosen.includes(each.name)),
      new Map(MACHINES.map((machine) => [machine.name, forecastPlan(network, numbers, machine)])),
    ),
  );
  return report.counts;
}

function choose<Name extends string>(option: string, names: readonly Name[], wanted: string): Name {
  const found = names.find((name) => name === wanted);
  if (found === undefined) throw new OnestrokeError("invalid-input", `${option} is one of ${names.join(", ")}, not ${wanted}\n${USAGE}`);
  return found;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main().catch((error: unknown) => {
  log(OnestrokeError.from(error, "gpu-unavailable").message);
  process.exitCode = 1;
});
