// A graph whose largest images are never in memory as a whole: each is computed in strips of lines, from the strips of what it reads, so
// that a strip's memory is free again as soon as the last that reads it is done. Nothing is approximated: a convolution gets the lines
// above and below its strip from the neighbours, and a group norm the moments of the whole image, which are taken strip by strip before.
//
// Images are asked for from the end: what reads a large image asks for lines of it, and the nodes that compute them are written then.
// Images that norms read are *kept*: their strips are computed once, and read again after the moments are known. Others are computed for
// each reader, which costs nothing more where there is one, and some lines twice where that one is a convolution. A kept image may be
// *recomputed* like those, which costs time and saves memory.
import { invariant } from "../../common/errors";
import type { Graph } from "../graph";
import { inputsOf, type Conv2d, type GroupNorm, type Node, type Op } from "../ops";
import { axis, channelsOf, type ElementType, type Shape, type Tensor } from "../tensor";
import { sameShape } from "../fuse/rewrite";

export interface StripOptions {
  /** Ids of images that are too large to be whole: `[1, height, width, channels]`, and computed by a node. */
  readonly large: ReadonlySet<number>;
  /** Strips of an image. */
  readonly count: number;
  /** Ids of images that would be kept, and are recomputed instead. */
  readonly recomputed: ReadonlySet<number>;
}

export interface StrippedGraph {
  readonly graph: Graph;
  /** The image that a strip is of, for kept images, by the strip's id. */
  readonly imageOf: ReadonlyMap<number, number>;
}

/** @returns undefined where nothing is large, or something large is computed in a way that has no strips */
export function stripGraph(graph: Graph, options: StripOptions): StrippedGraph | undefined {
  const touching = graph.nodes.filter(({ op, output }) => [output, ...inputsOf(op)].some(({ id }) => options.large.has(id)));
  const isAsked = [...graph.outputs.values()].some(({ id }) => options.large.has(id));
  if (touching.length === 0 || isAsked || !touching.every((node) => hasStrips(node, options))) return undefined;
  return new StripWriter(graph, options).write();
}

/** How many nodes read an image: one does inside a residual block, and two and more do between the blocks. */
export function readersOf(graph: Graph, id: number): number {
  return graph.nodes.filter(({ op }) => inputsOf(op).some((input) => input.id === id)).length;
}

const LEAST_LINES = 4;

function hasStrips({ op, output }: Node, { large, count }: StripOptions): boolean {
  if (output.shape.length !== 4 || axis(output, 0) !== 1) return false;
  const areImages = inputsOf(op).every(({ id, shape }) => !large.has(id) || shape.length === 4);
  // What a strip reads lies in its own place and in the two beside it.
  if (!areImages || axis(output, 1) < LEAST_LINES * count) return false;
  switch (op.kind) {
    case "group-norm":
      return op.inputs.second === undefined && op.inputs.modulation === undefined && op.inputs.moments === undefined;
    case "conv2d":
      return op.stride === 1 && op.kernel[0] <= 3 && op.padding.top === op.padding.bottom;
    case "linear":
      return op.inputs.second === undefined && !op.gated;
    case "binary":
      return sameShape(op.inputs.x.shape, op.inputs.b.shape);
    case "activate":
    case "scale-shift":
      return true;
    default:
      return false;
  }
}

/** Lines `[begin, end)`. */
interface Span {
  readonly begin: number;
  readonly end: number;
}

class StripWriter {
  readonly #graph: Graph;
  readonly #options: StripOptions;
  readonly #producers: ReadonlyMap<number, Node>;
  readonly #kept: ReadonlySet<number>;
  readonly #strips = new Map<string, Tensor>();
  readonly #moments = new Map<number, Tensor>();
  readonly #imageOf = new Map<number, number>();
  readonly #nodes: Node[] = [];
  #nextId: number;

  constructor(graph: Graph, options: StripOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#producers = new Map(graph.nodes.map((node) => [node.output.id, node]));
    this.#kept = new Set(graph.nodes.flatMap((node) => this.#keptBy(node)));
    this.#nextId = 1 + Math.max(...[...graph.inputs.values()].map(({ tensor }) => tensor.id), ...this.#producers.keys());
  }

