// Runs fixtures on devices and makes the report's rows. A fixture that throws, or cannot be read, is
// one failed row with the reason; the other fixtures still run.
import type { Device } from "../../engine/device";
import type { NumberFormat } from "../../engine/tensor";
import type { Engine } from "../../common/engine";
import { adapterName } from "../adapters";
import type { Comparison, Fixture } from "./check";
import type { RuntimeOnAdapter } from "../compute";
import type { KnownFixture } from "./fixtures";

export interface ParityRow {
  readonly fixture: string;
  readonly case: string;
  readonly engine: Engine;
  readonly adapter: string;
  readonly format: "float32" | "float16";
  /** `null` if nothing could be compared: a result was not finite, or the fixture failed. */
  readonly error: number | null;
  readonly bound: number;
  readonly ok: boolean;
  /** Why there is no error value. */
  readonly reason?: string;
}

export interface ParityReport {
  readonly cases: readonly ParityRow[];
  readonly failed: number;
  readonly skipped: readonly { readonly fixture: string; readonly reason: string }[];
}

/** Where and how a fixture was run. */
interface Place {
  readonly fixture: Fixture;
  readonly engine: Engine;
  readonly adapter: string;
  readonly format: ParityRow["format"];
  readonly bound: number;
}

const FORMAT_NAMES = { f32: "float32", f16: "float16" } as const satisfies Record<NumberFormat, ParityRow["format"]>;

/** What fixtures are run on. Each fixture runs on every device or runtime that suits its kind. */
export interface Engines {
  readonly devices?: readonly Device[];
  readonly runtimes?: readonly RuntimeOnAdapter[];
}

export async function runParity(
  fixtures: readonly KnownFixture[],
  { devices = [], runtimes = [] }: Engines,
  log: (line: string) => void,
): Promise<ParityReport> {
  const cases: ParityRow[] = [];
  const skipped: ParityReport["skipped"][number][] = [];
  for (const { fixture, kind } of fixtures) {
    // The host's tables are our own, whichever engine computes pictures.
    const host = { fixture, engine: "wgsl", adapter: "cpu", format: "float32" } as const;
    if (kind.on === "failure") {
      cases.push(failure({ ...host, bound: 0 }, "(folder)", kind.reason));
      continue;
    }
    if (kind.on === "nothing") {
      skipped.push({ fixture: fixture.name, reason: kind.reason });
      continue;
    }
    if (kind.on === "host") cases.push(...(await rows({ ...host, bound: kind.bound }, () => kind.check(fixture), log)));
    else if (kind.on === "onnx-runtime") {
      for (const { engine, adapter, runtime } of runtimes) {
        cases.push(...(await rows({ ...host, engine, adapter, bound: kind.bound }, () => kind.check(fixture, runtime), log)));
      }
    } else {
      for (const device of devices) {
        for (const format of device.hasFloat16 ? (["f32", "f16"] as const) : (["f32"] as const)) {
          const place = { ...host, adapter: adapterName(device), format: FORMAT_NAMES[format], bound: kind.bounds[format] };
          cases.push(...(await rows(place, () => kind.check(fixture, device, format), log)));
        }
      }
    }
    for (const name of fixture.golden.unseen) cases.push(failure({ ...host, bound: 0 }, name, "nothing was compared with this tensor"));
  }
  return { cases, failed: cases.filter(({ ok }) => !ok).length, skipped };
}

async function rows(place: Place, check: () => AsyncIterable<Comparison>, log: (line: string) => void): Promise<readonly ParityRow[]> {
  const { fixture, adapter, format } = place;
  const started = performance.now();
  const done: ParityRow[] = [];
  try {
    for await (const comparison of check()) done.push(row(place, comparison));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    done.push(failure(place, "(run)", reason));
    log(`${fixture.name} ${format} on ${adapter}: ${reason}`);
  }
  log(`${fixture.name} ${format} on ${adapter}: ${done.length} rows in ${Math.round(performance.now() - started)} ms`);
  return done;
}

function row({ fixture, engine, adapter, format, bound }: Place, comparison: Comparison): ParityRow {
  const limit = comparison.bound ?? bound;
  const { error } = comparison;
  const finite = Number.isFinite(error);
  return {
    fixture: fixture.name,
    case: comparison.case,
    engine,
    adapter,
    format,
    error: finite ? error : null,
    bound: limit,
    ok: finite && error <= limit,
    ...(finite ? {} : { reason: "the result is not finite, or not of the reference's size" }),
  };
}

function failure({ fixture, engine, adapter, format, bound }: Place, name: string, reason: string): ParityRow {
  return { fixture: fixture.name, case: name, engine, adapter, format, error: null, bound, ok: false, reason };
}
