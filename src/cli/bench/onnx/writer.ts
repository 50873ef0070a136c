// What an ONNX graph is written with: nodes, constants, and the values of our tensors. An image is NCHW there.
import { invariant } from "../../../common/errors";
import type { Weight } from "../../../engine/weight-layout";
import type { Shape, Tensor } from "../../../engine/tensor";
import type { Attribute, Initializer, OnnxNode } from "./encode";

/** Says how a checkpoint's tensor becomes a constant: as it is, or as the transposed matrix `[k, n]` of a MatMul. */
export type ConstantOf = (key: string, shape: Shape, form: Form) => Initializer["data"];

type Form = "stored" | "transposed";

export const isImage = (shape: Shape): boolean => shape.length === 4;

export class OnnxWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Initializer[] = [];
  readonly #constantOf: ConstantOf;
  /** Names of values by tensor, and by shape where a reshape reads them otherwise. */
  readonly #values = new Map<number, { readonly name: string; readonly shape: Shape }[]>();
  readonly #constants = new Map<string, string>();

  constructor(constantOf: ConstantOf) {
    this.#constantOf = constantOf;
  }

  op(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: { readonly domain?: string; readonly output?: string } = {},
  ): string {
    const { domain, output = `value_${this.nodes.length}` } = options;
    this.nodes.push({ op, inputs, output, attributes, ...(domain === undefined ? {} : { domain }) });
    return output;
  }

  /** Both halves along an axis. */
  halves(x: string, axis: number): readonly [string, string] {
    const output = [`value_${this.nodes.length}_first`, `value_${this.nodes.length}_second`] as const;
    this.nodes.push({ op: "Split", inputs: [x], output, attributes: { axis } });
    return output;
  }

  /** The value of a tensor: an image is NCHW. */
  define(tensor: Tensor, name: string): void {
    this.#values.set(tensor.id, [{ name, shape: tensor.shape }]);
  }

  /** The value of a tensor in its shape, which may be another than the one it was made in. */
  read({ id, shape }: Tensor): string {
    const known = this.#values.get(id) ?? [];
    const [made] = known;
    invariant(made !== undefined, `tensor ${id} is read before it is made`);
    const same = known.find((value) => String(value.shape) === String(shape));
    if (same !== undefined) return same.name;
    const plain = isImage(made.shape) ? this.op("Transpose", [made.name], { perm: [0, 2, 3, 1] }) : made.name;
    const reshaped = this.op("Reshape", [plain, this.sizes(shape)]);
    const name = isImage(shape) ? this.op("Transpose", [reshaped], { perm: [0, 3, 1, 2] }) : reshaped;
    known.push({ name, shape });
    return name;
  }

  sizes(values: readonly number[]): string {
    return this.#constant(`sizes ${String(values)}`, [values.length], () => BigInt64Array.from(values, BigInt));
  }

  floats(value: number, dims: Shape = []): string {
    const count = dims.reduce((left, right) => left * right, 1);
    return this.#constant(`floats ${value} ${String(dims)}`, dims, () => new Float32Array(count).fill(value));
  }

  /** @param dims of the constant, if other than in the checkpoint */
  weight({ keys, shapes }: Weight, form: Form = "stored", dims?: Shape): string {
    const [key = "", shape = []] = [keys[0], shapes[0]];
    const stored = form === "transposed" ? shape.slice(0, 2).toReversed() : shape;
    return this.#constant(`${key} ${form} ${String(dims)}`, dims ?? stored, () => this.#constantOf(key, shape, form));
  }

  #constant(name: string, dims: Shape, data: () => Initializer["data"]): string {
    const known = this.#constants.get(name);
    if (known !== undefined) return known;
    this.#constants.set(name, name);
    this.initializers.push({ name, dims, data: data() });
    return name;
  }
}