  write(): StrippedGraph {
    for (const node of this.#graph.nodes) {
      if (this.#isLarge(node.output)) continue;
      if (inputsOf(node.op).some((input) => this.#isLarge(input))) this.#assemble(node);
      else this.#nodes.push(node);
    }
    return { graph: { ...this.#graph, nodes: this.#nodes }, imageOf: this.#imageOf };
  }

  #isLarge({ id }: Tensor): boolean {
    return this.#options.large.has(id);
  }

  /** What a node reads more than the lines of its own strip of. */
  #keptBy({ op }: Node): readonly number[] {
    if (op.kind !== "group-norm" && op.kind !== "conv2d") return [];
    const { x } = op.inputs;
    const isNormed = this.#producers.get(x.id)?.op.kind === "group-norm";
    return this.#isLarge(x) && !isNormed && !this.#options.recomputed.has(x.id) ? [x.id] : [];
  }

  /** A small image from strips of large ones, put together in pairs. */
  #assemble(node: Node): void {
    let parts = this.#spans(axis(node.output, 1)).map((span) => this.#write(node, span));
    while (parts.length > 2) {
      parts = parts.flatMap((part, index) => {
        const next = parts[index + 1];
        return index % 2 === 1 ? [] : next === undefined ? [part] : [this.#joined(part, next)];
      });
    }
    const [first, second] = parts;
    invariant(first !== undefined && second !== undefined, "an image has two strips and more");
    this.#nodes.push({ op: joining(first, second), output: node.output });
  }

  #joined(above: Tensor, below: Tensor): Tensor {
    return this.#add(joining(above, below), [1, axis(above, 1) + axis(below, 1), ...above.shape.slice(2)], above.element);
  }

  #spans(height: number): readonly Span[] {
    const { count } = this.#options;
    const edge = (index: number): number => Math.floor((index * height) / count);
    return Array.from({ length: count }, (_, index) => ({ begin: edge(index), end: edge(index + 1) }));
  }

  /** Lines of an image, whatever there is of it. */
  #lines(image: Tensor, span: Span): Tensor {
    if (!this.#isLarge(image)) {
      const isWhole = span.begin === 0 && span.end === axis(image, 1);
      return isWhole ? image : this.#add({ kind: "lines", inputs: { x: image }, weights: {}, begin: span.begin }, sized(image, span));
    }
    if (this.#kept.has(image.id)) return this.#keptLines(image, span);
    return this.#write(this.#producerOf(image), span);
  }

  #keptLines(image: Tensor, span: Span): Tensor {
    const touched = this.#spans(axis(image, 1)).filter(({ begin, end }) => begin < span.end && span.begin < end);
    const [first] = touched;
    invariant(first !== undefined && touched.length <= 3, "lines lie in a strip and its neighbours");
    const strips = touched.map((each) => this.#strip(image, each));
    const [x, ...more] = strips;
    invariant(x !== undefined, "an image has strips");
    if (more.length === 0 && span.begin === first.begin && span.end === touched[0]?.end) return x;
    const [middle, after] = more;
    const inputs = middle === undefined ? { x } : { before: x, x: middle, ...(after === undefined ? {} : { after }) };
    return this.#add({ kind: "lines", inputs, weights: {}, begin: span.begin - first.begin }, sized(image, span));
  }

  #strip(image: Tensor, span: Span): Tensor {
    const key = `${image.id}/${span.begin}`;
    const known = this.#strips.get(key);
    if (known !== undefined) return known;
    const strip = this.#write(this.#producerOf(image), span);
    this.#strips.set(key, strip);
    this.#imageOf.set(strip.id, image.id);
    return strip;
  }

  /** The nodes that compute some lines of a node's output. */
  #write({ op, output }: Node, span: Span): Tensor {
    return this.#add(this.#inStrip(op, span), sized(output, span), output.element);
  }

  #inStrip(op: Op, span: Span): Op {
    switch (op.kind) {
      case "group-norm":
        return this.#norm(op, span);
      case "conv2d":
        return this.#convolution(op, span);
      case "linear": {
        const { x, residual } = op.inputs;
        return { ...op, inputs: { x: this.#lines(x, span), ...(residual ? { residual: this.#lines(residual, span) } : {}) } };
      }
      case "binary":
        return { ...op, inputs: { x: this.#lines(op.inputs.x, span), b: this.#lines(op.inputs.b, span) } };
      case "activate":
      case "scale-shift":
        return { ...op, inputs: { x: this.#lines(op.inputs.x, span) } };
      default:
        throw new Error(`invariant broken: ${op.kind} has no strips`);
    }
  }

  #norm(op: GroupNorm, span: Span): Op {
    const { x } = op.inputs;
    // First of all, because every strip is needed for it.
    const moments = this.#momentsOf(x);
    return { ...op, inputs: { x: this.#lines(x, span), moments }, imagePixels: axis(x, 1) * axis(x, 2) };
  }

  #momentsOf(image: Tensor): Tensor {
    const known = this.#moments.get(image.id);
    if (known !== undefined) return known;
    const parts = this.#spans(axis(image, 1)).map((span) => {
      const x = this.#lines(image, span);
      return this.#add({ kind: "channel-moments", inputs: { x }, weights: {} }, [1, 2 * axis(x, 1), channelsOf(x)], "f32");
    });
    const moments = parts.reduce((above, below) =>
      this.#add(
        { kind: "concat", along: "tokens", inputs: { x: above, b: below }, weights: {} },
        [1, axis(above, 1) + axis(below, 1), channelsOf(above)],
        "f32",
      ),
    );
    this.#moments.set(image.id, moments);
    return moments;
  }

  #convolution(op: Conv2d, { begin, end }: Span): Op {
    const { x, residual, channelBias } = op.inputs;
    const { upsample, kernel, padding } = op;
    // Lines of x, upsampled, from the first tap of the first line to the last tap of the last.
    const first = begin - padding.top;
    const last = Math.min(end - 1 - padding.top + kernel[0], upsample * axis(x, 1));
    const read = { begin: Math.floor(Math.max(first, 0) / upsample), end: Math.ceil(last / upsample) };
    return {
      ...op,
      inputs: {
        x: this.#lines(x, read),
        ...(residual ? { residual: this.#lines(residual, { begin, end }) } : {}),
        ...(channelBias ? { channelBias } : {}),
      },
      padding: { ...padding, top: upsample * read.begin - first, bottom: 0 },
    };
  }

  #producerOf(image: Tensor): Node {
    const node = this.#producers.get(image.id);
    invariant(node !== undefined, "large images are computed");
    return node;
  }

  #add(op: Op, shape: Shape, element: ElementType = "activation"): Tensor {
    const output = { id: this.#nextId++, shape, element };
    this.#nodes.push({ op, output });
    return output;
  }
}

function joining(above: Tensor, below: Tensor): Op {
  return { kind: "lines", inputs: { before: above, x: below }, weights: {}, begin: 0 };
}

function sized({ shape: [batch = 1, , ...rest] }: Tensor, { begin, end }: Span): Shape {
  return [batch, end - begin, ...rest];
}
