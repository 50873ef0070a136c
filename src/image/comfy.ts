// ComfyUI's graph: nodes by id, each with a class and inputs, which are values or links `[id, output]`. It is read where it is plain: one
// sampler, its two texts written in nodes of their own, and an empty latent. Where a link leads to anything else, the input is left.
import { fieldsOf, jsonFields, seedOf, sizeOf, stepsOf, textOf, type ForeignRecipe, type Taken } from "./foreign-fields";

export const COMFY_KEYWORD = "prompt";

/** The largest graphs that people share have some hundreds. */
const MOST_NODES = 5_000;

/** Samplers, and what each calls its seed. */
const SAMPLERS: ReadonlyMap<string, string> = new Map([
  ["KSampler", "seed"],
  ["KSamplerAdvanced", "noise_seed"],
]);
/** Nodes that change nothing about a picture. */
const PLUMBING: ReadonlySet<string> = new Set(["VAEDecode", "SaveImage", "PreviewImage"]);

interface Node {
  readonly kind: string;
  readonly inputs: ReadonlyMap<string, unknown>;
}

export function readComfy(text: string): ForeignRecipe | undefined {
  const nodes = nodesOf(text);
  return nodes && ofGraph(nodes);
}

function ofGraph(nodes: ReadonlyMap<string, Node>): ForeignRecipe {
  const samplers = [...nodes.values()].filter(({ kind }) => SAMPLERS.has(kind));
  const [sampler] = samplers;
  // Of several samplers nobody can say which one's settings are meant.
  if (sampler === undefined || samplers.length > 1) return { tool: "ComfyUI", taken: {}, left: kindsOf(nodes.values()) };

  const read = new Set<Node>([sampler]);
  const understood = new Set(["model"]);
  /** What a plain node of `kind` says, if the input leads to one. */
  function through<T>(input: string, kind: string, value: (node: Node) => T | undefined): T | undefined {
    const node = linked(nodes, sampler?.inputs.get(input));
    const found = node?.kind === kind ? value(node) : undefined;
    if (node === undefined || found === undefined) return undefined;
    read.add(node);
    understood.add(input);
    return found;
  }
  const textIn = (node: Node): string | undefined => textOf(node.inputs.get("text"));
  const prompt = through("positive", "CLIPTextEncode", textIn);
  const negative = through("negative", "CLIPTextEncode", textIn);
  // A picture of a batch does not say which one it is, and its noise depends on that.
  const isAlone = linked(nodes, sampler.inputs.get("latent_image"))?.inputs.get("batch_size") === 1;
  const size = through("latent_image", "EmptyLatentImage", ({ inputs }) => sizeOf(inputs.get("width"), inputs.get("height")));
  const seedName = SAMPLERS.get(sampler.kind) ?? "seed";
  const seed = isAlone ? seedOf(sampler.inputs.get(seedName)) : undefined;
  const steps = stepsOf(sampler.inputs.get("steps"));
  if (seed !== undefined) understood.add(seedName);
  if (steps !== undefined) understood.add("steps");
  if (sampler.inputs.get("denoise") === 1) understood.add("denoise");

  const taken: Taken = {
    ...(prompt !== undefined && { prompt }),
    ...(negative !== undefined && { negative }),
    ...(seed !== undefined && { seed }),
    ...(steps !== undefined && { steps }),
    ...size,
  };
  const inputs = [...sampler.inputs.keys()].filter((name) => !understood.has(name));
  const others = kindsOf([...nodes.values()].filter((node) => !read.has(node) && !PLUMBING.has(node.kind)));
  return { tool: "ComfyUI", taken, left: [...inputs, ...others] };
}

/** Undefined for a text that is no graph. */
function nodesOf(text: string): ReadonlyMap<string, Node> | undefined {
  const graph = jsonFields(text);
  if (graph === undefined || graph.size === 0 || graph.size > MOST_NODES) return undefined;
  const nodes = new Map<string, Node>();
  for (const [id, value] of graph) {
    const fields = fieldsOf(value);
    const kind = fields?.get("class_type");
    const inputs = fieldsOf(fields?.get("inputs"));
    if (typeof kind !== "string" || inputs === undefined) return undefined;
    nodes.set(id, { kind, inputs });
  }
  return nodes;
}

function linked(nodes: ReadonlyMap<string, Node>, link: unknown): Node | undefined {
  if (!Array.isArray(link)) return undefined;
  const [id]: readonly unknown[] = link;
  return nodes.get(String(id));
}

function kindsOf(nodes: Iterable<Node>): readonly string[] {
  return [...new Set([...nodes].map(({ kind }) => kind))];
}
