// Class-conditional networks: average velocities of ESC and iMF, at single times and
// integrated over 1 to n steps, and PaGoDA's picture in one forward.
import { Fields } from "../../common/json";
import type { GraphBuilder } from "../../engine/graph-builder";
import type { Tensor } from "../../engine/tensor";
import type { TensorData } from "../../engine/transfer";
import { IMF_FEATURES, IMF_UNUSED, imfDit, parseImfConfig } from "../../networks/imf-dit";
import { PAGODA_UNUSED, pagodaDecoder, parsePagodaConfig } from "../../networks/pagoda";
import { sinusoid } from "../../networks/sinusoid";
import { parseSitConfig, sit, SIT_TIME_FEATURES, SIT_UNUSED } from "../../networks/sit";
import { averageVelocitySchedule } from "../../samplers/average-velocity";
import { directSchedule } from "../../samplers/direct";
import { NetworkUnderTest, type Comparison, type DeviceCheck } from "./check";
import { GOLDEN, relativeError, type Golden } from "./golden";

export const checkSit: DeviceCheck = async function* (fixture, device, format) {
  const { golden } = fixture;
  const config = parseSitConfig(fixture.config);
  const network = await NetworkUnderTest.open(fixture, device, format, { stem: "model", unused: SIT_UNUSED });
  const z = golden.channelsLast("z");
  const [batch = 1] = z.shape;
  const build = (g: GraphBuilder) => sit(g, config, { batch });
  const labels = golden.ids("label");
  const velocity = (label: Uint32Array) =>
    velocityOf(network, build, (t, r) => ({
      time: repeated(t, batch, SIT_TIME_FEATURES),
      duration: repeated(t - r, batch, SIT_TIME_FEATURES),
      label,
    }));
  yield* velocities(golden, velocity(labels));
  if (golden.has("u.null")) {
    const u = await velocity(labels.map(() => config.classes))(z.values, 1, 0);
    yield { case: "u.null", error: relativeError(u, golden.channelsLast("u.null").values) };
  }
  network.close();
};

export const checkImf: DeviceCheck = async function* (fixture, device, format) {
  const { golden } = fixture;
  const config = parseImfConfig(fixture.config);
  const network = await NetworkUnderTest.open(fixture, device, format, { stem: "model", unused: IMF_UNUSED });
  const [batch = 1] = golden.channelsLast("z").shape;
  const label = golden.ids("label");
  const features = (value: number) => repeated(value, batch, IMF_FEATURES);
  const velocity = ({ omega, begin, end }: Guidance) =>
    velocityOf(
      network,
      (g) => imfDit(g, config, { batch }),
      (t, r) => ({
        duration: features(t - r),
        guidance: features(1 - 1 / omega),
        interval_begin: features(begin),
        interval_end: features(end),
        label,
      }),
    );
  const facts = new Fields(golden.facts, `${fixture.name}/golden.json`);
  const usual = {
    omega: facts.number("omega", GOLDEN.value),
    begin: facts.number("t_min", GOLDEN.value),
    end: facts.number("t_max", GOLDEN.value),
  };
  const others = otherGuidance(facts.optionalString("note") ?? "");
  yield* velocities(golden, velocity(usual), (name) => {
    const guidance = others.get(name);
    return guidance && velocity(guidance);
  });
  network.close();
};

export const checkPagoda: DeviceCheck = async function* (fixture, device, format) {
  const { golden } = fixture;
  const config = parsePagodaConfig(fixture.config);
  const network = await NetworkUnderTest.open(fixture, device, format, { stem: "model", unused: PAGODA_UNUSED });
  const noise = golden.channelsLast("noise");
  const [batch = 1] = noise.shape;
  const schedule = directSchedule(1, config.sigma);
  const step = schedule.steps[0];
  const scale = schedule.initialNoiseScale * (step?.inputScale ?? 0);
  const outputs = await network.run("picture", (g) => g.output("image", pagodaDecoder(g, config, { batch })), {
    sample: Float32Array.from(noise.values, (value) => value * scale),
    timestep: repeated(step?.timestep ?? 0, batch, config.channels),
    label: golden.ids("label"),
  });
  yield { case: "image", error: relativeError(outputs["image"] ?? [], golden.channelsLast("image").values) };
  network.close();
};

/** u(z, r, t) on channels-last arrays. */
type Velocity = (z: TensorData, t: number, r: number) => Promise<TensorData>;

interface Guidance {
  readonly omega: number;
  readonly begin: number;
  readonly end: number;
}

function velocityOf(
  network: NetworkUnderTest,
  build: (g: GraphBuilder) => Tensor,
  conditions: (t: number, r: number) => Readonly<Record<string, TensorData>>,
): Velocity {
  return async (sample, t, r) => {
    const { u } = await network.run("velocity", (g) => g.output("u", build(g)), { ...conditions(t, r), sample });
    return u ?? new Float32Array();
  };
}

/** Tensors `u.tT.rR` and `x0.stepsN`; `other` gives a velocity of its own for some names. */
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

function repeated(value: number, batch: number, dimension: number): Float32Array {
  return sinusoid(
    Array.from({ length: batch }, () => value),
    dimension,
  );
}

/** "NAME uses omega W, interval [A,B]" in the fixture's note. */
function otherGuidance(note: string): ReadonlyMap<string, Guidance> {
  const sentences = note.matchAll(/(\S+) uses omega ([\d.]+), interval \[([\d.]+), ?([\d.]+)\]/g);
  return new Map(
    [...sentences].map(([, name = "", omega, begin, end]) => [name, { omega: Number(omega), begin: Number(begin), end: Number(end) }]),
  );
}
