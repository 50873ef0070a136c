// What one kind of fixture compares: names of golden tensors with the error against each.
// The command turns them into rows; this code knows no bounds and no tables.
import type { ByteStore } from "../../checkpoints/byte-source";
import { checkTensors } from "../../checkpoints/check-tensors";
import type { JsonObject } from "../../common/json";
import { openTensors, type TensorReader } from "../../checkpoints/tensor-reader";
import { weightFiles } from "../../checkpoints/weight-files";
import { networkRow } from "../../networks";
import type { Device } from "../../engine/device";
import { fuseGraph } from "../../engine/fuse";
import { GraphBuilder } from "../../engine/graph-builder";
import { Plan } from "../../engine/plan";
import { runPlan } from "../../engine/run";
import type { NumberFormat } from "../../engine/tensor";
import type { TensorData } from "../../engine/transfer";
import { checkpointTensors, Weights } from "../../engine/weights";
import type { OrtRuntime } from "../../ort/session/runtime";
import type { Golden } from "./golden";

export interface Fixture {
  readonly name: string;
  readonly store: ByteStore;
  /** Class of the network; "" for fixtures that are not networks. */
  readonly className: string;
  /** `config.json`; empty for fixtures that are not networks. */
  readonly config: JsonObject;
  readonly golden: Golden;
}

export interface Comparison {
  /** The golden tensor's name, or what is compared if there is no such tensor. */
  readonly case: string;
  readonly error: number;
  /** Default: the bound of the fixture's kind. */
  readonly bound?: number;
}

/** A comparison on the host alone. */
export type HostCheck = (fixture: Fixture) => AsyncIterable<Comparison>;

/** A comparison on a device in one number format. */
export type DeviceCheck = (fixture: Fixture, device: Device, format: NumberFormat) => AsyncIterable<Comparison>;

/** A comparison on ONNX Runtime, whatever it runs on. */
export type OnnxCheck = (fixture: Fixture, runtime: OrtRuntime) => AsyncIterable<Comparison>;

/** One network of a fixture on one device: its weights, and the graphs that run over them. */
export class NetworkUnderTest {
  readonly #device: Device;
  readonly #format: NumberFormat;
  readonly #reader: TensorReader;
  readonly #weights: Weights;
  readonly #unused: readonly RegExp[];
  readonly #where: string;
  readonly #plans = new Map<string, Plan>();

  private constructor(device: Device, format: NumberFormat, reader: TensorReader, where: string, unused: readonly RegExp[]) {
    this.#device = device;
    this.#format = format;
    this.#reader = reader;
    this.#unused = unused;
    this.#where = where;
    this.#weights = new Weights(device, { stream: (wanted, memory, signal) => reader.upload(wanted, { memory, signal }) });
  }

  static async open(
    { name, store, className }: Fixture,
    device: Device,
    format: NumberFormat,
    { unused }: { readonly unused: readonly RegExp[] },
  ): Promise<NetworkUnderTest> {
    const files = await weightFiles(store, "", networkRow(className)?.stem ?? "model");
    const paths = files.map(({ path }) => path);
    return new NetworkUnderTest(device, format, await openTensors(store, paths), name, unused);
  }

  /** Outputs by name, for inputs by name. Calls with equal keys share a plan. */
  async run(
    key: string,
    build: (g: GraphBuilder) => void,
    inputs: Readonly<Record<string, TensorData>>,
  ): Promise<Readonly<Record<string, TensorData>>> {
    const plan = this.#plans.get(key) ?? (await this.#compile(key, build));
    for (const [name, values] of Object.entries(inputs)) plan.write(name, values);
    await runPlan(plan);
    const outputs: Record<string, TensorData> = {};
    for (const name of plan.graph.outputs.keys()) outputs[name] = await plan.read(name);
    return outputs;
  }

  close(): void {
    for (const plan of this.#plans.values()) plan.destroy();
    this.#weights.evict();
  }

  async #compile(key: string, build: (g: GraphBuilder) => void): Promise<Plan> {
    const builder = new GraphBuilder();
    build(builder);
    const source = builder.build();
    checkTensors(this.#reader, checkpointTensors(source), this.#unused, this.#where);
    const graph = fuseGraph(source);
    await this.#weights.load(graph);
    const plan = await Plan.compile(this.#device, graph, this.#weights, { format: this.#format });
    this.#plans.set(key, plan);
    return plan;
  }
}
