// Denoisers that read a class: average velocities of ESC and iMF, at single times and integrated over 1 to n steps, and
// PaGoDA's picture in one forward pass.
import { Fields } from "../../common/json";
import type { TensorData } from "../../engine/transfer";
import { openDenoiser } from "../../networks";
import { imfGuidanceInputs, type ImfGuidance } from "../../networks/imf-dit";
import { parsePagodaConfig } from "../../networks/pagoda";
import type { DenoiserShape, Inputs } from "../../networks/roles";
import { averageVelocitySchedule } from "../../samplers/average-velocity";
import { directSchedule } from "../../samplers/direct";
import { NetworkUnderTest, type Comparison, type DeviceCheck } from "./check";
import { GOLDEN, relativeError, type Golden } from "./golden";

/** Chooses the check for a class-conditional network. */
export const checkClassDenoiser: DeviceCheck = (fixture, ...rest) =>
  fixture.className === "pagoda-decoder" ? picture(fixture, ...rest) : averageVelocities(fixture, ...rest);

async function* averageVelocities(...[fixture, device, format]: Parameters<DeviceCheck>): ReturnType<DeviceCheck> {
  const { golden } = fixture;
  const denoiser = openDenoiser(fixture);
  const network = await NetworkUnderTest.open(fixture, device, format, denoiser);
  const z = golden.channelsLast("z");
  const shape = shapeOf(z.shape);
  const label = golden.ids("label");
  const velocity =
    (more: Inputs): Velocity =>
    async (sample, timestep, endTimestep) => {
      const times = denoiser.timeInputs({ timestep, endTimestep }, shape.batch);
      const { u } = await network.run("velocity", (g) => g.output("u", denoiser.build(g, shape)), { ...times, ...more, sample });
      return u ?? new Float32Array();
    };
  const guidance = guidanceOf(golden, fixture.name);
  const guided = (by: ImfGuidance | undefined) => velocity({ label, ...(by && imfGuidanceInputs(by, shape.batch)) });
  yield* velocities(golden, guided(guidance?.usual), (name) => {
    const other = guidance?.others.get(name);
    return other && guided(other);
  });
  if (golden.has("u.null") && denoiser.reads.kind === "label") {
    const none = label.fill(denoiser.reads.classes);
    const u = await velocity({ label: none })(z.values, 1, 0);
    yield { case: "u.null", error: relativeError(u, golden.channelsLast("u.null").values) };
  }
  network.close();
}

async function* picture(...[fixture, device, format]: Parameters<DeviceCheck>): ReturnType<DeviceCheck> {
  const { golden } = fixture;
  const denoiser = openDenoiser(fixture);
  const network = await NetworkUnderTest.open(fixture, device, format, denoiser);
  const noise = golden.channelsLast("noise");
  const shape = shapeOf(noise.shape);
  const schedule = directSchedule(1, parsePagodaConfig(fixture.config).sigma);
  const [step] = schedule.steps;
  const scale = schedule.initialNoiseScale * (step?.inputScale ?? 0);
  const { image = [] } = await network.run("picture", (g) => g.output("image", denoiser.build(g, shape)), {
    ...denoiser.timeInputs(step ?? { timestep: Number.NaN, endTimestep: Number.NaN }, shape.batch),
    sample: Float32Array.from(noise.values, (value) => value * scale),
    label: golden.ids("label"),
  });
  yield { case: "image", error: relativeError(image, golden.channelsLast("image").values) };
  network.close();
}

function shapeOf([batch = 1, height = 1, width = 1]: readonly number[]): DenoiserShape {
  return { batch, height, width, textTokens: 0, steering: "nasa" };
}

/** u(z, r, t) on channels-last arrays. */
type Velocity = (z: TensorData, t: number, r: number) => Promise<TensorData>;

/** Compares the tensors `u.tT.rR` and `x0.stepsN`; for some names, `other` gives a velocity to use instead. */
async function* velocities(
  golden: Golden,
  usual: Velocity,
  other: (name: string) => Velocity | undefined = () => undefined,
): AsyncIterable<Comparison> {
  const z = golden.channelsLast("z").values;
  for (const name of golden.names) {
    const times = /^u\.t([\d.]+)\.r([\d.]+)$/.exec(name);
    const steps = /^x0\.steps(\d+)$/.exec(name);
    const velocity = other(name) ?? usual;
    let result: TensorData | undefined;
    if (times) result = await velocity(z, Number(times[1]), Number(times[2]));
    else if (steps) result = await integrated(z, velocity, Number(steps[1]));
    if (result) yield { case: name, error: relativeError(result, golden.channelsLast(name).values) };
  }
}

async function integrated(z: TensorData, velocity: Velocity, steps: number): Promise<TensorData> {
  let x = Float32Array.from(z);
  for (const { timestep, endTimestep, next } of averageVelocitySchedule(steps).steps) {
    const u = await velocity(x, timestep, endTimestep);
    x = x.map((value, i) => next.x * value + next.out * (u[i] ?? Number.NaN));
  }
  return x;
}

/** The guidance that networks with such an input were given, and the different guidance for some names. */
function guidanceOf(
  golden: Golden,
  name: string,
): { readonly usual: ImfGuidance; readonly others: ReadonlyMap<string, ImfGuidance> } | undefined {
  if (golden.facts["omega"] === undefined) return undefined;
  const facts = new Fields(golden.facts, `${name}/golden.json`);
  const usual = {
    omega: facts.number("omega", GOLDEN.value),
    begin: facts.number("t_min", GOLDEN.value),
    end: facts.number("t_max", GOLDEN.value),
  };
  return { usual, others: otherGuidance(facts.optionalString("note") ?? "") };
}

/** Reads "NAME uses omega W, interval [A,B]" in the fixture's note. */
function otherGuidance(note: string): ReadonlyMap<string, ImfGuidance> {
  const sentences = note.matchAll(/(\S+) uses omega ([\d.]+), interval \[([\d.]+), ?([\d.]+)\]/g);
  return new Map(
    [...sentences].map(([, name = "", omega, begin, end]) => [name, { omega: Number(omega), begin: Number(begin), end: Number(end) }]),
  );
}
